// In Node: EEG of the band as CSV, for some seconds (2).
import { connect } from "linkband";
import WebSocket from "ws";

const band = await connect(process.argv[2], { WebSocket });
const blocks = band.stream("eeg");
await band.startStreaming({ sensors: ["eeg"], duration: Number(process.argv[3] ?? 2) });
for await (const { columns } of blocks) {
  columns.timestamp.forEach((time, i) => console.log(`${time},${columns.ch1[i]},${columns.ch2[i]}`));
}
band.close();
