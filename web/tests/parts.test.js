// The page's parts that need no browser.
import assert from "node:assert/strict";
import test from "node:test";

import { Ring } from "../src/ring.js";
import { GREATEST_DB, LEAST_DB, nearest, shade } from "../src/shade.js";
import { View } from "../src/view.js";

test("a ring keeps the newest, in order, and no more than twice their room", () => {
  const ring = new Ring(1, 10);
  for (let i = 0; i < 57; i++) ring.push(i, [i]);
  assert.deepEqual([ring.length, ring.last, ring.total], [10, 56, 57]);
  assert.deepEqual(ring.window(0, 100, 100), [[47, 48, 49, 50, 51, 52, 53, 54, 55, 56], [47, 48, 49, 50, 51, 52, 53, 54, 55, 56]]);
  ring.clear();
  assert.deepEqual(ring.window(0, 100, 100), [[], []]);
});

test("what is drawn has each peak, and holes as holes", () => {
  const ring = new Ring(2, 1000);
  for (let i = 0; i < 1000; i++) ring.push(i, [i === 503 ? 99 : 0, i === 700 ? null : 1]);
  const [times, one, two] = ring.window(0, 1000, 50);
  assert.equal(times.length, 100);
  assert.deepEqual([Math.max(...one), one.filter((value) => value === 99).length], [99, 1]);
  assert.deepEqual(two.map((value, i) => (value === null ? times[i] : null)).filter((time) => time !== null), [700, 719]);
  assert(times.every((time, i) => i === 0 || time >= times[i - 1]));
});

test("what was drawn stays as it was while time goes on", () => {
  const ring = new Ring(1, 2000);
  for (let i = 0; i < 1000; i++) ring.push(i, [Math.sin(i)]);
  const before = new Map(ring.window(200, 900, 50)[0].map((time, i) => [time, ring.window(200, 900, 50)[1][i]]));
  for (let i = 1000; i < 1007; i++) ring.push(i, [Math.sin(i)]);
  const [times, values] = ring.window(200, 900, 50);
  const inner = times.map((time, i) => [time, values[i]]).slice(2, -2);
  for (const [time, value] of inner) assert.equal(before.get(time), value);
});

test("a decibel has its colour, exactly", () => {
  assert.deepEqual([shade(LEAST_DB), shade(GREATEST_DB), shade(-99), shade(99)], [[14, 11, 43], [246, 245, 160], [14, 11, 43], [246, 245, 160]]);
  const middle = LEAST_DB + (GREATEST_DB - LEAST_DB) / 2;
  assert.deepEqual(shade(middle), [196, 60, 78]);
  for (let db = LEAST_DB; db <= GREATEST_DB; db += 0.1) assert.deepEqual(nearest(db), shade(Math.round(db * 10) / 10));
});

test("the view follows time, stands still, goes back, and zooms", () => {
  const view = new View();
  assert.deepEqual(view.edges(100000), [92000, 100000]);
  view.pause(100000);
  view.goBack(30);
  assert.deepEqual([view.paused, view.edges(200000)], [true, [62000, 70000]]);
  view.zoom(63000, 64000);
  assert.deepEqual(view.edges(200000), [63000, 64000]);
  view.resume();
  view.show(4);
  assert.deepEqual([view.paused, view.edges(200000)], [false, [196000, 200000]]);
});
