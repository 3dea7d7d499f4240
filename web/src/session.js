// The connection to the daemon, and what is known of band, stream and recording: told to whoever shows it.

import { CommandError, ConnectionLost, Rejected, connect } from "../../clients/js/linkband.js";
import { EVENTS } from "./events.js";

/**
 * @typedef {import("../../clients/js/linkband.js").Band} Band
 * @typedef {import("../../clients/js/linkband.js").RawBlock} RawBlock
 * @typedef {import("../../clients/js/linkband.js").ProcessedBlock} ProcessedBlock
 * @typedef {{name: string | null, id: string | null, battery: number | null, signal: number | null}} Device
 * @typedef {{connected: boolean, streaming: boolean, waiting: boolean, device: Device}} Known what is known of one band
 * @typedef {{open: boolean, daemon: string, known: boolean, connected: boolean, streaming: boolean, waiting: boolean,
 *   busy: "" | "scanning" | "connecting", device: Device, most: number,
 *   backend: string, bluetooth: string, recording: {id: string, since: number} | null}} State
 */

const SENSORS = /** @type {const} */ (["eeg", "ppg", "acc", "bat"]);
const NO_DEVICE = { name: null, id: null, battery: null, signal: null };
const NOBODY = { connected: false, streaming: false, waiting: false, device: NO_DEVICE };
const AGAIN_SECONDS = 2;

/** @returns {State} */
const unknown = () => ({
  open: false, daemon: "", known: false, connected: false, streaming: false, waiting: false, busy: "",
  device: NO_DEVICE, most: 1, backend: "", bluetooth: "", recording: null,
});

export class Session {
  /** What of it is about a band is about the one that is shown; `most`: so many may be connected. */
  state = unknown();
  /** Those that are connected, or waited for, in the order they came. @type {Map<string, Known>} */
  bands = new Map();
  /** @type {string | null} */
  shown = null;
  /** @type {Band | null} */
  band = null;
  /** What this page has asked to end, and of which band, and not yet heard the end of: the rest is another client's doing. @type {Set<string>} */
  mine = new Set();
  /** @type {Map<string, ((told: any) => void)[]>} */
  #listeners = new Map();

  /**
   * `change`: the state has; `say`: a sentence for people; `event`: of the daemon; `raw`, `processed`: a block; `anew`: a band's time
   * begins anew; `shown`: it is another band's turn; `open`, `lost`.
   * @param {"change" | "say" | "event" | "raw" | "processed" | "open" | "lost" | "anew" | "shown"} name
   * @param {(told: any) => void} listener
   */
  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  /**
   * @param {string} name
   * @param {any} [told]
   */
  tell(name, told) {
    for (const listener of this.#listeners.get(name) ?? []) listener(told);
  }

  /**
   * @param {string} sentence
   * @param {boolean} [isError]
   */
  say(sentence, isError = false) {
    this.tell("say", { sentence, isError });
  }

  /** @param {Partial<State>} news */
  set(news) {
    Object.assign(this.state, news);
    this.tell("change", this.state);
  }

  /**
   * What is known of a band; null: it is gone.
   * @param {string} id
   * @param {Partial<Known> | null} news
   */
  setBand(id, news) {
    if (news) this.bands.set(id, { ...NOBODY, ...this.bands.get(id), ...news });
    else this.bands.delete(id);
    this.#look();
  }

  /** None is there. */
  noBand() {
    this.bands.clear();
    this.#look();
  }

  /** The panes of one band show this one. @param {string} id */
  show(id) {
    this.shown = id;
    this.#look();
  }

  #look() {
    const before = this.shown;
    if (this.shown === null || !this.bands.has(this.shown)) [this.shown = null] = this.bands.keys();
    this.set((this.shown === null ? undefined : this.bands.get(this.shown)) ?? NOBODY);
    if (this.shown !== before) this.tell("shown");
  }

  /** The parameter of commands that are about the band that is shown. @returns {{device_id?: string}} */
  named() {
    return this.shown !== null && this.bands.size > 1 ? { device_id: this.shown } : {};
  }

