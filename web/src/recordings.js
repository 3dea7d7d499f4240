// The recordings there are: a page at a time, their files, and what is wrong with one.

import { ask } from "./dialog.js";
import { action, button, byId, clock, make, size } from "./dom.js";

const PAGE = 5;

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("../../clients/js/linkband.js").ListRecordingsData["sessions"][number]} Recorded */

export class Recordings {
  #session;
  /** @type {Recorded[]} */
  #sessions = [];
  #shown = PAGE;

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    session.on("open", () => void this.#load());
    session.on("event", ({ event_type }) => {
      if (event_type.startsWith("recording_")) void this.#load();
    });
    button("recordings-more").addEventListener("click", () => {
      this.#shown += PAGE;
      void this.#load();
    });
  }

  async #load() {
    /** @type {Recorded[]} */
    const all = [];
    let more = true;
    while (more && all.length < this.#shown) {
      const before = all[all.length - 1]?.session_id ?? null;
      const page = await this.#session.ask((band) => band.listRecordings({ limit: this.#shown - all.length, before }));
      if (!page) return;
      all.push(...page.sessions);
      more = page.more && page.sessions.length > 0;
    }
    this.#sessions = all;
    button("recordings-more").hidden = !more;
    this.#list();
  }

  #list() {
    const rows = this.#sessions.map((one) => this.#row(one));
    byId("recordings").replaceChildren(...(rows.length ? rows : [make("li", { class: "soft", text: "None yet." })]));
  }

  /** @param {Recorded} session */
  #row(session) {
    const state = session.state === "complete" ? "" : `, ${session.state}`;
    const grown = session.state === "recording" ? "" : `, ${clock(session.duration)}, ${size(session.bytes)}`;
    const about = `${new Date(session.start).toLocaleString()}${grown}${state}`;
    const files = session.files.map((file) => make("a", { href: address(session.session_id, file), download: "", text: file }));
    const zip = make("a", { href: `recordings/${session.session_id}.zip${location.search}`, download: "", text: "all as a zip" });
    const remove = action("Delete", () => void this.#remove(session), { "aria-label": `Delete ${session.session_name || session.session_id}` });
    return make("li", {}, make("strong", { text: session.session_name || session.session_id }), make("div", { class: "soft", text: about }),
      ...(session.problem ? [make("div", { class: "soft", text: session.problem })] : []),
      make("div", { class: "files" }, zip, ...files, ...(session.state === "recording" ? [] : [remove])));
  }

  /** @param {Recorded} session */
  async #remove({ session_id, session_name }) {
    const words = `“${session_name || session_id}” and all its files will be gone.`;
    if (!(await ask({ title: "Delete the recording?", words, yes: "Delete", danger: true }))) return;
    if (await this.#session.ask((band) => band.deleteRecording({ session_id }))) void this.#load();
  }
}

/** @param {string} session @param {string} file */
const address = (session, file) => `recordings/${session}/${file}${location.search}`;
