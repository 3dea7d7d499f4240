// What part of the time is drawn: the last seconds, or a part of the past.

export class View {
  seconds = 8;
  /** Where time stands still: its right edge, Unix ms. @type {number | null} */
  #held = null;
  /** Seconds before that. */
  back = 0;
  /** Drawn by dragging. @type {number | null} */
  #span = null;
  /** @type {() => void} */
  onChange = () => {};

  get paused() {
    return this.#held !== null;
  }

  /** @param {number} now */
  pause(now) {
    this.#held = now;
    this.back = 0;
    this.onChange();
  }

  resume() {
    this.#held = this.#span = null;
    this.back = 0;
    this.onChange();
  }

  /** @param {number} seconds */
  show(seconds) {
    this.seconds = seconds;
    this.#span = null;
    this.onChange();
  }

  /** @param {number} seconds */
  goBack(seconds) {
    this.back = seconds;
    this.onChange();
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  zoom(from, to) {
    this.#held = to;
    this.#span = to - from;
    this.back = 0;
    this.onChange();
  }

  /**
   * @param {number} now
   * @returns {[number, number]}
   */
  edges(now) {
    const to = (this.#held ?? now) - this.back * 1000;
    return [to - (this.#span ?? this.seconds * 1000), to];
  }
}
