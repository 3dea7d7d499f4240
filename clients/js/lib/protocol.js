// The protocol's state without any I/O: what to send, and what is meant by what came.
//
// One for the life of a band, across connections: what was subscribed, which daemon it was, which message comes next.

import { Block, KINDS } from "./blocks.js";
import { CommandError } from "./errors.js";

/** @typedef {import("../messages.js").DeviceInfo} DeviceInfo */
/** @typedef {{type: "event", event_type: string, data: any, timestamp: string}} AnyEvent */
/**
 * The outcome of a command, an event as it came, a block; null where the message means nothing to this version.
 * @typedef {{reply: number, outcome: unknown} | {event: AnyEvent} | {block: Block} | null} Received
 */
/** @typedef {{command: string, parameters: Record<string, unknown>}} Request */

/**
 * @param {unknown} text
 * @returns {any}
 */
function parse(text) {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}

export class Protocol {
  /** The last device_info. @type {DeviceInfo | null} */
  #told = null;
  /** What was last told of each band that is connected, under way or waited for, in the order they came. @type {Map<string, DeviceInfo>} */
  devices = new Map();
  /** The sensors that each band streams, as far as it was told since there is a connection. @type {Map<string, string[]>} */
  streaming = new Map();
  /** Whether the last device_info came of another daemon than the one before. */
  restarted = false;
  #number = 0;
  /** @type {Map<number, Request>} */
  #waiting = new Map();
  /** What is expected next, by band, kind and sensor. @type {Map<string, {device: string, kind: string, sensor: string, seq: number}>} */
  #next = new Map();
  /** What makes this client's subscription anew: the last `subscribe` and the distinct `unsubscribe`s since. @type {Request[]} */
  #subscribed = [];

  /** Of the band that came first of those there are, else that there is none. @returns {DeviceInfo | null} */
  get deviceInfo() {
    const [first = this.#told] = this.devices.values();
    return first;
  }

  /** Of the daemon: another one after its restart. @returns {string | null} */
  get instance() {
    return this.#told?.server?.instance ?? null;
  }

  /**
   * The command's number, and the message to send. A parameter that is null or undefined is left out.
   * @param {string} command
   * @param {object} parameters
   * @returns {[number, string]}
   */
  request(command, parameters) {
    const number = ++this.#number;
    const given = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value != null));
    this.#waiting.set(number, { command, parameters: given });
    return [number, JSON.stringify({ type: "command", command, parameters: given, id: number })];
  }

  /** The messages that make a new connection get what the last one got. */
  resubscriptions() {
    return this.#subscribed.map(({ command, parameters }) => this.request(command, parameters)[1]);
  }

  /**
   * Nobody waits for this command's outcome any more.
   * @param {number} number
   */
  forget(number) {
    this.#waiting.delete(number);
  }

  /** The connection has ended: nothing sent on it is answered any more, and what changes is not told. */
  lost() {
    this.#waiting.clear();
    this.devices.clear();
  }

  /**
   * @param {unknown} text
   * @returns {Received}
   */
  receive(text) {
    const message = parse(text);
    if (message?.type === "command_response") return this.#reply(message);
    if (message?.type === "event") return this.#event(message);
    return message?.type in KINDS ? this.#block(message) : null;
  }

  /**
   * @param {any} message
   * @returns {Received}
   */
  #reply(message) {
    const { id, data } = message;
    const asked = this.#waiting.get(id);
    if (!asked) return null;
    this.#waiting.delete(id);
    if (!message.success) return { reply: id, outcome: new CommandError(asked.command, data) };
    if (asked.command === "subscribe" || asked.command === "unsubscribe") this.#remember(asked, data);
    return { reply: id, outcome: data };
  }

  /**
   * @param {Request} asked
   * @param {Record<string, any>} inForce
   */
  #remember(asked, inForce) {
    if (asked.command === "subscribe") this.#subscribed = [];
    const same = JSON.stringify(asked);
    if (!this.#subscribed.some((one) => JSON.stringify(one) === same)) this.#subscribed.push(asked);
    // What isn't subscribed is not missed.
    for (const [key, { device, kind, sensor }] of this.#next) {
      const isOf = inForce.device_ids?.includes(device) ?? true;
      if (!isOf || !inForce[kind]?.includes(sensor)) this.#next.delete(key);
    }
  }

  /**
   * @param {AnyEvent} event
   * @returns {Received}
   */
  #event(event) {
    const { event_type, data } = event;
    if (event_type === "device_info") this.#deviceInfo(data);
    else if (event_type === "stream_started") this.streaming.set(data.device_id, data.sensors);
    else if (event_type === "stream_stopped" && !data.will_resume) this.#stopped(data);
    else if (event_type === "device_disconnected" && !data.will_reconnect) this.devices.delete(data.device_id);
    else if (event_type === "device_connection_failed" && !data.will_retry) this.devices.delete(data.device_id);
    return { event };
  }

  /** @param {DeviceInfo} data */
  #deviceInfo(data) {
    const before = this.instance;
    this.#told = data;
    this.restarted = before !== null && before !== this.instance;
    if (this.restarted) {
      this.#next.clear();
      this.streaming.clear();
    }
    if (data.device_id === null) this.devices.clear();
    else this.devices.set(data.device_id, data);
  }

  /** @param {{device_id: string, sensors: string[]}} data */
  #stopped({ device_id, sensors }) {
    const left = (this.streaming.get(device_id) ?? []).filter((sensor) => !sensors.includes(sensor));
    if (left.length) this.streaming.set(device_id, left);
    else this.streaming.delete(device_id);
  }

  /**
   * @param {any} message
   * @returns {Received}
   */
  #block(message) {
    const block = new Block(message);
    const key = JSON.stringify([block.deviceId, block.kind, block.sensor]);
    // The battery's last level comes again to each new connection, with the seq that it had.
    block.missed = Math.max(0, message.seq - (this.#next.get(key)?.seq ?? message.seq));
    this.#next.set(key, { device: block.deviceId, kind: block.kind, sensor: block.sensor, seq: message.seq + 1 });
    return { block };
  }
}
