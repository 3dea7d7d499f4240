// The whole round by clicking, at a real daemon on the simulated band.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";

import { Daemon } from "../../clients/js/tests/daemon.js";
import { test } from "../../clients/js/tests/witness.js";
import { launch } from "./chromium.js";

const says = (page, id, words) => page.waitForFunction(([one, text]) => document.getElementById(one).textContent.includes(text), [id, words]);
const image = (page, selector) => page.locator(selector).first().evaluate((canvas) => canvas.toDataURL());

/** The mean colour of what the spectrogram shows between two frequencies of the left channel, as brightness of each column. */
const alphaByColumn = (page) => page.evaluate(() => {
  const canvas = document.getElementById("spectrogram");
  const context = canvas.getContext("2d");
  const tall = (canvas.clientHeight - 18 - 6) / 2;
  const [top, foot] = [tall * (1 - 12 / 45), tall * (1 - 8.5 / 45)];
  const right = canvas.clientWidth - 44;
  const { data, width, height } = context.getImageData(34, Math.round(top), right - 34, Math.round(foot - top));
  const columns = [];
  for (let x = 0; x < width; x++) {
    let [sum, opaque] = [0, 0];
    for (let y = 0; y < height; y++) {
      const at = 4 * (y * width + x);
      if (data[at + 3] === 255) [sum, opaque] = [sum + data[at] + data[at + 1], opaque + 1];
    }
    if (opaque) columns.push(sum / opaque);
  }
  return columns;
});

/** What people do with it next. */
function opensInMne(context, path) {
  const script = `import mne, sys
raw = mne.io.read_raw_bdf(sys.argv[1], verbose="error")
print(raw.ch_names[:2], raw.info["sfreq"], [one for one in raw.annotations.description if not one.startswith(("BAD", "gap", "blink "))])`;
  const bdf = `${path}.bdf`;
  renameSync(path, bdf);
  const ran = spawnSync("/usr/bin/python3", ["-c", script, bdf], { encoding: "utf8" });
  if (ran.stderr.includes("No module named 'mne'")) return void context.diagnostic("SKIPPED: the BDF in MNE: not installed: python3-mne");
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /^\['EEG ch1', 'EEG ch2'\] 250\.0 .*'eyes closed'.*'blink'/);
  return undefined;
}

/** Waits until what is recorded is some seconds long. */
const recordedFor = (page, seconds) => page.waitForFunction((least) => {
  const told = /Recording (\d+):(\d+)$/.exec(document.getElementById("recording-clock").textContent);
  return told && 60 * Number(told[1]) + Number(told[2]) >= least;
}, seconds);

/** Presses Record; the simulated wearer's contact may be poor just then, which is asked about first. */
async function record(page) {
  await page.click("#record");
  await page.waitForFunction(() => document.getElementById("dialog").open || !document.getElementById("recording-sign").hidden);
  if (await page.isVisible("#dialog")) await page.click("#dialog-yes");
  await page.waitForSelector("#recording-sign:not([hidden])");
}

async function recorded(page) {
  await page.fill("#session-name", "round");
  await page.fill("#participant", "p01");
  await record(page);
  await page.locator("body").press("2");
  await says(page, "log", "Recording “round”");
  await page.locator("#markers button", { hasText: "5 blink" }).click();
  await recordedFor(page, 2);
  await page.click("#disconnect");
  await says(page, "dialog-words", "A recording runs");
  await page.click("#dialog-no");
  await page.click("#record");
  await page.waitForSelector("#recording-sign", { state: "hidden" });
  await page.waitForFunction(() => document.querySelector("#recordings li")?.textContent.includes("session.bdf"));
}

