// Markers by key and button, at the time of the keypress.

import { action, byId, field, make } from "./dom.js";

const LABELS = ["eyes open", "eyes closed", "rest", "task", "blink", "jaw", "move", "stimulus", "note"];

/** @typedef {import("./session.js").Session} Session */

export class Markers {
  #session;
  #labels;

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    this.#labels = LABELS.map((label, i) => localStorage.getItem(`marker-${i + 1}`) ?? label);
    addEventListener("keydown", (event) => {
      const writes = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (!writes && !event.repeat && !event.ctrlKey && !event.altKey && !event.metaKey && /^[1-9]$/.test(event.key)) this.#set(Number(event.key), event);
    });
    this.#list();
    session.on("change", ({ connected }) => byId("markers").querySelectorAll("button").forEach((one) => (one.disabled = !connected)));
  }

  #list() {
    byId("markers").replaceChildren(...this.#labels.map((label, i) => {
      const button = action(`${i + 1} ${label}`, () => {}, { title: `Sets the marker “${label}”; a double click names it anew` });
      button.addEventListener("pointerdown", (event) => event.button === 0 && this.#set(i + 1, event));
      button.addEventListener("keydown", (event) => event.key === "Enter" && !event.repeat && this.#set(i + 1, event));
      button.addEventListener("dblclick", () => this.#rename(button, i));
      return make("li", {}, button);
    }));
  }

  /** The event's own time, not that of its handling. @param {number} number @param {Event} event */
  #set(number, event) {
    if (!this.#session.state.connected) return;
    const timestamp = performance.timeOrigin + event.timeStamp;
    const own = location.hostname === "localhost" || location.hostname === "127.0.0.1" || location.hostname === "[::1]";
    const label = this.#labels[number - 1];
    // Another machine's clock is not the daemon's: there the marker gets the time of its arrival.
    void this.#session.ask((band) => band.insertMarker(own ? { label, timestamp } : { label }));
  }

  /** @param {HTMLElement} button @param {number} i */
  #rename(button, i) {
    const input = make("input", { "aria-label": `Label of marker ${i + 1}`, maxlength: "40", value: this.#labels[i] });
    const end = () => {
      this.#labels[i] = field(input.id).value.trim() || this.#labels[i];
      localStorage.setItem(`marker-${i + 1}`, this.#labels[i]);
      this.#list();
    };
    input.id = "marker-label";
    button.replaceWith(input);
    input.addEventListener("change", end);
    input.addEventListener("blur", end, { once: true });
    input.focus();
  }
}
