// The document's elements, found and made.

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`there is no #${id}`);
  return element;
}

/** @param {string} id */
export const button = (id) => /** @type {HTMLButtonElement} */ (byId(id));
/** @param {string} id */
export const field = (id) => /** @type {HTMLInputElement} */ (byId(id));

/**
 * @param {string} id
 * @param {string} text
 */
export function put(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes] `text` is what it says
 * @param {...Node} children
 * @returns {HTMLElement}
 */
export function make(tag, { text = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(text, ...children);
  return element;
}

/**
 * @param {string} text
 * @param {() => void} act
 * @param {Record<string, string>} [attributes]
 */
export function action(text, act, attributes = {}) {
  const element = /** @type {HTMLButtonElement} */ (make("button", { type: "button", text, ...attributes }));
  element.addEventListener("click", act);
  return element;
}

/** A number as people read it; a dash for what isn't known.
 * @param {number | null | undefined} value
 * @param {number} digits
 * @param {string} [unit]
 */
export function fixed(value, digits, unit = "") {
  if (value == null || Number.isNaN(value)) return "–";
  return value.toFixed(digits).replace("-", "−") + (unit && ` ${unit}`);
}

const MOMENT = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** @param {number} ms Unix ms */
export const moment = (ms) => MOMENT.format(ms);

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.slice(parts[0] ? 0 : 1).map((part) => String(part).padStart(2, "0")).join(":");
}

/** @param {number} bytes */
export function size(bytes) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB"][power]}`;
}
