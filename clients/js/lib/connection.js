// One WebSocket to the daemon, used once.

import { ConnectionLost, NotReachable, Rejected } from "./errors.js";

/**
 * What is used of a WebSocket: the browsers' own, Node's since 22, `ws` from npm.
 * @typedef {import("../linkband.js").Socket} Socket
 * @typedef {{url: string, token: string | null, timeout: number, silence: number,
 *   WebSocket: new (url: string) => Socket, fetch: typeof fetch | undefined}} Way
 */

/** @type {Record<number, string>} */
const REASONS = {
  401: "the token is missing or wrong",
  403: "the daemon takes no clients from this host or origin",
  404: "there is no WebSocket at this path: it is /ws",
};
const FULL = "the daemon is there, but has no place for one more client";
const HEALTH_CHECK = JSON.stringify({ type: "health_check" });

/**
 * The address with the token, which a browser can't send otherwise.
 * @param {Way} way
 */
function address({ url, token }) {
  const full = new URL(url);
  if (full.protocol !== "ws:" && full.protocol !== "wss:") {
    throw new TypeError(`${shown(url)} is no WebSocket's address: it must be like ws://localhost:8121/ws`);
  }
  if (token !== null) full.searchParams.set("token", token);
  return full;
}

/**
 * Without a token.
 * @param {string} url
 */
const shown = (url) => url.replace(/\?.*/s, "");

/**
 * Why no WebSocket could be made: that is told to no page, but HTTP is answered at the same address by the same rules.
 * @param {Way} way
 * @returns {Promise<ConnectionLost>}
 */
async function refusal(way) {
  const url = address(way);
  url.protocol = url.protocol.replace("ws", "http");
  const status = await way.fetch?.(url.href, { method: "HEAD", cache: "no-store" }).then(
    (answer) => answer.status,
    () => null,
  );
  if (status == null) return new NotReachable(1006, `no WebSocket answers at ${shown(way.url)}`);
  if (status in REASONS) return new Rejected(status, `${status}: ${REASONS[status]}`);
  return new NotReachable(1013, FULL);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} seconds
 * @param {() => Error} error
 * @returns {Promise<T>}
 */
function within(promise, seconds, error) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(error()), seconds * 1000);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export class Connection {
  /** Settles with the loss; the first reason counts. @type {Promise<ConnectionLost>} */
  ended;
  #socket;
  #opened = false;
  /** What came before anybody took it. @type {unknown[]} */
  #early = [];
  /** @type {((text: unknown) => void) | null} */
  #take = null;
  #heard = false;
  #asked = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch;
  /** @type {(lost: ConnectionLost) => void} */
  #end = () => {};
  /** @type {() => void} */
  #came = () => {};

  /** @param {Way} way */
  constructor(way) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const socket = (this.#socket = new way.WebSocket(address(way).href));
    socket.onopen = () => {
      this.#opened = true;
    };
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onerror = () => {}; // a close follows, and tells as much
    socket.onclose = ({ code, reason }) =>
      this.#lose(new ConnectionLost(code, reason || (code === 1006 ? "the connection broke" : "")));
  }

  /**
   * Throws NotReachable or Rejected. The first message, device_info, has come: of more clients than it has places for
   * the daemon takes the connection, but says nothing.
   * @param {Way} way
   */
  static async open(way) {
    const connection = new Connection(way);
    const late = () => new NotReachable(1006, `${shown(way.url)} does not answer within ${way.timeout} s`);
    try {
      await within(connection.#begin(way), way.timeout, late);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** @param {Way} way */
  async #begin(way) {
    const came = new Promise((/** @type {(value: null) => void} */ resolve) => {
      this.#came = () => resolve(null);
    });
    const lost = await Promise.race([came, this.ended]);
    if (lost) throw this.#opened ? new NotReachable(lost.code, lost.reason) : await refusal(way);
    this.#watch = setInterval(() => this.#check(), way.silence * 1000);
    // Of Node: it is the socket that holds the program, not this.
    if (typeof this.#watch === "object") this.#watch.unref();
  }

  /** The first message. */
  first() {
    return this.#early.shift();
  }

  /**
   * Hands on each further message, also those that have come already, until the connection ends.
   * @param {(text: unknown) => void} take
   */
  run(take) {
    this.#take = take;
    for (const text of this.#early.splice(0)) take(text);
  }

  /** @param {string} text */
  send(text) {
    this.#socket.send(text);
  }

  close() {
    this.#lose(new ConnectionLost(1000, "closed by this program"));
  }

  /** @param {unknown} text */
  #hear(text) {
    this.#heard = true;
    if (this.#take) this.#take(text);
    else this.#early.push(text);
    this.#came();
  }

  /** A page can't ping: a daemon that says nothing for a while is asked something, and lost if it still says nothing. */
  #check() {
    if (this.#heard) {
      this.#heard = this.#asked = false;
    } else if (this.#asked) {
      this.#lose(new ConnectionLost(1006, "the daemon says nothing any more"));
    } else {
      this.#asked = true;
      this.send(HEALTH_CHECK);
    }
  }

  /** @param {ConnectionLost} lost */
  #lose(lost) {
    clearInterval(this.#watch);
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Where there is a way not to wait for one that says nothing, it is taken.
    if (lost.code === 1006 && socket.terminate) socket.terminate();
    else socket.close();
    this.#end(lost);
  }
}
