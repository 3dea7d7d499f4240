// Heart and motion, and indices: figures as they are told; a dash for what isn't known.

import { byId, fixed, make, put } from "./dom.js";
import { Plot } from "./plot.js";

const SPAN_MS = 60000;
const HRV_SECONDS = 62;
const QUALITIES = /** @type {Record<string, string>} */ ({ good: "", poor: "poor signal", no_contact: "no contact" });

export class Heart {
  #crew;
  /** @type {[number, number]} */
  #range = [500, 1100];
  #plot;

  /** @param {import("./crew.js").Crew} crew */
  constructor(crew) {
    this.#crew = crew;
    this.#plot = new Plot(byId("tachogram"), {
      series: [{ colour: "c", width: 1.6 }], x: () => this.#edges(), range: () => this.#range, showX: false, ySize: 34,
      yValues: (value) => String(value),
    });
  }

  get #store() {
    return this.#crew.shown;
  }

  /** @returns {[number, number]} */
  #edges() {
    const to = this.#store.beats[this.#store.beats.length - 1]?.time ?? 1;
    return [to - SPAN_MS, to];
  }

  draw() {
    const values = this.#store.values.ppg;
    put("bpm", fixed(values?.bpm, 0));
    put("rmssd", fixed(values?.rmssd, 0, "ms"));
    put("sdnn", fixed(values?.sdnn, 0, "ms"));
    put("lf-hf", fixed(values?.lf_hf, 2));
    put("breath", fixed(values?.breath, 0, "/min"));
    const word = values ? (values.irregular ? "irregular" : QUALITIES[values.signal_quality] ?? "") : "";
    put("heart-word", word);
    byId("heart-word").classList.toggle("bad", word !== "");
    put("hrv-progress", values && values.rmssd === null ? this.#progress(values) : "");
    this.#tachogram();
  }

  /** @param {any} values */
  #progress(values) {
    const beats = this.#store.beats;
    const seconds = beats.length > 1 ? (beats[beats.length - 1].time - beats[0].time) / 1000 : 0;
    if (values.irregular) return "No variability of an irregular rhythm.";
    if (seconds < HRV_SECONDS) return `Variability: collecting ${Math.floor(seconds)} of ${HRV_SECONDS} s.`;
    return "No variability: too few steady intervals.";
  }

  #tachogram() {
    const [from] = this.#edges();
    const shown = this.#store.beats.filter(({ time }) => time >= from);
    const known = shown.flatMap(({ interval }) => (interval === null ? [] : [interval]));
    if (known.length) this.#range = [Math.min(...known) - 40, Math.max(...known) + 40];
    this.#plot.draw([shown.map(({ time }) => time), shown.map(({ interval }) => interval)]);
  }
}

/** @param {import("./store.js").Store} store */
export function showMotion({ values: { acc } }) {
  put("activity", acc?.activity_state ?? "–");
  put("nod", fixed(acc?.nod, 0) + (acc?.nod == null ? "" : "°"));
  put("tilt", fixed(acc?.tilt, 0) + (acc?.tilt == null ? "" : "°"));
}

/** By docs/dsp.md: name, formula, what it can't mean. @type {[string, string, string, string][]} */
const INDICES = [
  ["focus_index", "Focus", "beta / (alpha + theta)", "frowning and chewing raise it as well"],
  ["relaxation_index", "Relaxation", "alpha / (alpha + beta)", "closed eyes raise it as well"],
  ["stress_index", "Stress", "(beta + gamma) / (alpha + theta)", "mostly muscle, on the forehead; no measure of strain"],
  ["cognitive_load", "Cognitive load", "theta / alpha", "drowsiness raises it as well"],
  ["emotional_stability", "Emotional stability", "(alpha + theta) / gamma", "mostly the absence of muscle; no measure of mood"],
  ["hemispheric_balance", "Hemispheric balance", "(alpha left − alpha right) / their sum", "a worse contact tilts it as well"],
];

/** @param {import("./store.js").Store} store */
export function showIndices({ values: { eeg } }) {
  const list = byId("indices-list");
  if (!(/** @type {HTMLDetailsElement} */ (byId("indices")).open)) return;
  list.replaceChildren(...INDICES.map(([name, title, formula, limit]) => make("div", {}, make("dt", { text: `${title} = ${formula}; ${limit}` }),
    make("dd", { text: fixed(eeg?.[name], 2) }))));
}
