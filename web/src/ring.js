// Samples of the last minutes: times and columns, in order, in arrays that are views without copying.

export class Ring {
  /** How many have ever been pushed: buckets are cut by it, so that they stay the same as time goes on. */
  total = 0;
  #first = 0;
  #end = 0;
  #keep;

  /**
   * @param {number} columns
   * @param {number} keep how many samples are kept at least
   */
  constructor(columns, keep) {
    this.#keep = keep;
    this.times = new Float64Array(2 * keep);
    this.columns = Array.from({ length: columns }, () => new Float32Array(2 * keep));
  }

  get length() {
    return this.#end - this.#first;
  }

  get last() {
    return this.length ? this.times[this.#end - 1] : null;
  }

  /**
   * NaN is a hole.
   * @param {number} time
   * @param {(number | null)[]} values
   */
  push(time, values) {
    if (this.#end === this.times.length) this.#move();
    this.times[this.#end] = time;
    values.forEach((value, i) => (this.columns[i][this.#end] = value ?? NaN));
    this.#end += 1;
    this.total += 1;
    this.#first = Math.max(this.#first, this.#end - this.#keep);
  }

  #move() {
    const from = this.#end - this.#keep;
    for (const column of [this.times, ...this.columns]) column.copyWithin(0, from, this.#end);
    this.#first = 0;
    this.#end = this.#keep;
  }

  clear() {
    this.#first = this.#end;
  }

  /** The first slot at or after a time. @param {number} time */
  at(time) {
    let [low, high] = [this.#first, this.#end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * What is to be drawn from a time to another in so many pixels: of each bucket of samples its least and its greatest, in
   * their order, and null where it holds a hole.
   * @param {number} from
   * @param {number} to
   * @param {number} pixels
   * @returns {[number[], ...(number | null)[][]]}
   */
  window(from, to, pixels) {
    const [low, high] = [Math.max(this.#first, this.at(from) - 1), Math.min(this.#end, this.at(to) + 1)];
    const bucket = Math.max(1, Math.ceil((high - low) / Math.max(1, pixels)));
    /** @type {[number[], ...(number | null)[][]]} */
    const out = [[], ...this.columns.map(() => [])];
    const shift = (this.total - this.#end + low) % bucket;
    for (let slot = low - shift; slot < high; slot += bucket) {
      this.#bucket(Math.max(low, slot), Math.min(high, slot + bucket), out);
    }
    return out;
  }

  /**
   * @param {number} low
   * @param {number} high
   * @param {[number[], ...(number | null)[][]]} out
   */
  #bucket(low, high, out) {
    if (low >= high) return;
    out[0].push(this.times[low]);
    if (high - low > 1) out[0].push(this.times[high - 1]);
    this.columns.forEach((column, i) => {
      const into = /** @type {(number | null)[]} */ (out[i + 1]);
      if (high - low === 1) into.push(Number.isNaN(column[low]) ? null : column[low]);
      else extremes(column, low, high, into);
    });
  }
}

/**
 * @param {Float32Array} column
 * @param {number} low
 * @param {number} high
 * @param {(number | null)[]} into
 */
function extremes(column, low, high, into) {
  let [least, greatest] = [low, low];
  for (let slot = low; slot < high; slot++) {
    const value = column[slot];
    if (Number.isNaN(value)) {
      into.push(null, null);
      return;
    }
    if (value < column[least]) least = slot;
    if (value > column[greatest]) greatest = slot;
  }
  into.push(column[Math.min(least, greatest)], column[Math.max(least, greatest)]);
}
