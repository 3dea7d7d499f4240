// One data message, its samples as columns.

/** @typedef {import("../messages.js").Data} Data */
/** @typedef {Float64Array | Uint8Array} Column */

/** The kind of each type of data message. */
export const KINDS = /** @type {const} */ ({ raw_data: "raw", processed_data: "processed", band_data: "bands" });

/**
 * Numbers with NaN for what was not known, or 0 and 1; null where the values are neither.
 * @param {unknown[]} values
 * @returns {Column | null}
 */
function column(values) {
  if (values.some((value) => typeof value === "string" || (typeof value === "object" && value !== null))) return null;
  if (values.length && values.every((value) => typeof value === "boolean")) return Uint8Array.from(values, Number);
  return Float64Array.from(values, (value) => (value === null ? NaN : Number(value)));
}

/**
 * @param {Data} message
 * @returns {[string, unknown[]][]}
 */
function lists(message) {
  if (message.type !== "raw_data") {
    return /** @type {[string, unknown[]][]} */ (Object.entries(message.data).filter(([, value]) => Array.isArray(value)));
  }
  const samples = /** @type {Record<string, unknown>[]} */ (/** @type {unknown} */ (message.data));
  return Object.keys(samples[0] ?? {}).map((key) => [key, samples.map((sample) => sample[key] ?? null)]);
}

/**
 * A data message. `lost` samples are missing on the band's timeline just before it, `missed` messages did not get from
 * the daemon to here, or were dropped here because nobody took them.
 */
export class Block {
  /** @type {Record<string, Column> | null} */
  #columns = null;

  /**
   * @param {Data} message
   * @param {number} [missed]
   */
  constructor(message, missed = 0) {
    this.message = message;
    this.lost = message.lost;
    this.missed = missed;
  }

  get kind() {
    return KINDS[this.message.type];
  }

  get sensor() {
    return this.message.sensor_type;
  }

  get deviceId() {
    return this.message.device_id;
  }

  /** Hz, nominal; `message.sample_rate_measured` has the fitted one. */
  get sampleRate() {
    return this.message.sample_rate;
  }

  /** The message's `data` as it came. */
  get values() {
    return this.message.data;
  }

  /** Of a raw one its samples' fields, `timestamp` (Unix ms) among them; of a processed one the arrays of its data. */
  get columns() {
    if (!this.#columns) {
      const made = lists(this.message).map(([key, values]) => /** @type {const} */ ([key, column(values)]));
      this.#columns = /** @type {Record<string, Column>} */ (Object.fromEntries(made.filter(([, one]) => one)));
    }
    return this.#columns;
  }

  /** The number of samples; of `bands` 1. */
  get length() {
    if (this.message.type === "band_data") return 1;
    return this.message.type === "raw_data" ? this.message.data.length : this.message.data.timestamps.length;
  }
}
