// What is shown: samples of the last five minutes, spectra of the last fifteen, beats, spans, markers; and what of it is live.

import { grades } from "./contact.js";
import { Ring } from "./ring.js";

const SECONDS = 310;
const SPECTRA = 15 * 60 * 2 + 20;
const COUNTS_A_G = 16384;
/** Of the electrodes' grades, two a second. */
const GRADES = 6;

/**
 * @typedef {{time: number, rows: (number | null)[][], frequencies: number[]}} Spectrum a column, at its end; a row a channel
 * @typedef {{from: number, to: number, kind: string}} Span
 * @typedef {{time: number, label: string}} Marker
 * @typedef {{time: number, ch1: Record<string, number | null>, ch2: Record<string, number | null>,
 *   share1: Record<string, number | null>, share2: Record<string, number | null>}} Powers
 */

export class Store {
  raw = { eeg: new Ring(2, SECONDS * 500), ppg: new Ring(2, SECONDS * 100), acc: new Ring(3, SECONDS * 50) };
  filtered = { eeg: new Ring(2, SECONDS * 500), ppg: new Ring(1, SECONDS * 100) };
  /** @type {Spectrum[]} */
  spectra = [];
  /** @type {Powers[]} */
  powers = [];
  /** @type {{time: number, interval: number | null}[]} */
  beats = [];
  /** @type {Span[]} */
  spans = [];
  /** @type {Marker[]} */
  markers = [];
  /** What was computed last of each sensor, null where it holds no more. @type {Record<string, any>} */
  values = { eeg: null, ppg: null, acc: null };
  /** Since when a sensor is not live, as the page's clock has it; null where it is. @type {Record<string, number | null>} */
  since = { eeg: 0, ppg: 0, acc: 0 };
  /** @type {{eeg: number | null, ppg: number | null, acc: number | null}} */
  rate = { eeg: null, ppg: null, acc: null };
  leadOff = { ch1: false, ch2: false };
  /** How the electrodes were in the last three seconds. @type {Record<"ch1" | "ch2", import("./contact.js").Grade>[]} */
  contact = [];
  /** The newest sample of all, and when the page got it: the traces' clock. */
  #newest = { time: 0, at: 0 };
  arrived = 0;

  /** The right edge of what is live, Unix ms. */
  now() {
    const { time, at } = this.#newest;
    return time && time + (this.since.eeg === null || this.since.ppg === null || this.since.acc === null
      ? Math.min(1000, performance.now() - at) : 0);
  }

  /** How old the newest sample was when it came, ms by this machine's clock. */
  latency() {
    return this.arrived && this.#newest.time ? this.arrived - this.#newest.time : null;
  }

  clear() {
    for (const ring of [...Object.values(this.raw), ...Object.values(this.filtered)]) ring.clear();
    this.spectra = [];
    this.powers = [];
    this.beats = [];
    this.spans = [];
    this.contact = [];
    this.#newest = { time: 0, at: 0 };
  }

  /** @param {string[]} sensors */
  stale(sensors) {
    for (const sensor of sensors) {
      this.since[sensor] ??= Date.now();
      this.values[sensor] = null;
    }
    if (sensors.includes("eeg")) this.contact = [];
  }

  /** @param {import("./session.js").RawBlock} block */
  takeRaw({ message }) {
    if (message.sensor_type === "bat") return;
    const samples = /** @type {any[]} */ (message.data);
    const [ring, last] = [this.raw[message.sensor_type], samples[samples.length - 1]];
    this.since[message.sensor_type] = null;
    this.rate[message.sensor_type] = message.sample_rate;
    if (message.lost) ring.push(samples[0].timestamp, ring.columns.map(() => null));
    for (const sample of samples) ring.push(sample.timestamp, values(message.sensor_type, sample));
    if (message.sensor_type === "eeg") this.leadOff = { ch1: last.leadoff_ch1, ch2: last.leadoff_ch2 };
    if (last.timestamp > this.#newest.time) {
      this.#newest = { time: last.timestamp, at: performance.now() };
      this.arrived = Date.now();
    }
  }

  /** @param {import("./session.js").ProcessedBlock} block */
  takeProcessed({ message, lost }) {
    this.values[message.sensor_type] = message.data;
    if (message.sensor_type === "eeg") this.#eeg(message.data, lost);
    else if (message.sensor_type === "ppg") this.#ppg(message.data, lost);
  }

  /**
   * @param {import("../../clients/js/linkband.js").ProcessedEegValues} data
   * @param {number} lost
   */
  #eeg(data, lost) {
    const ring = this.filtered.eeg;
    keep(this.contact, grades(data), GRADES);
    if (lost && data.timestamps.length) ring.push(data.timestamps[0], [null, null]);
    data.timestamps.forEach((time, i) => ring.push(time, [data.ch1_filtered[i], data.ch2_filtered[i]]));
    // Filtered samples come half a second late: that later ends what the spectrum speaks of.
    const end = (ring.last ?? 0) + 500;
    if (!ring.last) return;
    const rows = [data.ch1_power, data.ch2_power].map((row) => (row.length ? row : data.frequencies.map(() => null)));
    keep(this.spectra, { time: end, rows, frequencies: data.frequencies }, SPECTRA);
    keep(this.powers, {
      time: end, ch1: { ...data.ch1_band_powers }, ch2: { ...data.ch2_band_powers },
      share1: { ...data.ch1_relative_powers }, share2: { ...data.ch2_relative_powers },
    }, SPECTRA);
    for (const kind of data.artefacts) keep(this.spans, { from: end - 500, to: end, kind }, 4000);
  }

  /**
   * @param {import("../../clients/js/linkband.js").ProcessedPpgValues} data
   * @param {number} lost
   */
  #ppg(data, lost) {
    if (lost && data.timestamps.length) this.filtered.ppg.push(data.timestamps[0], [null]);
    data.timestamps.forEach((time, i) => this.filtered.ppg.push(time, [data.filtered_ppg[i]]));
    data.beats.forEach((time) => {
      const before = this.beats[this.beats.length - 1];
      const interval = before && time - before.time < 2500 ? time - before.time : null;
      keep(this.beats, { time, interval }, 1500);
    });
  }

  /** @param {Marker} marker */
  mark(marker) {
    keep(this.markers, marker, 500);
  }
}

/**
 * @param {"eeg" | "ppg" | "acc"} sensor
 * @param {any} sample
 */
function values(sensor, sample) {
  // The band now and then sends a single 0 in an EEG on millivolts of offset: drawn, it would set the scale.
  if (sensor === "eeg") return [sample.ch1 || null, sample.ch2 || null];
  return sensor === "ppg" ? [sample.red, sample.ir] : [sample.x / COUNTS_A_G, sample.y / COUNTS_A_G, sample.z / COUNTS_A_G];
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} item
 * @param {number} limit
 */
function keep(list, item, limit) {
  list.push(item);
  if (list.length > limit * 1.1) list.splice(0, list.length - limit);
}
