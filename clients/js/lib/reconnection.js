// When a lost connection is made anew, and when not.

import { NotReachable } from "./errors.js";

const SHORTEST = 0.5;
const LONGEST = 30;

/**
 * Seconds before the next try after `tries` vain ones: between 0.5 s and twice as much each time, 30 s at most; at
 * random, so that many clients of one daemon don't come back at once.
 * @param {number} tries
 */
export function delay(tries) {
  const longest = Math.min(LONGEST, SHORTEST * 2 ** Math.min(tries + 1, 10));
  return SHORTEST + Math.random() * (longest - SHORTEST);
}

/** Seconds of rest, which can be ended. */
export class Pause {
  /** @type {() => void} */
  end = () => {};

  /** @param {number} seconds */
  rest(seconds) {
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Tries until a connection is made, or nobody wants one any more (null); what is Rejected (401, 403, 404) is not tried
 * again, but thrown.
 * @template T
 * @param {() => Promise<T>} open
 * @param {{wait: (tries: number) => number, pause: Pause, wanted: () => boolean}} how
 * @returns {Promise<T | null>}
 */
export async function again(open, { wait, pause, wanted }) {
  for (let tries = 0; ; tries++) {
    await pause.rest(wait(tries));
    if (!wanted()) return null;
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NotReachable)) throw error;
    }
  }
}
