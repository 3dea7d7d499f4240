// The link: what was lost over some times, on the air and by the band apart; latency; rates; the spool, where there is one.

import { byId, clock, fixed, moment, put, size } from "./dom.js";

const SPANS = [1000, 10000, 60000];
const POLL_MS = 1000;
// As often as the daemon looks.
const SPOOL_POLL_MS = 10000;

/** @typedef {{at: number, received: number, skipped: number, lost: number}} Count */
/** @typedef {import("./session.js").Session} Session */

export class Link {
  #session;
  #crew;
  /** @type {Count[]} */
  #counts = [];

  /**
   * @param {Session} session
   * @param {import("./crew.js").Crew} crew
   */
  constructor(session, crew) {
    this.#session = session;
    this.#crew = crew;
    session.on("open", (band) => void this.#mains(band));
    session.on("open", () => void this.#spool());
    session.on("anew", () => (this.#counts = []));
    session.on("shown", () => this.#forget());
    session.on("change", ({ streaming }) => streaming || this.#forget());
    setInterval(() => void this.#poll(), POLL_MS);
    setInterval(() => document.hidden || byId("spool").hidden || void this.#spool(), SPOOL_POLL_MS);
  }

  /** @param {import("./session.js").Band} band */
  async #mains(band) {
    const info = await band.getServerInfo().catch(() => null);
    if (info) put("mains", `${info.mains} Hz`);
  }

  async #spool() {
    const health = await this.#session.band?.healthCheck().catch(() => null);
    if (!health) return;
    byId("spool").hidden = !health.spool;
    if (health.spool) put("spool", told(health.spool));
  }

  #forget() {
    this.#counts = [];
    for (const row of ["loss-link", "loss-band"]) byId(row).querySelectorAll("td").forEach((cell) => (cell.textContent = "–"));
    put("latency", "–");
    put("rate", "–");
  }

  async #poll() {
    const { streaming } = this.#session.state;
    if (document.hidden || !streaming) return;
    const of = this.#session.named();
    const status = await this.#session.band?.getStreamingStatus(of).catch(() => null);
    if (!status || of.device_id !== this.#session.named().device_id) return;
    const sum = { at: performance.now(), received: 0, skipped: 0, lost: 0 };
    for (const sensor of Object.values(status.sensor)) {
      sum.received += sensor.received;
      sum.skipped += sensor.skipped_by_band;
      sum.lost += sensor.lost_link;
    }
    this.#counts.push(sum);
    if (this.#counts.length > 100) this.#counts.shift();
    this.#show();
  }

  #show() {
    const last = this.#counts[this.#counts.length - 1];
    const zero = { at: 0, received: 0, skipped: 0, lost: 0 };
    const befores = [...SPANS.map((span) => [...this.#counts].reverse().find(({ at }) => at <= last.at - 0.9 * span)), zero];
    befores.forEach((before, i) => {
      this.#cell("loss-link", i, before && share(last.lost - before.lost, last, before));
      this.#cell("loss-band", i, before && share(last.skipped - before.skipped, last, before));
    });
    const latency = this.#crew.shown.latency();
    // Of another clock than this machine's nothing can be told.
    put("latency", latency === null || Math.abs(latency) > 60000 ? "–" : fixed(latency, 0, "ms"));
    put("rate", fixed(this.#crew.shown.rate.eeg, 0, "Hz"));
  }

  /** @param {string} row @param {number} column @param {number | undefined} value */
  #cell(row, column, value) {
    byId(row).querySelectorAll("td")[column].textContent = value === undefined ? "–" : (100 * value).toFixed(1);
  }
}

/** @param {number} part @param {Count} last @param {Count} before */
function share(part, last, before) {
  const all = last.received + last.skipped + last.lost - before.received - before.skipped - before.lost;
  return all ? part / all : 0;
}

/** @param {import("../../clients/js/messages.js").Spool} spool */
function told({ bytes, unread_bytes, oldest_unread, lag }) {
  const held = `Spool ${size(bytes)}, `;
  if (lag === null) return `${held}nobody reads it`;
  if (oldest_unread === null) return `${held}all was read`;
  return `${held}unread ${size(unread_bytes)} since ${moment(Date.parse(oldest_unread))}, lag\u00a0${clock(lag)}`;
}
