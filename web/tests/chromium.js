// Debian's Chromium at the page of a real daemon; or at one that the test plays, behind the page's WebSocket.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { chromium } from "playwright-core";

import { watch } from "./shown.js";

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 360, height: 780 };

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

/** One for all tests of a file. @type {Promise<import("playwright-core").Browser> | null} */
let shared = null;
after(async () => (await shared)?.close());

/** Errors of a page that is opened in one of these contexts, and that a test which fails tells what it showed. */
function watched(context, page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.stack));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  watch(context, (expression) => page.evaluate(expression), errors);
  return errors;
}

/** A page that has nothing of the others'. */
export async function launch(context, options = {}) {
  shared ??= chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  const own = await (await shared).newContext({ viewport: WIDE, acceptDownloads: true, ...options });
  context.after(() => own.close());
  own.setDefaultTimeout(60_000);
  const page = await own.newPage();
  const errors = watched(context, page);
  own.on("page", (another) => watched(context, another));
  const foreign = [];
  page.on("request", (request) => foreign.push(request.url()));
  return { page, errors, foreign };
}

/** The line of its port, once a browser that was started has written it. */
async function portOf(child, profile) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${CHROMIUM} does not run`);
    try {
      const [port, rest] = readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n");
      if (rest) return port;
    } catch {
      // not yet
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One as people have it, where a tab behind another is hidden: those of launch() never are. */
export async function launchWithTabs(context) {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const child = spawn(CHROMIUM, [...ARGS, "--headless", "--no-first-run", "--remote-debugging-port=0", `--user-data-dir=${profile}`,
    `--window-size=${WIDE.width},${WIDE.height}`, "about:blank"], { stdio: "ignore" });
  const exited = new Promise((resolve) => child.on("exit", resolve).on("error", resolve));
  context.after(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  });
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await portOf(child, profile)}`, { noDefaults: true });
  context.after(() => browser.close());
  const [tabs] = browser.contexts();
  tabs.setDefaultTimeout(60_000);
  const [page] = tabs.pages();
  watched(context, page);
  return { tabs, page };
}

const AT = "2026-01-31T12:00:00.000Z";
export const T0 = 1769860800000;

const SPOOL = { bytes: 17_200_000, unread_bytes: 1_230_000, oldest_unread: AT, lag: 11525, lost_segments: 0, lost_records: 0, readers: [] };
const replies = () => ({
  health_check: { spool: SPOOL },
  get_server_info: { mains: 60, limits: { bands: 2 } },
  get_streaming_status: { sensor: { eeg: { received: 9000, skipped_by_band: 60, lost_link: 40 } } },
  get_recording_status: { is_recording: false, session_id: null, since: null, bytes: 0, lost: {}, minutes_left: null, bands: [] },
  list_recordings: { sessions: [], more: false },
});

/** The daemon that the test plays. */
export class Played {
  #socket;
  #seq = 0;
  /** Whose the data are. */
  device = "LXB-1";
  got = [];
  /** What commands are answered. */
  replies = replies();

  static async of(page) {
    const played = new Played();
    await page.routeWebSocket(/\/ws$/, (socket) => played.#open(socket));
    return played;
  }

  #open(socket) {
    this.#socket = socket;
    this.info();
    socket.onMessage((text) => {
      const { command, id, parameters } = JSON.parse(text);
      this.got.push({ command, parameters });
      const data = this.replies[command] ?? {};
      this.send({ type: "command_response", command, success: true, message: "", data, timestamp: AT, id });
    });
  }

  send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  /** Waits for a command; its parameters. */
  async asked(command) {
    for (;;) {
      const found = this.got.find((one) => one.command === command);
      if (found) return found.parameters;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  event(event_type, data) {
    this.send({ type: "event", event_type, data, timestamp: AT });
  }

  info(more = {}) {
    this.event("device_info", {
      connected: true, device_id: this.device, name: this.device, battery_level: 80, signal_strength: -60, is_streaming: true, is_recording: false,
      link: "connected", server: { name: "linkbandd", version: "1", instance: "one", backend: "bluez" }, ...more,
    });
  }

  #data(type, sensor_type, sample_rate, data) {
    const head = { device_id: this.device, timestamp: AT, sample_rate, sample_rate_measured: null, lost: 0 };
    this.send({ type, sensor_type, ...head, seq: this.#seq++, data });
  }

  /** Half a second of EEG that ends at a time: what is raw, and what is computed of it. */
  eeg(end, more = {}) {
    const times = Array.from({ length: 125 }, (_, i) => end - 500 + 4 * (i + 1));
    this.#data("raw_data", "eeg", 250, times.map((timestamp) => ({ timestamp, ch1: 1000, ch2: 1000, leadoff_ch1: false, leadoff_ch2: false })));
    const frequencies = Array.from({ length: 45 }, (_, i) => i + 1);
    const bands = { delta: 10, theta: 5, alpha: 8, beta: 3, gamma: 1 };
    const shares = { delta: 0.4, theta: 0.2, alpha: 0.25, beta: 0.1, gamma: 0.05 };
    const of = (channel) => ({
      [`${channel}_filtered`]: times.map((_, i) => 20 * Math.sin(i / 5)), [`${channel}_power`]: frequencies.map(() => 5),
      [`${channel}_leadoff`]: false, [`${channel}_sqi`]: 0.95, [`${channel}_band_powers`]: bands, [`${channel}_relative_powers`]: shares,
    });
    const data = { timestamps: times.map((time) => time - 500), frequencies, ...of("ch1"), ...of("ch2"), blinks: [], artefacts: [], signal_quality: "good" };
    this.#data("processed_data", "eeg", 250, { ...data, ...more });
  }

  /** A second of pulse. */
  ppg(end, more = {}) {
    const times = Array.from({ length: 50 }, (_, i) => end - 1000 + 20 * (i + 1));
    this.#data("raw_data", "ppg", 50, times.map((timestamp) => ({ timestamp, red: 1e6, ir: 1e6 })));
    const data = { timestamps: times, filtered_ppg: times.map((_, i) => 50 * Math.sin(i / 8)), beats: [end - 400], bpm: 70, rmssd: null, sdnn: null };
    this.#data("processed_data", "ppg", 50, { ...data, lf_hf: null, breath: null, irregular: false, signal_quality: "good", ...more });
  }

  acc(end) {
    const times = Array.from({ length: 25 }, (_, i) => end - 1000 + 40 * (i + 1));
    this.#data("raw_data", "acc", 25, times.map((timestamp) => ({ timestamp, x: 16384, y: 0, z: 0 })));
    this.#data("processed_data", "acc", 25, { timestamps: times, activity_state: "stationary", nod: 3, tilt: -2 });
  }

  /** Some seconds of all. */
  seconds(from, count, more) {
    for (let second = 1; second <= count; second++) {
      const end = from + 1000 * second;
      this.eeg(end - 500, more);
      this.eeg(end, more);
      this.ppg(end);
      this.acc(end);
    }
  }
}
