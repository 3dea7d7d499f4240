// A band over the daemon's WebSocket.

import { Commands } from "./commands.js";
import { Connection } from "./connection.js";
import { ConnectionLost } from "./errors.js";
import { Handlers } from "./handlers.js";
import { Protocol } from "./protocol.js";
import { Queue, Stream } from "./queues.js";
import { Pause, again, delay } from "./reconnection.js";

export const DEFAULT_URL = "ws://localhost:8121/ws";

/**
 * @typedef {import("./protocol.js").AnyEvent} AnyEvent
 * @typedef {import("../linkband.js").ConnectOptions} ConnectOptions
 * @typedef {{open: () => Promise<Connection>, reconnect: boolean, wait: (tries: number) => number,
 *   complain: (error: unknown) => void}} Ways
 * @typedef {{resolve: (data: any) => void, reject: (error: unknown) => void}} Pending
 */

/**
 * An event of this package, not of the daemon.
 * @param {string} name
 * @param {object} data
 * @returns {AnyEvent}
 */
const ownEvent = (name, data) => ({ type: "event", event_type: name, data, timestamp: new Date().toISOString() });

/**
 * Made by connect(). Each command is a promise that settles in any case: with the reply's data, by CommandError where
 * the daemon refuses it, by ConnectionLost where the connection ends first or there is none. Nothing is ever sent again
 * by itself.
 */
export class Band extends Commands {
  #ways;
  #protocol = new Protocol();
  #handlers;
  #pause = new Pause();
  /** @type {Connection | null} */
  #connection = null;
  #ended = false;
  #why = new ConnectionLost(1000, "not connected yet");
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** @type {Set<Stream>} */
  #streams = new Set();
  /** @type {Set<Queue<AnyEvent>>} */
  #queues = new Set();

  /** @param {Ways} ways */
  constructor(ways) {
    super();
    this.#ways = ways;
    this.#handlers = new Handlers(ways.complain);
  }

  /** The first connection, tried once. Throws NotReachable or Rejected. */
  async begin() {
    const connection = await this.#ways.open();
    this.#use(connection);
    void this.#live(connection);
    return this;
  }

  /** To the daemon; whether a band is, tells `deviceInfo`. */
  get connected() {
    return this.#connection !== null;
  }

  /** As it was last told; of several bands that of the one that came first. */
  get deviceInfo() {
    return this.#protocol.deviceInfo;
  }

