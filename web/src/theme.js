// Light, dark, or as the system has it; colours for canvases.

import { button } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const WORDS = /** @type {Record<string, string>} */ ({ auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" });
const probe = document.createElement("i");
/** @type {Map<string, string>} */
const known = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/** A colour of page.css as canvases take it. @param {string} name */
export function colour(name) {
  let value = known.get(name);
  if (!value) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
    value = getComputedStyle(probe).color;
    known.set(name, value);
  }
  return value;
}

/** @param {() => void} listener called where colours have changed; what comes back undoes it */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed() {
  known.clear();
  for (const listener of listeners) listener();
}

/** @param {string} theme */
function use(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  button("theme").textContent = WORDS[theme];
  changed();
}

export function beginTheme() {
  let theme = localStorage.getItem("theme") ?? "auto";
  probe.hidden = true;
  button("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem("theme", theme);
    use(theme);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  use(theme in WORDS ? theme : "auto");
}
