// The page: a client like any other, of the public protocol alone.

import { BandsChart } from "./bands.js";
import { grades, showContact } from "./contact.js";
import { button, byId, fixed, make, moment, put } from "./dom.js";
import { Finder } from "./finder.js";
import { Link } from "./link.js";
import { Markers } from "./markers.js";
import { Recording } from "./recording.js";
import { Recordings } from "./recordings.js";
import { Session } from "./session.js";
import { Sound } from "./sound.js";
import { SpectrumChart } from "./spectrum.js";
import { Spectrogram } from "./spectrogram.js";
import { Store } from "./store.js";
import { beginTheme, onTheme } from "./theme.js";
import { Traces } from "./traces.js";
import { View } from "./view.js";
import { Heart, showIndices, showMotion } from "./vitals.js";

const SENSORS = ["eeg", "ppg", "acc"];
const PANES = /** @type {Record<string, string>} */ ({
  "head-pane": "eeg", "spectrogram-pane": "eeg", "spectrum-pane": "eeg", "bands-pane": "eeg", "heart-pane": "ppg", "motion-pane": "acc",
});
const LOG_LINES = 100;

beginTheme();
const [session, store, view, sound] = [new Session(), new Store(), new View(), new Sound()];
const traces = new Traces(store, view);
const spectrogram = new Spectrogram(store);
const spectrum = new SpectrumChart(store);
const bands = new BandsChart(store);
const heart = new Heart(store);
const recording = new Recording(session, store);
void [new Finder(session), new Link(session, store), new Markers(session), new Recordings(session)];

// ---- What is said

session.on("say", ({ sentence, isError }) => {
  put("notice", sentence);
  byId("notice").classList.toggle("error", isError);
  const time = make("time", { text: moment(Date.now()) });
  const item = make("li", isError ? { class: "error" } : {}, time, make("span", { text: sentence }));
  byId("log").prepend(item);
  while (byId("log").children.length > LOG_LINES) byId("log").lastChild?.remove();
});

function word() {
  const { connected, streaming, waiting, busy } = session.state;
  if (connected) return streaming ? ["live", "streaming"] : ["on", "connected"];
  if (waiting) return ["waiting", "lost, waiting for it"];
  return busy ? ["waiting", `${busy}…`] : ["off", "not connected"];
}

session.on("change", (state) => {
  const [is, words] = word();
  byId("state").dataset.is = is;
  put("state", words);
  put("daemon", state.daemon || "Connecting to the daemon…");
  put("name", state.device.name ?? "–");
  put("battery", fixed(state.device.battery, 0, "%"));
  put("signal", fixed(state.device.signal, 0, "dBm"));
  button("start").disabled = !state.connected || state.streaming;
  button("start").classList.toggle("primary", state.connected && !state.streaming);
  button("stop").disabled = !state.streaming;
  button("disconnect").disabled = !(state.connected || state.waiting || state.busy === "connecting");
  button("disconnect").textContent = state.waiting && !state.connected ? "Stop waiting" : "Disconnect";
  if (!state.streaming) stale(SENSORS);
  showContact(state, store);
});
button("start").addEventListener("click", () => void session.ask((band) => band.startStreaming()));
button("stop").addEventListener("click", () => void session.end("stream", (band) => band.stopStreaming()));

// ---- What is live, and what isn't

/** @param {string[]} sensors */
function stale(sensors) {
  store.stale(sensors);
  showValues();
  dirty = true;
}

function showStale() {
  for (const [pane, sensor] of [...Object.entries(PANES), ["traces-pane", "eeg"]]) {
    const since = store.since[sensor];
    const told = since === null ? "" : since === 0 ? "no data yet" : `not live since ${moment(since)}`;
    if (pane !== "traces-pane") byId(pane).classList.toggle("stale", since !== null);
    byId(pane).classList.toggle("empty", since === 0);
    const time = byId(pane).querySelector(".since");
    if (time && time.textContent !== told) time.textContent = told;
  }
}

session.on("event", ({ event_type, data }) => {
  if (event_type === "sensor_status" && data.state !== "flowing" && data.sensor_type in store.since) stale([data.sensor_type]);
  // Another client may have begun anew with fewer.
  if (event_type === "stream_started") stale(SENSORS.filter((one) => !data.sensors.includes(one)));
  if (event_type === "stream_stopped") stale(data.sensors.filter((/** @type {string} */ one) => one in store.since));
  if (event_type === "marker") {
    store.mark({ time: data.timestamp, label: data.label });
    dirty = true;
  }
});
session.on("anew", () => {
  store.clear();
  view.resume();
});
session.on("lost", () => sound.lost());

// ---- Data

let contact = "";

session.on("raw", (block) => {
  store.takeRaw(block);
  if (block.sensor === "bat") session.set({ device: { ...session.state.device, battery: block.values[block.values.length - 1].level } });
  else if (!view.paused) dirty = true;
});
session.on("processed", (block) => {
  store.takeProcessed(block);
  fresh.add(block.sensor);
  const told = grades(store.values.eeg);
  const now = `${told.ch1 === "off"}${told.ch2 === "off"}`;
  if (now.includes("true") && now !== contact) sound.lost();
  contact = now;
});

// ---- Drawing: only what is seen, only what has changed.

let dirty = true;
/** Of which sensors something new was computed. @type {Set<string>} */
const fresh = new Set();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function showValues() {
  showContact(session.state, store);
  spectrum.draw();
  bands.draw();
  heart.draw();
  showMotion(store);
  showIndices(store);
}

/** Milliseconds between two paints of the traces. */
const rest = () => (calm.matches ? 500 : view.seconds > 8 ? 125 : 83);

function showFresh() {
  if (fresh.has("eeg")) {
    spectrogram.draw();
    spectrum.draw();
    bands.draw();
    showContact(session.state, store);
    showIndices(store);
  }
  if (fresh.has("ppg")) heart.draw();
  if (fresh.has("acc")) showMotion(store);
  fresh.clear();
}

/** What is not the traces: twice a second. */
function describe() {
  if (document.hidden) return;
  showFresh();
  traces.describe();
  showStale();
  recording.tick();
}

/** Not each frame of the screen: each costs, also where nothing has changed. */
function paint() {
  const live = session.state.streaming && SENSORS.some((sensor) => store.since[sensor] === null);
  if (!document.hidden && (live ? !view.paused || dirty : dirty)) {
    dirty = false;
    requestAnimationFrame(() => traces.draw());
  }
  setTimeout(paint, live ? rest() : 250);
}

function redraw() {
  dirty = true;
  traces.describe();
}
view.onChange = redraw;
document.addEventListener("visibilitychange", () => {
  redraw();
  describe();
});
onTheme(() => {
  redraw();
  spectrogram.draw();
  showValues();
});
addEventListener("resize", () => {
  redraw();
  spectrogram.draw();
});

const base = new URL("ws", location.href);
const url = `${base.protocol.replace("http", "ws")}//${base.host}${base.pathname}`;
void session.begin(url, new URLSearchParams(location.search).get("token"));
setInterval(describe, 500);
paint();
