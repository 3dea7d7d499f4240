// A recording: who and what, its beginning and end, its clock and room.

import { advice, sits } from "./contact.js";
import { ask } from "./dialog.js";
import { button, byId, clock, field, put, size } from "./dom.js";

/** @typedef {import("./session.js").Session} Session */

const FIELDS = ["session-name", "participant", "task", "notes"];

export class Recording {
  #session;
  #crew;
  #facts = "";

  /**
   * @param {Session} session
   * @param {import("./crew.js").Crew} crew
   */
  constructor(session, crew) {
    this.#session = session;
    this.#crew = crew;
    byId("recording").addEventListener("submit", (event) => {
      event.preventDefault();
      void (session.state.recording ? session.end("recording", (band) => band.stopRecording()) : this.#begin());
    });
    button("disconnect").addEventListener("click", () => void this.#disconnect());
    session.on("open", () => void this.#look());
    session.on("change", () => this.show());
    setInterval(() => session.state.recording && void this.#look(), 2000);
  }

  /** Of the bands that are recorded the first that doesn't sit well. */
  #loose() {
    return this.#crew.all.find(([id, store]) => this.#session.bands.get(id)?.streaming && !sits(store));
  }

  #advice() {
    const [id, store] = this.#loose() ?? [this.#session.shown ?? "", this.#crew.shown];
    return (this.#crew.shownOf && `${id}: `) + advice({ ...this.#session.state, ...this.#session.bands.get(id) }, store);
  }

  /** Not before the electrodes are well, or somebody wants it all the same. */
  async #begin() {
    const question = { title: "Fit the band first", words: "A recording is as good as its contact. Now:", yes: "Record now",
      advice: () => this.#advice() };
    if (this.#loose() && !(await ask(question))) return;
    const [session_name, participant, task, notes] = FIELDS.map((id) => field(id).value.trim() || null);
    await this.#session.ask((band) => band.startRecording({ session_name, participant, task, notes }));
  }

  async #disconnect() {
    const { shown, state: { recording } } = this.#session;
    const named = this.#session.named();
    const question = named.device_id
      ? { title: `Disconnect ${shown}?`, words: "A recording runs. It goes on without this band.", yes: "Disconnect", danger: true }
      : { title: "End the recording?", words: "A recording runs. Without its band it ends.", yes: "End it and disconnect", danger: true };
    if (recording && !(await ask(question))) return;
    await this.#session.end("device", (band) => band.disconnectDevice(named), [shown]);
  }

  async #look() {
    if (document.hidden || !this.#session.state.open) return;
    const status = await this.#session.band?.getRecordingStatus().catch(() => null);
    if (!status) return;
    const since = status.since === null ? Date.now() : Date.parse(status.since);
    this.#facts = status.is_recording ? facts(status) : "";
    const { recording } = this.#session.state;
    if (!status.is_recording || !status.session_id) {
      if (recording) this.#session.set({ recording: null });
    } else if (recording?.id !== status.session_id || recording.since !== since) {
      this.#session.set({ recording: { id: status.session_id, since } });
    }
    this.show();
  }

  show() {
    const { open, connected, recording } = this.#session.state;
    const record = button("record");
    record.disabled = !open || (!connected && !recording);
    record.textContent = recording ? "Stop recording" : this.#session.bands.size > 1 ? "Record all bands" : "Record";
    record.setAttribute("aria-pressed", String(recording !== null));
    for (const id of FIELDS) field(id).disabled = recording !== null;
    byId("recording-sign").hidden = recording === null;
    put("recording-facts", recording ? this.#facts : connected ? "" : "Connect a band to record it.");
    this.tick();
  }

  /** The clock. */
  tick() {
    const { recording } = this.#session.state;
    if (recording) put("recording-clock", `Recording ${clock((Date.now() - recording.since) / 1000)}`);
  }
}

/** @param {import("../../clients/js/linkband.js").RecordingStatus} status */
function facts({ bytes, lost, minutes_left, bands }) {
  const missing = (bands.length ? bands.map((one) => one.lost) : [lost]).flatMap((one) => Object.values(one)).reduce((sum, n) => sum + Number(n), 0);
  return `${size(bytes)}, ${missing} samples lost${minutes_left === null ? "" : `, room for ${span(minutes_left)}`}`;
}

/** @param {number} minutes */
function span(minutes) {
  if (minutes < 120) return `${Math.floor(minutes)} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
