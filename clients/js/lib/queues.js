// What waits for the program to take it: bounded, the oldest dropped and counted.

import { Block } from "./blocks.js";

/**
 * For one reader. Of what it didn't take the newest `limit` are kept; `dropped` counts the others.
 * @template T
 */
export class Queue {
  /** @type {T[]} */
  #items = [];
  #ended = false;
  /** @type {Error | null} */
  #error = null;
  /** @type {(() => void) | null} */
  #wake = null;
  #gone;

  /**
   * @param {number} limit
   * @param {(queue: any) => void} [gone] told where its reader stops reading
   */
  constructor(limit, gone = () => {}) {
    if (!(limit >= 1)) throw new RangeError("limit is not allowed as given: it must be 1 or more");
    this.limit = limit;
    this.dropped = 0;
    this.#gone = gone;
  }

  /** @param {T} item */
  put(item) {
    if (this.#ended) return;
    this.#items.push(item);
    if (this.#items.length > this.limit) {
      this.dropped += 1;
      this.drop(/** @type {T} */ (this.#items.shift()), this.#items);
    }
    this.#wake?.();
  }

  /**
   * Nothing comes any more: once what waits is taken, iterating ends, or throws the error.
   * @param {Error | null} [error]
   */
  end(error = null) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /**
   * An item goes; the rest stays.
   * @param {T} _item
   * @param {T[]} _rest
   */
  drop(_item, _rest) {}

  /**
   * An item is handed to the reader.
   * @param {T} _item
   */
  taken(_item) {}

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  async next() {
    if (this.#wake) throw new Error("two readers iterate over one stream: make one each");
    while (!this.#items.length) {
      if (this.#error) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      await new Promise((/** @type {(value?: undefined) => void} */ resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
    const value = /** @type {T} */ (this.#items.shift());
    this.taken(value);
    return { done: false, value };
  }

  /**
   * The reader has left the loop: nothing more is kept for it.
   * @returns {Promise<IteratorResult<T, undefined>>}
   */
  async return() {
    this.#items = [];
    this.end();
    this.#gone(this);
    return { done: true, value: undefined };
  }
}

/**
 * The blocks of some sensors. `lost` and `missed` are the sums of what the blocks taken so far told.
 * @extends {Queue<Block>}
 */
export class Stream extends Queue {
  /** Of which bands and sensors something comes. @type {Set<string>} */
  #running = new Set();
  /** The sensors of which nothing has come or stopped yet. @type {Set<string>} */
  #unheard;

  /**
   * @param {readonly string[]} sensors
   * @param {{kind: string, deviceId: string | null, limit: number}} choice
   * @param {(queue: any) => void} [gone]
   */
  constructor(sensors, choice, gone) {
    super(choice.limit, gone);
    this.sensors = new Set(sensors);
    this.kind = choice.kind;
    this.deviceId = choice.deviceId;
    this.lost = 0;
    this.missed = 0;
    this.#unheard = new Set(sensors);
  }

  /**
   * Takes it if it is one of this stream's. Each stream has a block of its own, to count what was dropped.
   * @param {Block} block
   */
  offer(block) {
    if (!this.sensors.has(block.sensor) || block.kind !== this.kind || !this.#isOf(block.deviceId)) return;
    this.started(block.deviceId, [block.sensor]);
    this.put(new Block(block.message, block.missed));
  }

  /**
   * The band streams these sensors, maybe beside those of other bands.
   * @param {string} deviceId
   * @param {readonly string[]} sensors
   */
  started(deviceId, sensors) {
    if (!this.#isOf(deviceId)) return;
    for (const sensor of sensors) {
      if (this.sensors.has(sensor)) this.#running.add(`${sensor} ${deviceId}`);
      this.#unheard.delete(sensor);
    }
  }

  /**
   * These sensors' streams have ended for good; this one has where nothing of any band is left.
   * @param {string} deviceId
   * @param {readonly string[]} sensors
   */
  stopped(deviceId, sensors) {
    if (!this.#isOf(deviceId)) return;
    for (const sensor of sensors) {
      this.#running.delete(`${sensor} ${deviceId}`);
      this.#unheard.delete(sensor);
    }
    if (!this.#running.size && !this.#unheard.size) this.end();
  }

  /** What ran is not known any more: the daemon is another. */
  forget() {
    this.#running.clear();
  }

  /** @param {string} deviceId */
  #isOf(deviceId) {
    return this.deviceId === null || this.deviceId === deviceId;
  }

  /**
   * @override
   * @param {Block} item
   * @param {Block[]} rest
   */
  drop(item, rest) {
    const next = rest.find((one) => one.sensor === item.sensor && one.deviceId === item.deviceId);
    if (!next) return;
    next.lost += item.lost;
    next.missed += item.missed + 1;
  }

  /**
   * @override
   * @param {Block} block
   */
  taken(block) {
    this.lost += block.lost;
    this.missed += block.missed;
  }
}
