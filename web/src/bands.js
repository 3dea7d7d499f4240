// The powers of the bands over time, of both channels together: absolute, or each band's share.

import { button, byId, fixed, make } from "./dom.js";
import { drawMarkers } from "./overlay.js";
import { Plot } from "./plot.js";
import { BANDS } from "./spectrum.js";

const SPAN_MS = 120000;
const NAMES = BANDS.map(([name]) => name);

/** @param {number | null} one @param {number | null} two */
const mean = (one, two) => (one == null ? two : two == null ? one : (one + two) / 2);

export class BandsChart {
  #crew;
  #share = false;
  #plot;
  #log;

  /** @param {import("./crew.js").Crew} crew */
  constructor(crew) {
    this.#crew = crew;
    const series = NAMES.map((name) => ({ colour: name, width: 1.6 }));
    const x = () => this.#edges();
    const over = (/** @type {import("uplot")} */ plot) => drawMarkers(plot, this.#store, false);
    const [shares, powers] = [make("div", { class: "chart" }), make("div", { class: "chart" })];
    byId("bands").append(shares, powers);
    byId("bands").style.display = "flex";
    this.#plot = new Plot(shares, { series, x, over, range: () => [0, 1], ySize: 40, yValues: (value) => `${Math.round(100 * value)} %` });
    this.#log = new Plot(powers, { series, x, over, range: () => [0.5, 2000], log: true, ySize: 40, yValues: (value) => (decade(value) ? `${value}` : "") });
    shares.hidden = true;
    button("share").addEventListener("click", () => {
      this.#share = !this.#share;
      shares.hidden = !this.#share;
      powers.hidden = this.#share;
      button("share").setAttribute("aria-pressed", String(this.#share));
      this.draw();
    });
    byId("bands-legend").append(...NAMES.map((name) => make("li", { "data-band": name }, swatch(name), make("span", { text: name }))));
  }

  get #store() {
    return this.#crew.shown;
  }

  /** @returns {[number, number]} */
  #edges() {
    const { powers } = this.#store;
    const to = powers.length ? powers[powers.length - 1].time : 1;
    return [to - SPAN_MS, to];
  }

  draw() {
    const [from] = this.#edges();
    const shown = this.#store.powers.filter(({ time }) => time >= from);
    const columns = NAMES.map((name) => shown.map((one) =>
      (this.#share ? mean(one.share1[name] ?? null, one.share2[name] ?? null) : mean(one.ch1[name] ?? null, one.ch2[name] ?? null))));
    (this.#share ? this.#plot : this.#log).draw([shown.map(({ time }) => time), ...columns]);
    NAMES.forEach((name, i) => {
      const last = columns[i][columns[i].length - 1];
      const words = this.#share ? fixed(last == null ? null : 100 * last, 0, "%") : fixed(last, 1, "µV²");
      const label = byId("bands-legend").querySelector(`[data-band="${name}"] span:last-child`);
      if (label) label.textContent = `${name} ${this.#store.values.eeg ? words : "–"}`;
    });
  }
}

/** @param {number} value */
const decade = (value) => Math.abs(Math.log10(value) % 1) < 1e-9;

/** @param {string} name */
function swatch(name) {
  const element = make("span", { class: "swatch" });
  element.style.background = `var(--${name})`;
  return element;
}
