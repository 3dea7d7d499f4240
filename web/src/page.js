// The page: a client like any other, of the public protocol alone.

import { BandsChart } from "./bands.js";
import { grades, showContact } from "./contact.js";
import { Crew } from "./crew.js";
import { button, byId, fixed, make, moment, put } from "./dom.js";
import { Finder } from "./finder.js";
import { Link } from "./link.js";
import { Markers } from "./markers.js";
import { Picker } from "./picker.js";
import { Recording } from "./recording.js";
import { Recordings } from "./recordings.js";
import { Session } from "./session.js";
import { Sound } from "./sound.js";
import { SpectrumChart } from "./spectrum.js";
import { Spectrogram } from "./spectrogram.js";
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
const [session, crew, view, sound] = [new Session(), new Crew(), new View(), new Sound()];
const traces = new Traces(crew, view);
const spectrogram = new Spectrogram(crew);
const spectrum = new SpectrumChart(crew);
const bands = new BandsChart(crew);
const heart = new Heart(crew);
const recording = new Recording(session, crew);
const picker = new Picker(session, crew);
void [new Finder(session), new Link(session, crew), new Markers(session), new Recordings(session)];

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
  crew.keep([...session.bands.keys()], session.shown);
  traces.lay();
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
  showWhose();
  for (const [id, store] of crew.all) if (!session.bands.get(id)?.streaming) stale(store, SENSORS);
  showContact(state, crew.shown);
});
button("start").addEventListener("click", () => void session.ask((band) => band.startStreaming(session.named())));
button("stop").addEventListener("click", () => void session.end("stream", (band) => band.stopStreaming(session.named()), [session.shown]));
button("start-all").addEventListener("click", () => void session.ask((band) => band.startStreaming()));
button("stop-all").addEventListener("click", () => void session.end("stream", (band) => band.stopStreaming(), thoseThatStream()));

function thoseThatStream() {
  return [...session.bands].filter(([, known]) => known.streaming).map(([id]) => id);
}

/** Of several bands whom the buttons mean. */
function showWhose() {
  const several = session.bands.size > 1;
  byId("all-bands").hidden = byId("whose").hidden = !several;
  put("whose", several ? `${session.shown}:` : "");
  for (const [id, does] of [["start", "Starts"], ["stop", "Stops"], ["disconnect", "Lets go of"]]) {
    button(id).title = several ? `${does} ${session.shown} alone` : "";
  }
  button("start-all").disabled = ![...session.bands.values()].some((known) => known.connected && !known.streaming);
  button("stop-all").disabled = !thoseThatStream().length;
}

// ---- What is live, and what isn't

/** @param {import("./store.js").Store} store @param {string[]} sensors */
function stale(store, sensors) {
  if (sensors.every((sensor) => store.since[sensor] !== null && store.values[sensor] === null)) return;
  store.stale(sensors);
  showValues();
  dirty = true;
}

function showStale() {
  for (const [pane, sensor] of [...Object.entries(PANES), ["traces-pane", "eeg"]]) {
    const since = crew.shown.since[sensor];
    const told = since === null ? "" : since === 0 ? "no data yet" : `not live since ${moment(since)}`;
    if (pane !== "traces-pane") byId(pane).classList.toggle("stale", since !== null);
    byId(pane).classList.toggle("empty", since === 0);
    const time = byId(pane).querySelector(".since");
    // Of several bands each lane tells its own.
    const words = pane === "traces-pane" && crew.shownOf ? "" : told;
    if (time && time.textContent !== words) time.textContent = words;
  }
}

session.on("event", ({ event_type, data }) => {
  if (event_type === "marker") {
    crew.mark(data.device_id ?? null, { time: data.timestamp, label: data.label });
    dirty = true;
  }
  if (!session.bands.has(data.device_id)) return;
  const store = crew.of(data.device_id);
  if (event_type === "sensor_status" && data.state !== "flowing" && SENSORS.includes(data.sensor_type)) stale(store, [data.sensor_type]);
  // Another client may have begun anew with fewer.
  if (event_type === "stream_started") stale(store, SENSORS.filter((one) => !data.sensors.includes(one)));
  if (event_type === "stream_stopped") stale(store, SENSORS.filter((one) => data.sensors.includes(one)));
});
session.on("anew", (id) => {
  crew.of(id).clear();
  view.resume();
});
session.on("shown", () => {
  spectrogram.draw();
  showValues();
  redraw();
});
session.on("lost", () => sound.lost());

// ---- Data

/** Of each band. @type {Map<string, string>} */
const contact = new Map();

session.on("raw", (block) => {
  crew.of(block.deviceId).takeRaw(block);
  const known = session.bands.get(block.deviceId);
  if (block.sensor === "bat" && known) {
    session.setBand(block.deviceId, { device: { ...known.device, battery: block.values[block.values.length - 1].level } });
  } else if (!view.paused) dirty = true;
});
session.on("processed", (block) => {
  const store = crew.of(block.deviceId);
  store.takeProcessed(block);
  if (store === crew.shown) fresh.add(block.sensor);
  const told = grades(store.values.eeg);
  const now = `${told.ch1 === "off"}${told.ch2 === "off"}`;
  if (now.includes("true") && now !== contact.get(block.deviceId)) sound.lost();
  contact.set(block.deviceId, now);
});

// ---- Drawing: only what is seen, only what has changed.

let dirty = true;
/** Of which sensors something new was computed. @type {Set<string>} */
const fresh = new Set();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function showValues() {
  showContact(session.state, crew.shown);
  spectrum.draw();
  bands.draw();
  heart.draw();
  showMotion(crew.shown);
  showIndices(crew.shown);
}

/** Milliseconds between two paints of the traces. */
const rest = () => (calm.matches ? 500 : view.seconds > 8 ? 125 : 83);

function showFresh() {
  if (fresh.has("eeg")) {
    spectrogram.draw();
    spectrum.draw();
    bands.draw();
    showContact(session.state, crew.shown);
    showIndices(crew.shown);
  }
  if (fresh.has("ppg")) heart.draw();
  if (fresh.has("acc")) showMotion(crew.shown);
  fresh.clear();
}

/** What is not the traces: twice a second. */
function describe() {
  if (document.hidden) return;
  showFresh();
  picker.show();
  traces.describe();
  showStale();
  recording.tick();
}

/** Not each frame of the screen: each costs, also where nothing has changed. */
function paint() {
  const live = crew.all.some(([, { since }]) => SENSORS.some((sensor) => since[sensor] === null));
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
