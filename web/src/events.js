// What each event of the daemon changes of the state, and what is said of it.

/** @typedef {import("./session.js").Session} Session */

/** @type {Record<string, string>} */
const REASONS = {
  user_request: "as asked", link_lost: "the link was lost", silent: "the band fell silent", bluetooth_off: "Bluetooth is off",
  shutdown: "the daemon stops", duration: "its time is over", device_disconnected: "the band is disconnected", error: "an error",
};
/** @param {any} data */
const reason = (data) => REASONS[data.reason] ?? data.reason ?? "no reason given";
/** Why something ended that people end, here or elsewhere. @param {Session} session @param {"recording" | "stream" | "device"} what @param {any} data */
function why(session, what, data) {
  const own = session.mine.delete(`${what} ${data.device_id ?? ""}`) || session.mine.delete(`${what} `);
  return data.reason === "user_request" && !own ? "another client asked for it" : reason(data);
}
/** @param {any} data */
const called = (data) => data.name || data.device_id || data.address || "The band";
/** Whose it is, where there are several. @param {Session} session @param {any} data */
const of = (session, data) => (session.bands.size > 1 ? `${data.device_id}: ` : "");
/** @param {any} data */
const device = (data) => ({ name: data.name ?? data.device_id, id: data.device_id, battery: data.battery_level, signal: data.signal_strength });

/** @type {Record<string, string>} */
const FLOWS = { flowing: "flows again.", silent: "is silent.", retrying: "is being asked for again." };

/** @type {Record<string, (session: Session, data: any) => void>} */
export const EVENTS = {
  device_info(session, data) {
    session.set({
      known: true, busy: data.link === "connecting" ? "connecting" : session.state.busy, backend: data.server?.backend ?? session.state.backend,
      daemon: data.server ? `${data.server.name} ${data.server.version}` : session.state.daemon,
    });
    if (data.device_id === null) session.noBand();
    else session.setBand(data.device_id, {
      device: device(data), connected: data.connected, streaming: data.is_streaming, waiting: data.link === "waiting" });
    // Of several bands others may be recorded.
    if (!data.is_recording && session.state.recording && session.bands.size < 2) session.set({ recording: null });
  },
  scan_result(session, { status }) {
    if (session.state.busy !== "connecting") session.set({ busy: status === "scanning" ? "scanning" : "" });
    if (status === "failed") session.say("The scan failed.", true);
  },
  device_connected(session, data) {
    session.set({ busy: "" });
    session.setBand(data.device_id, { connected: true, waiting: false, device: device(data) });
    if (data.clock_step_ms) session.tell("anew", data.device_id);
    session.say(`${called(data)} is ${data.resumed ? "back" : "connected"}.`);
  },
  device_disconnected(session, data) {
    session.set({ busy: "" });
    session.setBand(data.device_id, data.will_reconnect ? { connected: false, streaming: false, waiting: true } : null);
    if (data.reason !== "user_request") session.tell("lost");
    const waiting = data.will_reconnect ? " Waiting for it." : "";
    session.say(`${called(data)} is disconnected: ${why(session, "device", data)}.${waiting}`, data.reason !== "user_request");
  },
  device_connection_failed(session, data) {
    session.set({ busy: "" });
    if (data.device_id) session.setBand(data.device_id, data.will_retry ? { connected: false, streaming: false, waiting: true } : null);
    if (data.error_code === "CANCELLED") session.say("The connection was not made: another command undid it.");
    else session.say(`Can't connect: ${data.error_message}${data.will_retry ? " Trying on." : ""}`, true);
  },
  stream_started(session, data) {
    session.setBand(data.device_id, { streaming: true });
    if (!data.resumed) session.tell("anew", data.device_id);
    session.say(`${of(session, data)}Streaming ${data.sensors.join(", ").toUpperCase()}.`);
  },
  stream_stopped(session, data) {
    session.setBand(data.device_id, { streaming: false });
    session.say(`${of(session, data)}The stream stopped: ${why(session, "stream", data)}.${data.will_resume ? " It resumes with the band." : ""}`);
  },
  sensor_status(session, data) {
    session.say(`${of(session, data)}${data.sensor_type.toUpperCase()} ${FLOWS[data.state] ?? data.state}`, data.state !== "flowing");
  },
  clock_stepped(session, data) {
    session.tell("anew", data.device_id);
    session.say("The clock of the daemon was set.");
  },
  bluetooth_status(session, data) {
    const off = !data.available || !data.powered;
    session.set({ bluetooth: off ? data.message || "Bluetooth is off." : "" });
    if (off) session.say(session.state.bluetooth, true);
  },
  recording_started(session, data) {
    session.set({ recording: { id: data.session_id, since: Date.now() } });
    session.say(`Recording “${data.session_name || data.session_id}”.`);
  },
  recording_stopped(session, data) {
    session.set({ recording: null });
    session.say(`The recording ended: ${why(session, "recording", data)}.`, data.reason === "error");
  },
  recording_file(session, data) {
    if (data.state === "failed") session.say(`${data.file} could not be made: ${data.error_message}`, true);
  },
  storage_low(session, data) {
    session.say(`Little storage is left: ${Math.round(data.minutes_left)} min.`, true);
  },
  client_lagging(session) {
    session.say("This page is too slow: some data was skipped.", true);
  },
  error(session, data) {
    if (session.state.busy === "connecting") session.set({ busy: "" });
    session.say(data.error_message || data.error_code, true);
  },
};
