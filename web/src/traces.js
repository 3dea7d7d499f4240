// The traces: EEG, pulse and motion over one axis of time.

import { button, byId, field, fixed, make, moment } from "./dom.js";
import { drawBeats, drawMarkers, drawSpans } from "./overlay.js";
import { Plot } from "./plot.js";

/**
 * @typedef {import("./crew.js").Crew} Crew
 * @typedef {import("./store.js").Store} Store
 * @typedef {import("./view.js").View} View
 * @typedef {import("./ring.js").Ring} Ring
 * @typedef {{label: string, unit: string, sensor: "eeg" | "ppg" | "acc", off?: ("ch1" | "ch2")[], columns: number[], keys?: string[], colours: string[],
 *   ring: (store: Store, raw: boolean) => Ring, digits: number, least: number}} Spec
 */

/** @type {Spec[]} */
const SPECS = [
  { label: "EEG left", unit: "µV", sensor: "eeg", off: ["ch1"], columns: [0], colours: ["a"], digits: 0, least: 20,
    ring: (store, raw) => (raw ? store.raw.eeg : store.filtered.eeg) },
  { label: "EEG right", unit: "µV", sensor: "eeg", off: ["ch2"], columns: [1], colours: ["b"], digits: 0, least: 20,
    ring: (store, raw) => (raw ? store.raw.eeg : store.filtered.eeg) },
  { label: "Pulse", unit: "counts", sensor: "ppg", columns: [0], colours: ["a"], digits: 0, least: 100,
    ring: (store, raw) => (raw ? store.raw.ppg : store.filtered.ppg) },
  { label: "Motion", unit: "g", sensor: "acc", columns: [0, 1, 2], keys: ["x", "y", "z"], colours: ["a", "b", "c"], digits: 2, least: 0.1,
    ring: (store) => store.raw.acc },
];
const SIDES = { ch1: "left", ch2: "right" };
/** Of several bands: a lane each. @param {string} label @returns {Spec} */
const lane = (label) => ({ ...SPECS[0], label, off: ["ch1", "ch2"], columns: [0, 1], keys: ["left", "right"], colours: ["a", "b"] });

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
  #of;
  #traces;
  #scale;
  #raw = false;
  /** @type {[number, number] | null} */
  #range = null;
  #element;
  #plot;

  /**
   * @param {Spec} spec
   * @param {() => Store} of whose it is
   * @param {Traces} traces
   * @param {boolean} last
   */
  constructor(spec, of, traces, last) {
    this.#spec = spec;
    this.#of = of;
    this.#traces = traces;
    this.#scale = new Scale(spec.least);
    const keys = (spec.keys ?? []).map((key, i) => make("span", { class: `key key-${i}`, text: key }));
    const plane = make("div", { class: "plot" });
    const head = make("div", { class: "trace-head" }, make("strong", { text: spec.label }), ...keys,
      make("span", { class: "rate" }), make("span", { class: "at" }), make("span", { class: "off" }), make("span", { class: "since" }));
    this.#element = make("div", { class: spec.off?.length === 2 ? "trace of-several" : "trace" }, head, plane);
    byId("traces").append(this.#element);
    this.#plot = new Plot(plane, this.#recipe(last));
  }

  get #store() {
    return this.#of();
  }

  close() {
    this.#plot.close();
    this.#element.remove();
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
    const { sensor, off = [], unit, keys } = this.#spec;
    const rate = this.#store.rate[sensor];
    const set = (/** @type {string} */ name, /** @type {string} */ text) => {
      const element = this.#element.querySelector(name);
      if (element && element.textContent !== text) element.textContent = text;
    };
    set(".rate", rate ? `${unit}, ${rate} Hz${sensor === "acc" ? "" : this.#raw ? ", raw" : ", filtered"}` : "no data");
    const of = this.#traces.crew.shownOf;
    set("strong", sensor === "eeg" || !of ? this.#spec.label : `${this.#spec.label} of ${of}`);
    this.#element.classList.toggle("shown", sensor === "eeg" && of === this.#spec.label);
    const bare = this.#store.since.eeg === null ? off.filter((one) => this.#store.leadOff[one]) : [];
    const { eeg: since } = this.#store.since;
    set(".since", of && sensor === "eeg" && since ? `not live since ${moment(since)}` : "");
    set(".off", bare.length ? `${keys ? `${bare.map((one) => SIDES[one]).join(" and ")}: ` : ""}no contact` : "");
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
  /** @type {Trace[]} */
  #traces = [];
  #laid = "";
  #raw = false;

  /**
   * @param {Crew} crew
   * @param {View} view
   */
  constructor(crew, view) {
    this.crew = crew;
    this.view = view;
    this.lay();
    byId("span").addEventListener("change", () => view.show(Number(field("span").value)));
    byId("scale").addEventListener("change", () => view.onChange());
    byId("raw").addEventListener("click", () => {
      this.#raw = !this.#raw;
      view.onChange();
    });
    byId("pause").addEventListener("click", () => (view.paused ? view.resume() : view.pause(crew.now())));
    byId("back").addEventListener("input", () => view.goBack(Number(field("back").value)));
  }

  /** Of one band each signal; of several the EEG of each, and the rest of the one that is shown. All on one axis. */
  lay() {
    const several = this.crew.all.length > 1;
    const laid = several ? this.crew.all.map(([id]) => id).join("\n") : "";
    if (this.#traces.length && laid === this.#laid) return;
    this.#laid = laid;
    for (const trace of this.#traces) trace.close();
    const shown = () => this.crew.shown;
    /** @type {[Spec, () => Store][]} */
    const lanes = several ? this.crew.all.map(([id, store]) => [lane(id), () => store]) : [];
    const rest = SPECS.slice(several ? 2 : 0).map((spec) => /** @type {[Spec, () => Store]} */ ([spec, shown]));
    const all = [...lanes, ...rest];
    this.#traces = all.map(([spec, of], i) => new Trace(spec, of, this, i === all.length - 1));
    this.describe();
  }

  draw() {
    this.edges = this.view.edges(this.crew.now());
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
