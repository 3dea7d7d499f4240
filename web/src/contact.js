// The head: each electrode by fill, shape and word; one sentence on what to do now.

import { byId, put } from "./dom.js";

const GOOD_SQI = 0.7;
const SIDES = /** @type {const} */ ({ ch1: "left", ch2: "right" });
export const SIGNS = { good: "✓", poor: "~", off: "✕", unknown: "–" };
const WORDS = { good: "good", poor: "poor", off: "no contact", unknown: "" };

/** @typedef {"good" | "poor" | "off" | "unknown"} Grade */
/** @typedef {import("./store.js").Store} Store */

/** @param {any} data @param {"ch1" | "ch2"} channel @returns {Grade} */
function grade(data, channel) {
  if (!data) return "unknown";
  if (data[`${channel}_leadoff`]) return "off";
  return data[`${channel}_sqi`] !== null && data[`${channel}_sqi`] >= GOOD_SQI ? "good" : "poor";
}

/** @param {any} data @returns {Record<"ch1" | "ch2", Grade>} */
export const grades = (data) => ({ ch1: grade(data, "ch1"), ch2: grade(data, "ch2") });

/** Of both electrodes. @param {any} data */
export function worst(data) {
  const told = Object.values(grades(data));
  return /** @type {const} */ (["unknown", "off", "poor", "good"]).find((one) => told.includes(one)) ?? "unknown";
}

/** Whether each electrode was well in the last seconds: a blink, or a jerk, says nothing of how the band sits. @param {Store} store */
export const sits = ({ contact }) => contact.some(({ ch1 }) => ch1 === "good") && contact.some(({ ch2 }) => ch2 === "good");

/**
 * The one thing to do now, most urgent first.
 * @param {import("./session.js").State} state
 * @param {Store} store
 */
export function advice(state, store) {
  if (!state.open) return "No daemon: nothing here is live.";
  if (!state.connected) return unconnected(state);
  if (!state.streaming) return "Press Start to see what the band measures.";
  const data = store.values.eeg;
  if (!data) return "The first seconds of EEG are on their way.";
  return ofSignal(data);
}

/** @param {import("./session.js").State} state */
function unconnected({ waiting, backend }) {
  if (waiting) return "The band is lost: bring it near, it is waited for.";
  return backend === "sim" ? "Press Show me: a band is simulated." : "Switch the band on and connect it.";
}

/** @param {any} data */
function ofSignal(data) {
  const { ch1, ch2 } = grades(data);
  const off = [ch1 === "off" && SIDES.ch1, ch2 === "off" && SIDES.ch2].filter(Boolean);
  if (off.length === 2) return "Put the band on: neither electrode touches the skin.";
  if (off.length) return `Moisten the ${off[0]} electrode and press it to the skin.`;
  if (data.artefacts.includes("muscle")) return "Sit still and loosen the jaw: muscle.";
  if (data.artefacts.includes("movement")) return "Sit still: movement.";
  if (ch1 === "poor" && ch2 === "poor") return "Seat the band firmly: both signals are poor.";
  if (ch1 === "poor" || ch2 === "poor") return `Seat the ${ch1 === "poor" ? "left" : "right"} electrode firmly.`;
  return "Good.";
}

/** @param {import("./session.js").State} state @param {Store} store */
export function showContact(state, store) {
  const told = grades(store.values.eeg);
  for (const channel of /** @type {const} */ (["ch1", "ch2"])) {
    const electrode = byId(`electrode-${channel}`);
    electrode.setAttribute("data-is", told[channel]);
    const sign = electrode.querySelector("text");
    if (sign) sign.textContent = SIGNS[told[channel]];
    put(`word-${channel}`, WORDS[told[channel]]);
  }
  put("advice", advice(state, store));
}
