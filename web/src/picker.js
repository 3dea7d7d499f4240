// Where there are several bands: which one the panes of one band show, and how each is.

import { SIGNS, worst } from "./contact.js";
import { action, byId, make } from "./dom.js";

/** @typedef {import("./session.js").Known} Known */

/** @param {Known} known */
const words = ({ connected, streaming, waiting }) => (connected ? (streaming ? "" : "connected") : waiting ? "waited for" : "connecting");

export class Picker {
  #session;
  #crew;
  #drawn = "";

  /**
   * @param {import("./session.js").Session} session
   * @param {import("./crew.js").Crew} crew
   */
  constructor(session, crew) {
    this.#session = session;
    this.#crew = crew;
    session.on("change", () => this.show());
  }

  show() {
    const { bands, shown } = this.#session;
    const several = bands.size > 1;
    const rows = [...bands].map(([id, known]) => ({ id, is: words(known), sign: known.streaming ? SIGNS[worst(this.#crew.of(id).values.eeg)] : "" }));
    const drawn = JSON.stringify([rows, shown]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    byId("picker").hidden = !several;
    byId("band-fact").hidden = several;
    const focused = document.activeElement?.getAttribute("data-band");
    byId("picker").replaceChildren(...rows.map(({ id, is, sign }) => {
      const element = action("", () => this.#session.show(id), { "aria-pressed": String(id === shown), "data-band": id, title: `Shows ${id}` });
      element.append(make("span", { class: "sign", "aria-hidden": "true", text: sign || "○" }), make("span", { text: id }), make("small", { text: is }));
      return element;
    }));
    const again = focused ? byId("picker").querySelector(`[data-band="${CSS.escape(focused)}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  }
}
