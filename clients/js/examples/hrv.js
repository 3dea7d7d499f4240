// In Node: heart rate and RMSSD of the band that streams, once a second.
import { connect } from "linkband";
import WebSocket from "ws";

const band = await connect(process.argv[2], { WebSocket });
for await (const { values } of band.stream("ppg", { kind: "processed" })) {
  const { bpm, rmssd, irregular } = values;
  console.log(bpm ?? "unknown", "bpm", rmssd ?? "unknown", "ms", irregular ? "irregular" : "");
}
band.close();
