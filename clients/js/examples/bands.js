// In a page: the shares of the first channel's bands, twice a second. Where one is unknown it says so.
import { connect } from "linkband";

const band = await connect("ws://localhost:8121/ws");
await band.connectDevice({ address: "AA:BB:CC:DD:EE:FF" });
const blocks = band.stream("eeg", { kind: "processed" });
await band.startStreaming({ sensors: ["eeg"] });
for await (const { values } of blocks) {
  const share = values.ch1_relative_powers.alpha;
  document.body.textContent = share === null ? "unknown" : `alpha ${(100 * share).toFixed(0)} %`;
}
