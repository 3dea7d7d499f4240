// Who hears which event.

/** @typedef {import("./protocol.js").AnyEvent} AnyEvent */

export class Handlers {
  /** @type {Map<string, Set<{handle: (event: any) => unknown}>>} */
  #byName = new Map();
  #complain;

  /** @param {(error: unknown) => void} complain told what a handler throws: nothing else is disturbed by it */
  constructor(complain) {
    this.#complain = complain;
  }

  /**
   * Returns what undoes it.
   * @param {string} name
   * @param {(event: any) => unknown} handle
   */
  add(name, handle) {
    const handler = { handle };
    const all = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, all.add(handler));
    return () => {
      all.delete(handler);
    };
  }

  /** @param {AnyEvent} event */
  dispatch(event) {
    for (const { handle } of [...(this.#byName.get(event.event_type) ?? [])]) {
      try {
        Promise.resolve(handle(event)).catch(this.#complain);
      } catch (error) {
        this.#complain(error);
      }
    }
  }
}
