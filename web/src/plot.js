// A chart of uPlot as this page has them: its colours, no legend, redrawn anew where the theme changes.

import uPlot from "uplot";

import { moment } from "./dom.js";
import { colour, onTheme } from "./theme.js";

const FONT = "11px system-ui, sans-serif";

/**
 * @typedef {{
 *   height?: number, series: {colour: string, width?: number, dash?: number[], fill?: string}[], range: () => [number, number] | null,
 *   x: () => [number, number], time?: boolean, showX?: boolean, log?: boolean, sync?: string, xUnit?: string,
 *   yValues?: (value: number) => string, ySize?: number, gap?: number,
 *   under?: (plot: uPlot) => void, over?: (plot: uPlot) => void, onCursor?: (plot: uPlot) => void,
 *   onSelect?: (from: number, to: number) => void}} Recipe
 */

/** @param {Recipe} recipe @returns {uPlot.Axis} */
function xAxis({ showX = true, xUnit, time = true }) {
  /** @type {uPlot.Axis} */
  const axis = {
    show: showX, stroke: colour("soft"), font: FONT, size: 24, gap: 3,
    grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false }, space: time ? 70 : 40,
    values: (_, splits) => splits.map((split) => (time ? moment(split) : `${split}${xUnit ?? ""}`)),
  };
  if (time) axis.incrs = [1, 2, 5, 10, 15, 30, 60, 120, 300].map((seconds) => seconds * 1000);
  return axis;
}

/** @param {Recipe} recipe @returns {uPlot.Axis} */
function yAxis({ yValues, ySize = 48 }) {
  return {
    stroke: colour("soft"), font: FONT, size: ySize, gap: 3, space: 22, grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false },
    values: (_, splits) => splits.map((split) => (yValues ? yValues(split) : `${split}`.replace("-", "−"))),
  };
}

/** @param {Recipe} recipe @param {DOMRect} box @returns {uPlot.Options} */
function options(recipe, box) {
  const { log = false } = recipe;
  return {
    width: Math.max(40, Math.floor(box.width)),
    height: Math.max(30, Math.floor(box.height)),
    padding: [6, recipe.time === false ? 8 : 26, recipe.showX === false ? 4 : 0, 0],
    legend: { show: false },
    cursor: {
      sync: recipe.sync ? { key: recipe.sync, setSeries: false } : undefined, points: { show: false },
      drag: { x: Boolean(recipe.onSelect), y: false, setScale: false },
    },
    scales: {
      x: { time: false, auto: false, range: (_, min, max) => [min, max] },
      y: { auto: false, distr: log ? 3 : 1, range: (_, min, max) => [min ?? (log ? 0.1 : -1), max ?? (log ? 10 : 1)] },
    },
    axes: [xAxis(recipe), yAxis(recipe)],
    series: [{}, ...recipe.series.map((one) => ({
      stroke: colour(one.colour), width: one.width ?? 1.2, dash: one.dash, points: { show: false }, spanGaps: false,
    }))],
    hooks: {
      drawAxes: [(plot) => recipe.under?.(plot)],
      draw: [(plot) => recipe.over?.(plot)],
      setCursor: [(plot) => recipe.onCursor?.(plot)],
      setSelect: [(plot) => selected(plot, recipe)],
    },
  };
}

/** @param {uPlot} plot @param {Recipe} recipe */
function selected(plot, recipe) {
  const { left, width } = plot.select;
  if (width < 5) return;
  recipe.onSelect?.(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
}

export class Plot {
  /** @type {uPlot} */
  #plot;
  #element;
  #recipe;
  /** @type {uPlot.AlignedData} */
  #data;
  #observer = new ResizeObserver(() => this.#fit());
  #undo;

  /**
   * @param {HTMLElement} element
   * @param {Recipe} recipe
   */
  constructor(element, recipe) {
    this.#element = element;
    this.#recipe = recipe;
    this.#data = /** @type {uPlot.AlignedData} */ ([[], ...recipe.series.map(() => [])]);
    this.#plot = this.#made();
    this.#observer.observe(element);
    this.#undo = onTheme(() => {
      this.#plot.destroy();
      this.#plot = this.#made();
      this.draw(this.#data);
    });
  }

  close() {
    this.#observer.disconnect();
    this.#undo();
    this.#plot.destroy();
  }

  #made() {
    return new uPlot(options(this.#recipe, this.#element.getBoundingClientRect()), this.#data, this.#element);
  }

  #fit() {
    const { width, height } = this.#element.getBoundingClientRect();
    if (width && height) this.#plot.setSize({ width: Math.floor(width), height: Math.floor(height) });
  }

  /** @param {uPlot.AlignedData | (number | null)[][]} data */
  draw(data) {
    this.#data = /** @type {uPlot.AlignedData} */ (data);
    const [[from, to], [low, high]] = [this.#recipe.x(), this.#recipe.range() ?? [-1, 1]];
    this.#plot.batch(() => {
      this.#plot.setData(this.#data, false);
      this.#plot.setScale("x", { min: from, max: to });
      this.#plot.setScale("y", { min: low, max: high });
    });
  }
}

/**
 * Draws on a chart's plane; what it changes of the context is put back.
 * @param {uPlot} plot
 * @param {(context: CanvasRenderingContext2D, box: {left: number, top: number, right: number, bottom: number}) => void} draw
 */
export function onPlane(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, { left: bbox.left, top: bbox.top, right: bbox.left + bbox.width, bottom: bbox.top + bbox.height });
  ctx.restore();
}
