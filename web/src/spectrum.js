// The spectrum of the last four seconds, with the bands' edges, and the peak of alpha.

import { byId, put } from "./dom.js";
import { Plot, onPlane } from "./plot.js";
import { colour } from "./theme.js";

export const BANDS = /** @type {const} */ ([["delta", 1, 4], ["theta", 4, 8], ["alpha", 8, 13], ["beta", 13, 30], ["gamma", 30, 45]]);
const PEAK_DB = 3;

/**
 * The middle of a peak between 7 and 13.5 Hz that stands 3 dB above what lies beside it; null without one.
 * @param {number[]} frequencies
 * @param {(number | null)[]} row dB
 */
export function alphaPeak(frequencies, row) {
  /** @param {number} from @param {number} to */
  const within = (from, to) => row.map((power, i) => ({ power, hz: frequencies[i] }))
    .filter((one) => one.power !== null && one.hz >= from && one.hz <= to)
    .map(({ power, hz }) => ({ hz, db: Number(power) }));
  const inside = within(7, 13.5);
  const beside = [...within(5, 6.9), ...within(14, 17)];
  if (!inside.length || !beside.length) return null;
  const peak = inside.reduce((best, one) => (one.db > best.db ? one : best));
  if (peak === inside[0] || peak === inside[inside.length - 1]) return null; // a slope, no peak
  const floor = beside.reduce((sum, one) => sum + one.db, 0) / beside.length;
  return peak.db - floor >= PEAK_DB ? peak.hz : null;
}

export class SpectrumChart {
  #crew;
  /** @type {number[]} */
  #frequencies = [];
  #plot;

  /** @param {import("./crew.js").Crew} crew */
  constructor(crew) {
    this.#crew = crew;
    this.#plot = new Plot(byId("spectrum"), {
      series: [{ colour: "a", width: 1.6 }, { colour: "b", width: 1.6, dash: [5, 3] }], time: false, xUnit: " Hz", ySize: 40,
      x: () => [1, 45], range: () => [-20, 30], yValues: (value) => `${value}`.replace("-", "−"),
      under: (plot) => this.#bands(plot),
    });
  }

  get #store() {
    return this.#crew.shown;
  }

  /** @param {import("uplot")} plot */
  #bands(plot) {
    onPlane(plot, (context, box) => {
      context.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
      context.textBaseline = "top";
      context.textAlign = "center";
      for (const [name, from, to] of BANDS) {
        const [left, right] = [plot.valToPos(from, "x", true), plot.valToPos(to, "x", true)];
        context.fillStyle = colour(name);
        context.globalAlpha = 0.1;
        context.fillRect(left, box.top, right - left, box.bottom - box.top);
        context.globalAlpha = 1;
        context.fillText({ delta: "δ", theta: "θ", alpha: "α", beta: "β", gamma: "γ" }[name], (left + right) / 2, box.top + 2);
      }
    });
  }

  draw() {
    const values = this.#store.values.eeg;
    if (!values) {
      put("alpha-peak", "");
      return;
    }
    this.#frequencies = values.frequencies;
    const rows = /** @type {(number | null)[][]} */ ([values.ch1_power, values.ch2_power]).map((row) =>
      this.#frequencies.map((_, i) => row[i] ?? null));
    this.#plot.draw([this.#frequencies, ...rows]);
    const peaks = [alphaPeak(values.frequencies, values.ch1_power), alphaPeak(values.frequencies, values.ch2_power)].filter((hz) => hz !== null);
    const mean = peaks.reduce((sum, hz) => sum + Number(hz), 0) / peaks.length;
    put("alpha-peak", peaks.length ? `alpha peak ${mean.toFixed(1)} Hz` : "no alpha peak");
  }
}
