// What linkband.d.ts promises, held against the code and as a reader would use it. Only compiled, never run.
import * as code from "../lib/client.js";
import * as errors from "../lib/errors.js";
import * as promised from "../linkband.js";

export const same: typeof promised.connect = code.connect as unknown as (
  ...given: Parameters<typeof code.connect>) => Promise<promised.Band & { [name in keyof code.Band]: code.Band[name] }>;
export const url: typeof promised.DEFAULT_URL = code.DEFAULT_URL;
export const refused: typeof promised.CommandError.prototype = errors.CommandError.prototype;
export const lost: typeof promised.ConnectionLost.prototype = errors.ConnectionLost.prototype;
export const rejected: typeof promised.Rejected.prototype = errors.Rejected.prototype;
type Missing = Exclude<keyof promised.Band, keyof code.Band>;
export const complete: [Missing] extends [never] ? true : Missing = true;

export async function use(): Promise<number> {
  const band = await promised.connect();
  const { devices } = await band.scanDevices({ duration: 5 });
  await band.connectDevice({ address: devices[0]?.address ?? "" });
  // @ts-expect-error a marker has a label
  await band.insertMarker();
  // @ts-expect-error no such sensor
  band.stream("emg");
  // @ts-expect-error the battery is not processed
  band.stream("bat", { kind: "processed" });
  const undo: () => void = band.on("marker", ({ data }) => data.label.length);
  band.on("connection_lost", ({ data }) => data.will_reconnect);
  undo();
  for await (const block of band.stream("eeg")) return block.columns.ch1.length + block.lost;
  for await (const block of band.stream(["eeg", "ppg"], { kind: "processed" })) {
    if (block.sensor === "eeg") return block.columns.timestamps.length;
  }
  for await (const block of band.stream("ppg", { kind: "processed" })) return block.values.bpm ?? 0;
  return band.deviceInfo?.battery_level ?? 0;
}