  /**
   * Ends something: the recording, or bands' streams or connections.
   * @param {"recording" | "stream" | "device"} what
   * @param {(band: Band) => Promise<unknown>} ask
   * @param {(string | null)[]} [ids] of these bands
   */
  async end(what, ask, ids = [null]) {
    const keys = ids.map((id) => `${what} ${id ?? ""}`);
    for (const key of keys) this.mine.add(key);
    if (!(await this.ask(ask))) for (const key of keys) this.mine.delete(key);
  }

  /**
   * Sends a command; what goes wrong is said. Null where it did.
   * @template T
   * @param {(band: Band) => Promise<T>} ask
   * @returns {Promise<T | null>}
   */
  async ask(ask) {
    try {
      return this.band ? await ask(this.band) : null;
    } catch (error) {
      if (!(error instanceof ConnectionLost) && !(error instanceof CommandError)) throw error;
      if (this.state.busy) this.set({ busy: "" });
      if (!(error instanceof CommandError) || error.code !== "CANCELLED") this.say(error.message, true);
      return null;
    }
  }

  /**
   * Tries until there is a connection; from then on the client makes a lost one anew by itself.
   * @param {string} url
   * @param {string | null} token
   */
  async begin(url, token) {
    while (!this.band) {
      try {
        this.band = await connect(url, { token });
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (error instanceof Rejected) return this.#rejected(error.reason);
        this.set({ daemon: this.#trying(error.reason) });
        await new Promise((resolve) => setTimeout(resolve, AGAIN_SECONDS * 1000));
      }
    }
    this.#listen(this.band);
    this.#opened(this.band);
    return undefined;
  }

  /** @param {string} reason */
  #trying(reason) {
    return `No connection to the daemon: ${reason.includes("no place") ? `${reason}: close another` : reason}; trying again`;
  }

  /** @param {string} reason */
  #rejected(reason) {
    const token = reason.startsWith("401") ? ": open this page with ?token=… in the address" : "";
    this.set({ ...unknown(), daemon: `The daemon does not let this page in: ${reason}${token}` });
  }

  /** @param {Band} band */
  #listen(band) {
    void this.#events(band);
    void this.#drink(band, "raw");
    void this.#drink(band, "processed");
  }

  /** @param {Band} band */
  async #events(band) {
    try {
      for await (const event of band.events()) {
        if (event.event_type === "connection_lost") this.#lost(event.data);
        else if (event.event_type === "connection_restored") this.#restored(band, event.data.restarted);
        else this.#heard(event);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }

  /**
   * A stream's iteration ends with its stream; there may be another.
   * @param {Band} band
   * @param {"raw" | "processed"} kind
   */
  async #drink(band, kind) {
    try {
      for (;;) {
        const blocks = kind === "raw" ? band.stream(SENSORS, { limit: 4096 })
          : band.stream(["eeg", "ppg", "acc"], { kind: "processed", limit: 1024 });
        for await (const block of blocks) this.tell(kind, block);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }

  /** @param {{code: number, reason: string, will_reconnect: boolean}} loss */
  #lost({ reason, will_reconnect }) {
    if (!will_reconnect) return this.#rejected(reason);
    this.mine.clear();
    this.noBand();
    this.set({ ...unknown(), daemon: this.#trying(reason) });
    this.tell("lost");
    this.say(this.state.daemon, true);
    return undefined;
  }

  /** @param {Band} band @param {boolean} restarted */
  #restored(band, restarted) {
    this.#opened(band);
    this.say(restarted ? "The daemon has begun anew." : "The connection to the daemon is back.");
  }

  /** @param {Band} band */
  #opened(band) {
    this.set({ open: true });
    for (const data of band.devices.size ? band.devices.values() : [band.deviceInfo]) if (data) this.#heard({ event_type: "device_info", data });
    void band.getServerInfo().then(({ limits }) => this.set({ most: limits.bands }), () => {});
    this.tell("open", band);
  }

  /** @param {{event_type: string, data: any}} event */
  #heard(event) {
    EVENTS[event.event_type]?.(this, event.data);
    this.tell("event", event);
    this.tell("change", this.state);
  }
}
