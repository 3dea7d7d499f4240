// What lies over all charts of time: artefact spans, markers, beats.

import { onPlane } from "./plot.js";
import { colour } from "./theme.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("uplot")} uPlot */

/** Shaded, each kind named once where it begins. @param {uPlot} plot @param {Store} store */
export function drawSpans(plot, store) {
  const { min = 0, max = 0 } = plot.scales.x;
  onPlane(plot, (context, box) => {
    context.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.textAlign = "left";
    let before = { kind: "", to: 0 };
    for (const { from, to, kind } of store.spans) {
      if (to < min || from > max) continue;
      const x = plot.valToPos(from, "x", true);
      context.fillStyle = colour("shade");
      context.fillRect(x, box.top, plot.valToPos(to, "x", true) - x, box.bottom - box.top);
      context.fillStyle = colour("poor");
      if (kind !== before.kind || from - before.to > 600) context.fillText(kind, x + 2, box.top + 1);
      before = { kind, to };
    }
  });
}

/** A line at the marker's time, with its label. @param {uPlot} plot @param {Store} store @param {boolean} named */
export function drawMarkers(plot, store, named) {
  const { min = 0, max = 0 } = plot.scales.x;
  onPlane(plot, (context, box) => {
    context.strokeStyle = context.fillStyle = colour("accent");
    context.lineWidth = 1.5 * devicePixelRatio;
    context.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
    context.textBaseline = "bottom";
    context.textAlign = "left";
    for (const { time, label } of store.markers) {
      if (time < min || time > max) continue;
      const x = plot.valToPos(time, "x", true);
      context.beginPath();
      context.moveTo(x, box.top);
      context.lineTo(x, box.bottom);
      context.stroke();
      if (named) name(context, label, x + 3 * devicePixelRatio, box.bottom - 1);
    }
  });
}

/** Readable over whatever is drawn there. @param {CanvasRenderingContext2D} context @param {string} label @param {number} x @param {number} foot */
function name(context, label, x, foot) {
  const height = 13 * devicePixelRatio;
  context.fillStyle = colour("pane");
  context.fillRect(x, foot - height, context.measureText(label).width + 2 * devicePixelRatio, height);
  context.fillStyle = colour("accent");
  context.fillText(label, x, foot);
}

/** A tick a beat at the foot. @param {uPlot} plot @param {Store} store */
export function drawBeats(plot, store) {
  const { min = 0, max = 0 } = plot.scales.x;
  onPlane(plot, (context, box) => {
    context.fillStyle = colour("bad");
    for (const { time } of store.beats) {
      if (time < min || time > max) continue;
      context.fillRect(plot.valToPos(time, "x", true) - devicePixelRatio, box.bottom - 8 * devicePixelRatio, 2 * devicePixelRatio, 8 * devicePixelRatio);
    }
  });
}
