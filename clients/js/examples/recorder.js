// In Node: records for some seconds (3) with a marker at the beginning, and tells the session's files.
import { connect } from "linkband";
import WebSocket from "ws";

const band = await connect(process.argv[2], { WebSocket });
const events = band.events();
const { session_id } = await band.startRecording({ session_name: "rest", duration: Number(process.argv[3] ?? 3) });
await band.insertMarker({ label: "begin" });
for await (const told of events) if (told.event_type === "recording_file") break;
console.log(session_id, (await band.listRecordings({ limit: 1 })).sessions[0]?.files.join(" "));
band.close();
