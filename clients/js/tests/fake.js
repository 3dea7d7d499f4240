// A daemon that does what the test tells it: one async function a connection, in order, the last for all later ones.

import * as linkband from "../linkband.js";

const AT = "2026-01-31T12:00:00.000Z";

export const event = (name, data = {}) => JSON.stringify({ type: "event", event_type: name, data, timestamp: AT });
export const deviceInfo = (instance = "one") =>
  event("device_info", { connected: true, device_id: "LXB-1", is_streaming: false, server: { instance } });
export const stopped = (sensors, { device_id = "LXB-1", will_resume = false } = {}) =>
  event("stream_stopped", { device_id, sensors, reason: "user_request", will_resume });
export const block = (seq, { sensor = "ppg", lost = 0, device_id = "LXB-1" } = {}) =>
  JSON.stringify({
    type: "raw_data", sensor_type: sensor, device_id, timestamp: AT, sample_rate: 50, sample_rate_measured: null, seq, lost,
    data: [{ timestamp: 1000 * seq, red: seq, ir: 2 * seq }],
  });
export const reply = ({ command, id }, data = {}) =>
  JSON.stringify({ type: "command_response", command, success: true, message: "", data, timestamp: AT, id });
export const failure = ({ command, id }, data) =>
  JSON.stringify({ type: "command_response", command, success: false, message: data.error_message, data, timestamp: AT, id });

/** A turn of the loop: what is under way by promises has happened then. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The daemon's end of one connection. */
class Peer {
  #socket;
  #commands = [];
  #waiting = null;

  constructor(socket) {
    this.#socket = socket;
    this.got = [];
  }

  open() {
    this.#socket.onopen?.({});
  }

  async send(...texts) {
    for (const data of texts) {
      await turn();
      this.#socket.onmessage?.({ data });
    }
  }

  heard(text) {
    const message = JSON.parse(text);
    this.got.push(message);
    this.#commands.push(message);
    this.#waiting?.();
  }

  /** The next command. */
  async take() {
    while (!this.#commands.length) await new Promise((resolve) => (this.#waiting = resolve));
    return this.#commands.shift();
  }

  async end(code, reason = "") {
    await turn();
    this.#socket.onclose?.({ code, reason });
  }

  /** Until the client goes. */
  stay() {
    return new Promise(() => {});
  }
}

/** `fake.WebSocket` and `fake.fetch` for connect(); `status`: what HTTP answers, null for nothing at all. */
export class Fake {
  constructor(...scripts) {
    const fake = this;
    this.peers = [];
    this.urls = [];
    this.asked = [];
    this.status = null;
    this.closed = 0;
    this.refusing = false;
    this.WebSocket = class {
      constructor(url) {
        fake.urls.push(url);
        const peer = new Peer(this);
        this.peer = peer;
        const script = scripts[Math.min(fake.peers.length, scripts.length - 1)];
        fake.peers.push(peer);
        void turn().then(() => {
          if (fake.refusing) return peer.end(1006);
          peer.open();
          return script(peer);
        });
      }

      send(text) {
        this.peer.heard(text);
      }

      close() {
        fake.closed += 1;
      }
    };
    this.fetch = async (url, options) => {
      this.asked.push([options.method, url]);
      if (this.status === null) throw new TypeError("fetch failed");
      return { status: this.status };
    };
  }

  options(more = {}) {
    return { WebSocket: this.WebSocket, fetch: this.fetch, delay: () => 0, ...more };
  }
}

/** A connection that says who it is and then what comes. */
export const says = (...texts) => async (peer) => {
  await peer.send(deviceInfo(), ...texts);
  await peer.stay();
};

export const URL_ = "ws://localhost:1/ws";
export const client = (fake, options) => linkband.connect(URL_, fake.options(options));

export async function take(iterable, count) {
  const taken = [];
  while (taken.length < count) taken.push((await iterable.next()).value);
  return taken;
}

export async function all(iterable) {
  const taken = [];
  for await (const one of iterable) taken.push(one);
  return taken;
}

export async function named(events, name) {
  for (;;) {
    const { value } = await events.next();
    if (value.event_type === name) return value;
  }
}
