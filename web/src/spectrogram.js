// The spectrogram of both channels: a column a half second at its own time, left empty where nothing is known.

import { byId, field } from "./dom.js";
import { GREATEST_DB, LEAST_DB, nearest, shade } from "./shade.js";
import { colour } from "./theme.js";

const TOP_HZ = 45;
const COLUMN_MS = 500;
const LEFT = 34, RIGHT = 44, FOOT = 18, GAP = 6;

export class Spectrogram {
  #crew;
  #pixels = document.createElement("canvas");
  #canvas = /** @type {HTMLCanvasElement} */ (byId("spectrogram"));

  /** @param {import("./crew.js").Crew} crew */
  constructor(crew) {
    this.#crew = crew;
    byId("spectrogram-span").addEventListener("change", () => this.draw());
  }

  get #store() {
    return this.#crew.shown;
  }

  /** Where a time and a frequency of a channel lie, CSS pixels; also for tests. */
  layout() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const minutes = Number(field("spectrogram-span").value);
    const { spectra } = this.#store;
    const to = spectra.length ? spectra[spectra.length - 1].time : 0;
    const from = to - minutes * 60000;
    const tall = Math.max(10, (height - FOOT - GAP) / 2);
    return {
      width, height, from, to, tall, minutes,
      x: (/** @type {number} */ time) => LEFT + ((time - from) / (to - from)) * (width - LEFT - RIGHT),
      y: (/** @type {number} */ hz, /** @type {number} */ row) => row * (tall + GAP) + tall * (1 - hz / TOP_HZ),
    };
  }

  draw() {
    const canvas = this.#canvas;
    const plan = this.layout();
    const pixels = devicePixelRatio;
    if (!plan.width || !plan.height) return;
    canvas.width = Math.round(plan.width * pixels);
    canvas.height = Math.round(plan.height * pixels);
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.font = "11px system-ui, sans-serif";
    this.#image(context, plan);
    this.#frame(context, plan);
    this.#marks(context, plan);
    scale(context, plan);
  }

  /**
   * A pixel a half second and frequency, drawn as wide as the plane is; what isn't known stays empty.
   * @param {CanvasRenderingContext2D} context
   * @param {ReturnType<Spectrogram["layout"]>} plan
   */
  #image(context, plan) {
    const { spectra } = this.#store;
    const frequencies = spectra[spectra.length - 1]?.frequencies;
    if (!frequencies) return;
    const columns = plan.minutes * 120;
    const half = (frequencies[1] - frequencies[0]) / 2;
    this.#pixels.width = columns;
    this.#pixels.height = frequencies.length;
    for (const channel of [0, 1]) {
      const image = new ImageData(columns, frequencies.length);
      for (const { time, rows } of spectra) {
        if (time > plan.from) fill(image, columns - 1 - Math.round((plan.to - time) / COLUMN_MS), rows[channel]);
      }
      /** @type {CanvasRenderingContext2D} */ (this.#pixels.getContext("2d")).putImageData(image, 0, 0);
      const [top, foot] = [plan.y(frequencies[frequencies.length - 1] + half, channel), plan.y(frequencies[0] - half, channel)];
      context.imageSmoothingEnabled = false;
      context.drawImage(this.#pixels, plan.x(plan.from), top, plan.x(plan.to) - plan.x(plan.from), foot - top);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {ReturnType<Spectrogram["layout"]>} plan
   */
  #frame(context, plan) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const channel of [0, 1]) {
      context.strokeStyle = colour("line");
      context.strokeRect(LEFT, plan.y(TOP_HZ, channel), plan.width - LEFT - RIGHT, plan.tall);
      context.fillStyle = colour("soft");
      for (const hz of plan.tall > 60 ? [10, 20, 30] : [10, 30]) context.fillText(String(hz), LEFT - 4, plan.y(hz, channel));
      context.fillText(channel ? "right" : "left", LEFT - 4, plan.y(TOP_HZ - 3, channel));
    }
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(`−${plan.minutes} min`, LEFT, plan.height - 1);
    context.textAlign = "right";
    context.fillText("Hz · now", plan.width - RIGHT, plan.height - 1);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {ReturnType<Spectrogram["layout"]>} plan
   */
  #marks(context, plan) {
    context.fillStyle = "#ffffff";
    for (const { time } of this.#store.markers) {
      if (time > plan.from && time <= plan.to) context.fillRect(plan.x(time) - 0.5, 0, 1, plan.height - FOOT);
    }
  }
}

/**
 * @param {ImageData} image
 * @param {number} column
 * @param {(number | null)[]} row dB, from the least frequency up
 */
function fill({ data, width, height }, column, row) {
  if (column < 0) return;
  for (let i = 0; i < height; i++) {
    const db = row[i];
    if (db == null) continue;
    const at = 4 * ((height - 1 - i) * width + column);
    [data[at], data[at + 1], data[at + 2]] = nearest(db);
    data[at + 3] = 255;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{width: number, height: number}} plan
 */
function scale(context, { width, height }) {
  const [top, tall, left] = [6, height - FOOT - 12, width - RIGHT + 8];
  for (let i = 0; i < tall; i++) {
    context.fillStyle = `rgb(${shade(GREATEST_DB - (i / tall) * (GREATEST_DB - LEAST_DB)).join(",")})`;
    context.fillRect(left, top + i, 8, 1.3);
  }
  context.fillStyle = colour("soft");
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const db of [LEAST_DB, 0, 10, GREATEST_DB]) {
    context.fillText(String(db).replace("-", "−"), left + 11, top + (1 - (db - LEAST_DB) / (GREATEST_DB - LEAST_DB)) * tall);
  }
  context.textBaseline = "bottom";
  context.fillText("dB", left, height - 1);
}
