// The colours of the spectrogram.

/** The scale, in dB of a µV²/Hz. */
export const LEAST_DB = -10;
export const GREATEST_DB = 25;
const STOPS = [[14, 11, 43], [67, 24, 104], [136, 34, 106], [196, 60, 78], [237, 112, 43], [252, 180, 40], [246, 245, 160]];

/**
 * The colour of a power: exact between the stops of the scale.
 * @param {number} db
 * @returns {[number, number, number]}
 */
export function shade(db) {
  const at = Math.min(1, Math.max(0, (db - LEAST_DB) / (GREATEST_DB - LEAST_DB))) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  return /** @type {[number, number, number]} */ (STOPS[low].map((from, i) => Math.round(from + (at - low) * (STOPS[low + 1][i] - from))));
}

/** By tenths of a decibel. @type {[number, number, number][]} */
const SHADES = Array.from({ length: (GREATEST_DB - LEAST_DB) * 10 + 1 }, (_, i) => shade(LEAST_DB + i / 10));
/** @param {number} db */
export const nearest = (db) => SHADES[Math.min(SHADES.length - 1, Math.max(0, Math.round((db - LEAST_DB) * 10)))];
