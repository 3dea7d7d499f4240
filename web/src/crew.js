// The bands' stores: one a band, and which of them the panes of one band show.

import { Store } from "./store.js";

export class Crew {
  /** In the order they came. @type {Map<string, Store>} */
  stores = new Map();
  /** Before the first band: what has nothing. */
  #none = new Store();
  /** @type {string | null} */
  #shown = null;

  /** Its name where there are several, else "". */
  get shownOf() {
    return this.stores.size > 1 ? this.#shown ?? "" : "";
  }

  /** What the panes of one band show. */
  get shown() {
    return (this.#shown === null ? undefined : this.stores.get(this.#shown)) ?? this.#none;
  }

  /** All that are drawn. @returns {[string, Store][]} */
  get all() {
    return this.stores.size ? [...this.stores] : [["", this.#none]];
  }

  /** The right edge of what is live of any, Unix ms. */
  now() {
    return Math.max(...this.all.map(([, store]) => store.now()));
  }

  /** Made with the band's first word; what is marked is marked in all. @param {string} id */
  of(id) {
    let store = this.stores.get(id);
    if (!store) {
      store = new Store();
      store.markers = [...this.shown.markers];
      this.stores.set(id, store);
    }
    return store;
  }

  /**
   * Only these bands are there. What was seen last stays to be looked at until another band comes.
   * @param {string[]} ids
   * @param {string | null} shown
   */
  keep(ids, shown) {
    if (!ids.length) return;
    for (const id of ids) this.of(id);
    for (const id of [...this.stores.keys()]) if (!ids.includes(id)) this.stores.delete(id);
    this.#shown = shown;
  }

  /** @param {string | null} id of all where it is null @param {import("./store.js").Marker} marker */
  mark(id, marker) {
    for (const [one, store] of this.all) if (id === null || id === one) store.mark(marker);
  }
}
