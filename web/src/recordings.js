// The recordings there are: a page at a time, their files, and what is wrong with one.

import { ask } from "./dialog.js";
import { action, button, byId, clock, make, size } from "./dom.js";

const PAGE = 5;
const WHEN = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const BDF = "session.bdf";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("../../clients/js/linkband.js").ListRecordingsData["sessions"][number]} Recorded */

export class Recordings {
  #session;
  /** @type {Recorded[]} */
  #sessions = [];
  #shown = PAGE;
  /** Those whose files are unfolded. @type {Set<string>} */
  #unfolded = new Set();

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
    const state = session.state === "complete" ? "" : ` · ${session.state}`;
    const grown = session.state === "recording" ? "" : ` · ${clock(session.duration)} · ${size(session.bytes)}`;
    const about = `${WHEN.format(new Date(session.start))}${grown}${state}`;
    const short = session.files.filter((file) => file === BDF);
    const rest = session.files.filter((file) => file !== BDF);
    const remove = action("Delete", () => void this.#remove(session), { "aria-label": `Delete ${session.session_name || session.session_id}` });
    const all = link(`${session.session_id}.zip`, "all as zip");
    return make("li", {}, make("strong", { text: session.session_name || session.session_id }), make("div", { class: "soft", text: about }),
      ...(session.problem ? [make("div", { class: "soft", text: session.problem })] : []),
      make("div", { class: "files" }, ...short.map((file) => link(`${session.session_id}/${file}`, file)), all,
        ...(session.state === "recording" ? [] : [remove])),
      this.#details(session, rest));
  }

  /** Its other files, those of each of several bands, and how a daemon plays it again. @param {Recorded} session @param {string[]} files */
  #details({ session_id: id, bands = [] }, files) {
    const folders = bands.map(({ device_id, folder, files: own }) => make("div", { class: "files" }, make("span", { class: "soft", text: device_id ?? folder }),
      ...own.map((file) => link(`${id}/${folder}/${file}`, file))));
    const element = /** @type {HTMLDetailsElement} */ (make("details", { class: "more" }, make("summary", { text: "Files, replay" }),
      make("div", { class: "files" }, ...files.map((file) => link(`${id}/${file}`, file))), ...folders,
      make("p", { class: "soft", text: "Plays it again as a band:" }), make("code", { text: `linkbandd --backend replay --capture ${id}` })));
    element.open = this.#unfolded.has(id);
    element.addEventListener("toggle", () => (element.open ? this.#unfolded.add(id) : this.#unfolded.delete(id)));
    return element;
  }

  /** @param {Recorded} session */
  async #remove({ session_id, session_name }) {
    const words = `“${session_name || session_id}” and all its files will be gone.`;
    if (!(await ask({ title: "Delete the recording?", words, yes: "Delete", danger: true }))) return;
    if (await this.#session.ask((band) => band.deleteRecording({ session_id }))) void this.#load();
  }
}

/** @param {string} path @param {string} text */
const link = (path, text) => make("a", { href: `recordings/${path}${location.search}`, download: "", text });
