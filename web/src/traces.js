// The traces: EEG, pulse and motion over one axis of time.

import { button, byId, field, fixed, make } from "./dom.js";
import { drawBeats, drawMarkers, drawSpans } from "./overlay.js";
import { Plot } from "./plot.js";

/**
 * @typedef {import("./store.js").Store} Store
 * @typedef {import("./view.js").View} View
 * @typedef {import("./ring.js").Ring} Ring
 * @typedef {{label: string, unit: string, sensor: "eeg" | "ppg" | "acc", off?: "ch1" | "ch2", columns: number[], keys?: string[], colours: string[],
 *   ring: (store: Store, raw: boolean) => Ring, digits: number, least: number}} Spec
 */

/** @type {Spec[]} */
const SPECS = [
  { label: "EEG left", unit: "µV", sensor: "eeg", off: "ch1", columns: [0], colours: ["a"], digits: 0, least: 20,
    ring: (store, raw) => (raw ? store.raw.eeg : store.filtered.eeg) },
  { label: "EEG right", unit: "µV", sensor: "eeg", off: "ch2", columns: [1], colours: ["b"], digits: 0, least: 20,
    ring: (store, raw) => (raw ? store.raw.eeg : store.filtered.eeg) },
  { label: "Pulse", unit: "counts", sensor: "ppg", columns: [0], colours: ["a"], digits: 0, least: 100,
    ring: (store, raw) => (raw ? store.raw.ppg : store.filtered.ppg) },
  { label: "Motion", unit: "g", sensor: "acc", columns: [0, 1, 2], keys: ["x", "y", "z"], colours: ["a", "b", "c"], digits: 2, least: 0.1,
    ring: (store) => store.raw.acc },
];

/** Widens at once, narrows only when the signal fills less than a third: a scale that holds still. */
class Scale {
  /** @type {[number, number] | null} */
  #now = null;
  #least;

  /** @param {number} least */
  constructor(least) {
    this.#least = least;
  }

  /** @param {[number, number] | null} range */
  fit(range) {
    if (!range) return this.#now;
    const [low, high] = range;
    const span = Math.max(high - low, this.#least);
    const [bottom, top] = this.#now ?? [Infinity, -Infinity];
    if (low < bottom || high > top || span < (top - bottom) / 3) {
      const middle = (low + high) / 2;
      this.#now = [middle - 0.65 * span, middle + 0.65 * span];
    }
    return this.#now;
  }
}

class Trace {
  #spec;
  #store;
  #traces;
  #scale;
  #raw = false;
  /** @type {[number, number] | null} */
  #range = null;
  #element;
  #plot;

  /**
   * @param {Spec} spec
   * @param {Store} store
   * @param {Traces} traces
   * @param {boolean} last
   */
  constructor(spec, store, traces, last) {
    this.#spec = spec;
    this.#store = store;
    this.#traces = traces;
    this.#scale = new Scale(spec.least);
    const keys = (spec.keys ?? []).map((key, i) => make("span", { class: `key key-${i}`, text: key }));
    const plane = make("div", { class: "plot" });
    const head = make("div", { class: "trace-head" }, make("strong", { text: spec.label }), ...keys,
      make("span", { class: "rate" }), make("span", { class: "at" }), make("span", { class: "off" }));
    this.#element = make("div", { class: "trace" }, head, plane);
    byId("traces").append(this.#element);
    this.#plot = new Plot(plane, this.#recipe(last));
  }

  /** @param {boolean} last @returns {import("./plot.js").Recipe} */
  #recipe(last) {
    const { colours, sensor } = this.#spec;
    return {
      series: colours.map((name) => ({ colour: name })), showX: last, sync: "time",
      x: () => this.#traces.edges, range: () => this.#range,
      under: (plot) => sensor === "eeg" && drawSpans(plot, this.#store),
      over: (plot) => {
        if (sensor === "ppg") drawBeats(plot, this.#store);
        drawMarkers(plot, this.#store, last);
      },
      onCursor: (plot) => this.#point(plot),
      onSelect: (from, to) => this.#traces.view.zoom(from, to),
    };
  }

  /** The value under the cursor. @param {import("uplot")} plot */
  #point(plot) {
    const { idx } = plot.cursor;
    const { unit, digits, columns } = this.#spec;
    const read = idx == null ? "" : columns.map((_, i) => fixed(plot.data[i + 1][idx], digits)).join(" ");
    const at = this.#element.querySelector(".at");
    if (at) at.textContent = read && `${read} ${unit}`;
  }

  /**
   * @param {boolean} raw
   * @param {string} scale
   */
  draw(raw, scale) {
    const [from, to] = this.#traces.edges;
    if (raw !== this.#raw) this.#scale = new Scale(this.#spec.least);
    this.#raw = raw;
    const ring = this.#spec.ring(this.#store, raw);
    const [times, ...all] = ring.window(from, to, this.#element.clientWidth - 56);
    const columns = this.#spec.columns.map((i) => all[i]);
    const fixedScale = this.#spec.sensor === "eeg" && !raw && scale !== "auto";
    this.#range = fixedScale ? [-Number(scale), Number(scale)] : this.#scale.fit(extent(columns));
    this.#plot.draw([times, ...columns]);
  }

  describe() {
    const { sensor, off, unit } = this.#spec;
    const rate = this.#store.rate[sensor];
    const set = (/** @type {string} */ name, /** @type {string} */ text) => {
      const element = this.#element.querySelector(name);
      if (element && element.textContent !== text) element.textContent = text;
    };
    set(".rate", rate ? `${unit}, ${rate} Hz${sensor === "acc" ? "" : this.#raw ? ", raw" : ", filtered"}` : "no data");
    set(".off", off && this.#store.leadOff[off] && this.#store.since.eeg === null ? "no contact" : "");
    this.#element.classList.toggle("stale", this.#store.since[sensor] !== null);
  }
}

/** @param {(number | null)[][]} columns @returns {[number, number] | null} */
function extent(columns) {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    for (const value of column) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > high ? null : [low, high];
}

export class Traces {
  /** @type {[number, number]} */
  edges = [0, 1];
  #store;
  #traces;
  #raw = false;

  /**
   * @param {Store} store
   * @param {View} view
   */
  constructor(store, view) {
    this.#store = store;
    this.view = view;
    this.#traces = SPECS.map((spec, i) => new Trace(spec, store, this, i === SPECS.length - 1));
    byId("span").addEventListener("change", () => view.show(Number(field("span").value)));
    byId("scale").addEventListener("change", () => view.onChange());
    byId("raw").addEventListener("click", () => {
      this.#raw = !this.#raw;
      view.onChange();
    });
    byId("pause").addEventListener("click", () => (view.paused ? view.resume() : view.pause(store.now())));
    byId("back").addEventListener("input", () => view.goBack(Number(field("back").value)));
  }

  draw() {
    this.edges = this.view.edges(this.#store.now());
    for (const trace of this.#traces) trace.draw(this.#raw, field("scale").value);
  }

  describe() {
    const { paused, back } = this.view;
    button("raw").setAttribute("aria-pressed", String(this.#raw));
    button("pause").setAttribute("aria-pressed", String(paused));
    button("pause").textContent = paused ? "Live" : "Pause";
    byId("back-label").hidden = !paused;
    if (!back) field("back").value = "0";
    for (const trace of this.#traces) trace.describe();
  }
}