test("scan, connect, look, record with markers, download, delete, disconnect", { timeout: 240_000 }, async (context) => {
  const daemon = await Daemon.start(context);
  const { page, errors, foreign } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await says(page, "finder-words", "press Show me");
  await page.click("#finder-scan");
  await page.click("#devices button");
  await says(page, "state", "streaming");
  await page.waitForFunction(() => Number(document.getElementById("bpm").textContent) > 40);
  assert.match(await page.textContent("#advice"), /\w\.$/);
  const before = await image(page, ".trace canvas");
  await page.waitForFunction((old) => document.querySelector(".trace canvas").toDataURL() !== old, before);
  await recorded(page);

  await page.click("#recordings summary");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#recordings a:text('markers.csv')")]);
  const rows = readFileSync(await download.path(), "utf8").trim().split("\n");
  assert.deepEqual(rows.slice(1).map((row) => /eyes closed|blink/.exec(row)?.[0]), ["eyes closed", "blink"]);
  const [bdf] = await Promise.all([page.waitForEvent("download"), page.click("#recordings a:text('session.bdf')")]);
  opensInMne(context, await bdf.path());
  const [zip] = await Promise.all([page.waitForEvent("download"), page.click("#recordings a:text('zip')")]);
  assert.match(zip.suggestedFilename(), /^\d{8}T\d{6}Z_round\.zip$/);
  assert.equal(await zip.failure(), null);
  await page.click("#recordings button:text('Delete')");
  await page.click("#dialog-yes");
  await says(page, "recordings", "None yet");

  // The simulated wearer closes the eyes every few seconds: alpha comes and goes.
  await page.waitForFunction(() => document.querySelectorAll("#bands-legend li").length === 5);
  for (let columns = []; Math.max(...columns) <= 1.3 * Math.min(...columns); columns = await alphaByColumn(page)) await page.waitForTimeout(100);
  await page.click("#disconnect");
  await says(page, "state", "not connected");
  assert.deepEqual(errors, []);
  assert(foreign.every((url) => url.startsWith(`http://127.0.0.1:${daemon.port}/`) || url.startsWith("data:") || url.startsWith("blob:")), foreign);
});

test("the daemon is killed and comes back", { timeout: 120_000 }, async (context) => {
  const daemon = await Daemon.start(context);
  const { page } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await says(page, "daemon", "linkbandd ");
  await daemon.end("SIGKILL");
  await says(page, "daemon", "trying again");
  await says(page, "notice", "No connection to the daemon");
  await says(page, "advice", "No daemon");
  await daemon.begin();
  await says(page, "daemon", "linkbandd ");
  await says(page, "notice", "has begun anew");
  await says(page, "finder-words", "press Show me");
});

test("the simulated band is shown at a press; another page takes its stream, and gives it back", { timeout: 120_000 }, async (context) => {
  const daemon = await Daemon.start(context);
  const { page } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await says(page, "advice", "Press Show me");
  await page.click("#show-me");
  await says(page, "state", "streaming");
  const other = await page.context().newPage();
  await other.goto(`http://127.0.0.1:${daemon.port}/`);
  await says(other, "state", "streaming");
  await other.click("#stop");
  await says(other, "notice", "as asked");
  await says(page, "notice", "another client asked for it");
  await says(page, "head-title", "not live since");
  await other.click("#start");
  await says(page, "state", "streaming");
  await page.waitForFunction(() => !document.getElementById("traces-pane").textContent.includes("not live"));
});

test("a band that leaves is waited for, and that can be ended", { timeout: 120_000 }, async (context) => {
  const daemon = await Daemon.start(context, "--sim", "seed=1,radio=fast,drop-at=4:60");
  const { page } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.click("#show-me");
  await says(page, "state", "lost, waiting for it");
  await says(page, "advice", "bring it near");
  await page.reload();
  await says(page, "state", "lost, waiting for it");
  await page.click("#disconnect:text('Stop waiting')");
  await says(page, "state", "not connected");
});

test("two simulated bands, each in its lane; their recording is one zip with a folder each", { timeout: 120_000 }, async (context) => {
  const daemon = await Daemon.start(context, "--sim", "seed=1,radio=fast,bands=2", "--max-bands", "2");
  const { page, errors } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.click("#finder-scan");
  await page.waitForSelector("#devices li:nth-child(2)");
  await page.click("#devices li:first-child button");
  await page.waitForFunction(() => document.querySelectorAll("#devices li").length === 1);
  await page.click("#devices li:first-child button");
  await page.waitForFunction(() => document.querySelectorAll("#picker:not([hidden]) button").length === 2);
  await page.waitForFunction(() => [...document.querySelectorAll(".trace")].slice(0, 2).every((one) => one.textContent.includes("filtered")));
  const names = (await page.locator("#picker button span:not(.sign)").allTextContents()).sort();
  await record(page);
  await recordedFor(page, 1);
  await page.click("#record");
  await page.waitForSelector("#recording-sign", { state: "hidden" });
  await page.click("#recordings summary");
  await page.waitForFunction(() => document.querySelector("#recordings").textContent.split("session.bdf").length === 3);
  const [zip] = await Promise.all([page.waitForEvent("download"), page.click("#recordings a:text('zip')")]);
  const bytes = readFileSync(await zip.path(), "latin1");
  for (const name of names) assert(bytes.includes(`/${name}/session.bdf`), name);
  assert.deepEqual(errors, []);
});