  /** What was last told of each band that is connected, under way or waited for, by its device_id. */
  get devices() {
    return new Map(this.#protocol.devices);
  }

  /** What waits for an answer gets ConnectionLost, iterations end. */
  close() {
    const connection = this.#connection;
    this.#lose(new ConnectionLost(1000, "closed by this program"));
    this.#end(null);
    this.#pause.end();
    connection?.close();
  }

  /**
   * @param {string} name
   * @param {(event: any) => unknown} handler
   */
  on(name, handler) {
    return this.#handlers.add(name, handler);
  }

  events({ limit = 1024 } = {}) {
    /** @type {Queue<AnyEvent>} */
    const queue = new Queue(limit, (one) => this.#queues.delete(one));
    return this.#add(this.#queues, queue);
  }

  /**
   * @param {string | readonly string[]} sensors
   * @param {{kind?: string, deviceId?: string | null, limit?: number}} [choice]
   */
  stream(sensors, { kind = "raw", deviceId = null, limit = 256 } = {}) {
    const named = typeof sensors === "string" ? [sensors] : sensors;
    if (!named?.length) throw new RangeError("no sensor was named: eeg, ppg, acc or bat");
    const stream = new Stream(named, { kind, deviceId, limit }, (one) => this.#streams.delete(one));
    for (const [device, running] of this.#protocol.streaming) stream.started(device, running);
    return this.#add(this.#streams, stream);
  }

  /**
   * @template {Queue<any>} T
   * @param {Set<T>} queues
   * @param {T} queue
   */
  #add(queues, queue) {
    if (this.#ended) queue.end(this.#why);
    else queues.add(queue);
    return queue;
  }

  /**
   * @override
   * @param {string} name
   * @param {object} [parameters]
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<any>}
   */
  async command(name, parameters = {}, { signal } = {}) {
    signal?.throwIfAborted();
    const connection = this.#connection;
    if (!connection) throw this.#why;
    const [number, text] = this.#protocol.request(name, parameters);
    const abort = () => this.#pending.get(number)?.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(number, { resolve, reject });
        connection.send(text);
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(number);
      this.#protocol.forget(number);
    }
  }

  /**
   * Makes a new connection the one that is used: its first message tells whose it is.
   * @param {Connection} connection
   */
  #use(connection) {
    this.#take(connection.first());
    for (const text of this.#protocol.resubscriptions()) connection.send(text);
    this.#connection = connection;
  }

  /** @param {Connection} first */
  async #live(first) {
    /** @type {Connection | null} */
    let connection = first;
    try {
      while (connection) {
        connection.run((text) => this.#take(text));
        const lost = await connection.ended;
        if (this.#ended) return;
        this.#lose(lost);
        this.#dispatch(ownEvent("connection_lost", this.#told(lost, this.#ways.reconnect)));
        if (!this.#ways.reconnect) return this.#end(lost);
        connection = await this.#resume();
      }
    } catch (error) {
      this.#reject(/** @type {ConnectionLost} */ (error));
    }
  }

  async #resume() {
    const how = { wait: this.#ways.wait, pause: this.#pause, wanted: () => !this.#ended };
    const connection = await again(this.#ways.open, how);
    if (!connection || this.#ended) {
      connection?.close();
      return null;
    }
    this.#use(connection);
    const { restarted, instance } = this.#protocol;
    this.#dispatch(ownEvent("connection_restored", { restarted, instance }));
    return connection;
  }

  /** @param {ConnectionLost} final */
  #reject(final) {
    this.#why = final;
    this.#dispatch(ownEvent("connection_lost", this.#told(final, false)));
    this.#end(final);
  }

  /**
   * @param {ConnectionLost} lost
   * @param {boolean} willReconnect
   */
  #told(lost, willReconnect) {
    return { code: lost.code, reason: lost.reason, will_reconnect: willReconnect };
  }

  /** @param {ConnectionLost} lost */
  #lose(lost) {
    this.#connection = null;
    this.#why = lost;
    this.#protocol.lost();
    for (const { reject } of [...this.#pending.values()]) reject(lost);
  }

  /** @param {ConnectionLost | null} error */
  #end(error) {
    this.#ended = true;
    for (const queue of [...this.#streams, ...this.#queues]) queue.end(error);
    this.#streams.clear();
    this.#queues.clear();
  }

  /** @param {unknown} text */
  #take(text) {
    const received = this.#protocol.receive(text);
    if (!received) return;
    if ("reply" in received) this.#settle(received.reply, received.outcome);
    else if ("block" in received) for (const stream of [...this.#streams]) stream.offer(received.block);
    else {
      this.#followStreams(received.event);
      this.#dispatch(received.event);
    }
  }

  /**
   * @param {number} number
   * @param {unknown} outcome
   */
  #settle(number, outcome) {
    const pending = this.#pending.get(number);
    if (outcome instanceof Error) pending?.reject(outcome);
    else pending?.resolve(outcome);
  }

  /** @param {AnyEvent} event */
  #followStreams({ event_type, data }) {
    for (const stream of [...this.#streams]) {
      if (event_type === "stream_started") stream.started(data.device_id, data.sensors);
      else if (event_type === "stream_stopped" && !data.will_resume) stream.stopped(data.device_id, data.sensors);
      else if (event_type === "device_info" && this.#protocol.restarted) stream.forget();
    }
  }

  /** @param {AnyEvent} event */
  #dispatch(event) {
    for (const queue of [...this.#queues]) queue.put(event);
    this.#handlers.dispatch(event);
  }
}

/** Where nobody else is told: a page's own report, else the console. @param {unknown} error */
function complain(error) {
  if (typeof reportError === "function") reportError(error);
  else console.error("a handler of linkband's events failed:", error);
}

/**
 * @param {string} [url]
 * @param {ConnectOptions} [options]
 */
export async function connect(url = DEFAULT_URL, options = {}) {
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  if (!WebSocket) throw new TypeError("there is no WebSocket here: hand one in, connect(url, {WebSocket}), as of `ws`");
  const way = {
    url,
    token: options.token ?? null,
    timeout: options.openTimeout ?? 10,
    silence: options.silence ?? 20,
    WebSocket,
    fetch: options.fetch ?? globalThis.fetch?.bind(globalThis),
  };
  const band = new Band({
    open: () => Connection.open(way),
    reconnect: options.reconnect ?? true,
    wait: options.delay ?? delay,
    complain: options.onHandlerError ?? complain,
  });
  return band.begin();
}
