// The core round in the other browser: connect, see, record with a marker, get what was recorded, disconnect.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

import { Daemon } from "../../clients/js/tests/daemon.js";
import { test } from "../../clients/js/tests/witness.js";
import { FIREFOX, Firefox } from "./firefox.js";

test("the core round in Firefox", { timeout: 480_000 }, async (context) => {
  if (!FIREFOX) return void context.skip(context.diagnostic("SKIPPED: the core round in Firefox: not installed: firefox-esr"));
  const daemon = await Daemon.start(context);
  const page = await Firefox.launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.click("#show-me");
  await page.says("state", "streaming");
  await page.says("bands-legend", "µV²");
  const picture = `document.querySelector(".trace canvas").toDataURL()`;
  const before = await page.evaluate(picture);
  await page.until(`${picture} !== ${JSON.stringify(before)}`);
  await page.click("#session-name");
  await page.type("in Firefox");
  await page.click("#record");
  await page.until(`!document.getElementById("recording-sign").hidden || document.getElementById("dialog").open`);
  if (await page.evaluate(`document.getElementById("dialog").open`)) await page.click("#dialog-yes");
  await page.says("recording-clock", "Recording 0");
  await page.evaluate(`document.activeElement.blur()`);
  await page.type("2");
  await page.until(`document.getElementById("recording-facts").textContent.includes("room for")`);
  await page.click("#record");
  await page.says("recordings", "session.bdf");
  const [bdf, zip, markers] = JSON.parse(await page.evaluate(`Promise.all(["session.bdf", ".zip", "markers.csv"].map(async (end) => {
    const link = [...document.querySelectorAll("#recordings a")].find(({ href }) => href.endsWith(end));
    return [...new Uint8Array(await (await fetch(link.href)).arrayBuffer())].map((byte) => String.fromCharCode(byte)).join("");
  })).then(JSON.stringify)`));
  assert.equal(bdf.slice(1, 8), "BIOSEMI");
  assert(zip.startsWith("PK\x03\x04") && zip.includes("in_Firefox/session.bdf"));
  assert.match(markers, /eyes closed/);
  if (process.env.SHOTS) writeFileSync(`${process.env.SHOTS}/firefox.png`, await page.screenshot());
  await page.click("#disconnect");
  await page.says("state", "not connected");
  assert.deepEqual(page.errors, []);
  return undefined;
});
