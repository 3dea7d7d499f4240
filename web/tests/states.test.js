// What is shown of each state, of a daemon that the test plays; that all can read it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";

import { Daemon } from "../../clients/js/tests/daemon.js";
import { test } from "../../clients/js/tests/witness.js";
import { shade } from "../src/shade.js";
import { NARROW, Played, T0, WIDE, launch } from "./chromium.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const says = (page, id, words) => page.waitForFunction(([one, text]) => document.getElementById(one).textContent.includes(text), [id, words]);

let port;
const later = [];
before(async () => {
  ({ port } = await Daemon.start({ after: (end) => later.push(end) }));
});
after(async () => {
  for (const end of later) await end();
});

async function live(context, seconds = 12, options = {}) {
  const { page, errors } = await launch(context, options);
  const played = await Played.of(page);
  await page.goto(`http://127.0.0.1:${port}/`);
  await says(page, "state", "streaming");
  played.seconds(T0, seconds);
  await says(page, "advice", "Good.");
  return { page, played, errors };
}

test("one sentence tells what to do, electrodes by shape and word", { timeout: 120_000 }, async (context) => {
  const { page, played, errors } = await live(context);
  const tell = async (more, words) => {
    played.eeg((played.now = (played.now ?? T0 + 12000) + 500), more);
    await says(page, "advice", words);
  };
  await tell({ ch1_leadoff: true }, "Moisten the left electrode");
  assert.equal(await page.textContent("#word-ch1"), "no contact");
  assert.equal(await page.getAttribute("#electrode-ch1", "data-is"), "off");
  await tell({ ch1_leadoff: true, ch2_leadoff: true }, "Put the band on");
  await tell({ artefacts: ["muscle"], ch1_sqi: 0.3 }, "muscle");
  await tell({ artefacts: ["movement"] }, "movement");
  await tell({ ch2_sqi: 0.3 }, "right electrode firmly");
  await tell({}, "Good.");
  assert.deepEqual(errors, []);
});

test("what is silent is greyed and says since when, what is gone is no figure any more", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context);
  await says(page, "bpm", "70");
  await says(page, "hrv-progress", "collecting 11 of 62 s");
  played.event("sensor_status", { device_id: "LXB-1", sensor_type: "ppg", state: "silent", silent_for: 6, bad_packets: 0, message: null });
  await says(page, "bpm", "–");
  await says(page, "heart-title", "not live since");
  assert(await page.locator("#heart-pane").evaluate((pane) => pane.classList.contains("stale")));
  await says(page, "notice", "PPG is silent");
  played.ppg(T0 + 13000);
  await says(page, "bpm", "70");
  played.event("stream_stopped", { device_id: "LXB-1", sensors: ["eeg", "ppg", "acc", "bat"], reason: "user_request", will_resume: false });
  await says(page, "head-title", "not live since");
  await says(page, "activity", "–");
  // What is still to be seen outlives another theme.
  const line = () => page.evaluate(() => document.querySelector("#spectrum canvas").toDataURL());
  const light = await line();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction((old) => document.querySelector("#spectrum canvas").toDataURL() !== old, light);
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction((old) => document.querySelector("#spectrum canvas").toDataURL() === old, light);
  played.event("device_disconnected", { device_id: "LXB-1", name: "LXB-1", reason: "link_lost", will_reconnect: true });
  await says(page, "state", "waiting for it");
  await says(page, "disconnect", "Stop waiting");
  await page.click("#disconnect");
  await played.asked("disconnect_device");
  played.event("bluetooth_status", { available: true, powered: false, message: "Bluetooth is switched off." });
  played.event("device_disconnected", { device_id: "LXB-1", name: "LXB-1", reason: "user_request", will_reconnect: false });
  await says(page, "finder-words", "Bluetooth is switched off. Switch Bluetooth on");
});

test("the link pane tells the spool where there is one, and nothing of it where there is none", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  await says(page, "spool", "Spool 17.2 MB, unread 1.2 MB since ");
  await says(page, "spool", ", lag\u00a003:12:05");
  assert(await page.locator("#spool").isVisible());
  const { spool } = played.replies.health_check;
  for (const [lag, words] of [[null, "Spool 17.2 MB, nobody reads it"], [0, "Spool 17.2 MB, all was read"]]) {
    played.replies.health_check = { spool: { ...spool, unread_bytes: 0, oldest_unread: null, lag } };
    await page.reload();
    await says(page, "spool", words);
  }
  // It is asked again and again.
  played.replies.health_check = { spool: null };
  await page.locator("#spool").waitFor({ state: "hidden" });
});

test("another client that takes the stream is told of, and what it leaves out is live no more", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 3);
  played.event("stream_stopped", { device_id: "LXB-1", sensors: ["eeg", "ppg", "acc", "bat"], reason: "user_request", will_resume: false });
  await says(page, "notice", "The stream stopped: another client asked for it.");
  played.event("stream_started", { device_id: "LXB-1", sensors: ["eeg"], sample_rate: 250, duration: null, resumed: false });
  played.eeg(T0 + 9000);
  await page.waitForFunction(() => document.getElementById("heart-pane").classList.contains("stale")
    && !document.getElementById("head-pane").classList.contains("stale"));
  await says(page, "bpm", "–");
  await page.click("#stop");
  played.event("stream_stopped", { device_id: "LXB-1", sensors: ["eeg"], reason: "user_request", will_resume: false });
  await says(page, "notice", "The stream stopped: as asked.");
  played.event("device_disconnected", { device_id: "LXB-1", name: "LXB-1", reason: "user_request", will_reconnect: false });
  await says(page, "notice", "LXB-1 is disconnected: another client asked for it.");
});

test("a lost band that is waited for already is shown, and the wait can be ended", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  played.info({ connected: false, is_streaming: false, link: "waiting" });
  await says(page, "state", "lost, waiting for it");
  await says(page, "advice", "it is waited for");
  await says(page, "finder-words", "bring it near, or stop waiting");
  await page.click("#finder-stop");
  played.info({ connected: false, is_streaming: false, link: "idle", device_id: null, name: null });
  await says(page, "state", "not connected");
  await played.asked("disconnect_device");
});

/** Another band beside the first. */
async function besides(page, played, seconds = 12) {
  played.device = "LXB-2";
  played.info();
  played.seconds(T0, seconds, { ch2_leadoff: true });
  await page.waitForSelector("#picker button:nth-child(2):has-text('LXB-2')");
  played.device = "LXB-1";
}

test("of several bands each has a lane on one axis, and the other panes show the one that is chosen", { timeout: 120_000 }, async (context) => {
  const { page, played, errors } = await live(context, 12);
  await besides(page, played);
  const lanes = () => page.locator(".trace strong").evaluateAll((all) => all.map(({ textContent }) => textContent));
  await page.waitForFunction(() => document.querySelectorAll(".trace").length === 4);
  assert.deepEqual(await lanes(), ["LXB-1", "LXB-2", "Pulse of LXB-1", "Motion of LXB-1"]);
  await says(page, "advice", "Good.");
  await page.click("#picker button:has-text('LXB-2')");
  await says(page, "advice", "Moisten the right electrode");
  await page.waitForFunction(() => document.querySelectorAll(".trace strong")[3].textContent === "Motion of LXB-2");
  assert.deepEqual([await page.textContent("#whose"), await page.getAttribute("#stop", "title")], ["LXB-2:", "Stops LXB-2 alone"]);
  await page.click("#stop");
  assert.deepEqual(await played.asked("stop_streaming"), { device_id: "LXB-2" });
  played.event("stream_stopped", { device_id: "LXB-2", sensors: ["eeg", "ppg", "acc", "bat"], reason: "user_request", will_resume: false });
  await says(page, "notice", "LXB-2: The stream stopped: as asked.");
  await page.waitForFunction(() => document.querySelectorAll(".trace")[1].textContent.includes("not live since"));
  assert.deepEqual(await page.locator(".trace").evaluateAll((all) => all.map((one) => one.classList.contains("stale"))), [false, true, true, true]);
  await page.click("#picker button:has-text('LXB-1')");
  await says(page, "advice", "Good.");
  played.replies.get_recording_status = {
    is_recording: true, session_id: "20260131T120000Z_a", since: "2026-01-31T12:00:00.000Z", bytes: 1000, lost: { eeg: 1 }, minutes_left: null,
    bands: ["LXB-1", "LXB-2"].map((device_id, i) => ({ device_id, path: "/a", samples: {}, lost: { eeg: i + 1 } })),
  };
  played.event("recording_started", { session_id: "20260131T120000Z_a", session_name: "a", path: "/a", sensors: ["eeg"], formats: ["csv"] });
  await says(page, "recording-facts", "3 samples lost");
  // The one that goes takes its lane with it.
  played.event("device_disconnected", { device_id: "LXB-2", name: "LXB-2", reason: "user_request", will_reconnect: false });
  await page.waitForSelector("#picker", { state: "hidden" });
  assert.deepEqual(await lanes(), ["EEG left", "EEG right", "Pulse", "Motion"]);
  assert.deepEqual(errors, []);
});

test("all bands are started and stopped at one press, and each tells who asked for it", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  const stopped = (device_id) => played.event("stream_stopped", { device_id, sensors: ["eeg"], reason: "user_request", will_resume: false });
  assert(await page.isHidden("#start-all"));
  await besides(page, played, 1);
  assert(await page.isDisabled("#start-all"));
  await page.click("#stop-all");
  assert.deepEqual(await played.asked("stop_streaming"), {});
  stopped("LXB-1");
  await says(page, "notice", "LXB-1: The stream stopped: as asked.");
  await page.click("#start-all");
  assert.deepEqual(await played.asked("start_streaming"), {});
  stopped("LXB-2");
  await says(page, "notice", "LXB-2: The stream stopped: as asked.");
  assert(await page.isDisabled("#stop-all"));
  played.event("stream_started", { device_id: "LXB-2", sensors: ["eeg"], sample_rate: 250, duration: null, resumed: false });
  await page.waitForSelector("#stop-all:enabled");
  stopped("LXB-2");
  await says(page, "notice", "LXB-2: The stream stopped: another client asked for it.");
  // One of them is let go of while all are recorded.
  played.event("recording_started", { session_id: "20260131T120000Z_a", session_name: "a", path: "/a", sensors: ["eeg"], formats: ["csv"] });
  played.replies.get_recording_status = { ...played.replies.get_recording_status, is_recording: true, session_id: "20260131T120000Z_a", since: null };
  await page.click("#disconnect");
  await says(page, "dialog-words", "It goes on without this band");
  await page.click("#dialog-yes");
  assert.deepEqual(await played.asked("disconnect_device"), { device_id: "LXB-1" });
});

test("contact that is poor for a moment holds no recording up, for three seconds is asked about", { timeout: 120_000 }, async (context) => {
  const { page, played, errors } = await live(context);
  const begun = () => played.got.filter(({ command }) => command === "start_recording").length;
  played.eeg(T0 + 12500, { ch1_leadoff: true });
  await says(page, "advice", "Moisten the left electrode");
  await page.click("#record");
  await played.asked("start_recording");
  for (let i = 2; i <= 7; i++) played.eeg(T0 + 12000 + 500 * i, { ch1_sqi: 0.3 });
  await says(page, "advice", "Seat the left electrode");
  await page.click("#record");
  await says(page, "dialog-advice", "Seat the left electrode");
  await page.click("#dialog-no");
  await besides(page, played);
  played.eeg(T0 + 16000);
  await says(page, "advice", "Good.");
  await page.click("#record");
  await says(page, "dialog-advice", "LXB-2: Moisten the right electrode");
  assert.equal(begun(), 1);
  await page.click("#dialog-yes");
  await page.waitForSelector("#dialog", { state: "hidden" });
  while (begun() < 2) await page.waitForTimeout(20);
  assert.deepEqual(errors, []);
});

test("a recording tells its size and the room that is left", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  played.event("recording_started", { session_id: "20260131T120000Z_a", session_name: "a", path: "/a", sensors: ["eeg"], formats: ["csv"] });
  const about = { session_id: "20260131T120000Z_a", since: "2026-01-31T12:00:00.000Z", bytes: 4_200_000, lost: { eeg: 3 }, bands: [] };
  for (const [minutes_left, words] of [[null, ""], [43.9, ", room for 43 min"], [600, ", room for 10 h"], [6000, ", room for 4 days"]]) {
    played.replies.get_recording_status = { is_recording: true, ...about, minutes_left };
    await page.waitForFunction((all) => document.getElementById("recording-facts").textContent === all, `4.2 MB, 3 samples lost${words}`);
  }
  await says(page, "recording-clock", "Recording ");
});

test("a scan's rows stay where they are under the pointer; nothing found says what to do", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  played.event("device_disconnected", { device_id: "LXB-1", name: "LXB-1", reason: "user_request", will_reconnect: false });
  const device = (n, rssi) => ({ device_id: `LXB-${n}`, name: null, address: `AA:0${n}`, rssi });
  const shown = () => page.locator("#devices li").evaluateAll((rows) => rows.map((row) => row.dataset.address));
  played.event("scan_result", { status: "scanning", devices: [device(1, -50), device(2, -60)] });
  await page.locator("#devices li").nth(1).hover();
  played.event("scan_result", { status: "scanning", devices: [device(3, -30), device(2, -40), device(1, -50)] });
  await page.waitForSelector("#devices li:nth-child(3)");
  assert.deepEqual(await shown(), ["AA:01", "AA:02", "AA:03"]);
  assert.match(await page.locator("#devices li").nth(1).textContent(), /−40 dBm/);
  await page.mouse.move(0, 0);
  played.event("scan_result", { status: "scanning", devices: [device(3, -30), device(2, -40)] });
  await page.waitForFunction(() => document.querySelectorAll("#devices li").length === 2);
  assert.deepEqual(await shown(), ["AA:03", "AA:02"]);
  played.event("scan_result", { status: "completed", devices: [] });
  await says(page, "finder-words", "Nothing was found. Switch the band on");
  // The one that was found is connected, and let go of again.
  played.event("scan_result", { status: "completed", devices: [device(1, -50)] });
  played.replies.connect_device = { device_id: "LXB-1" };
  await page.click("#devices button");
  await played.asked("connect_device");
  played.info();
  await page.waitForSelector("#finder", { state: "hidden" });
  played.event("device_disconnected", { device_id: "LXB-1", name: "LXB-1", reason: "user_request", will_reconnect: false });
  await says(page, "finder-words", "Switch the band on, then press Scan.");
});

test("a column of the spectrogram stands at its time, in the colour of its decibels; a hole is empty", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 1);
  const row = (db) => Array.from({ length: 45 }, () => db);
  for (let i = 3; i <= 60; i++) played.eeg(T0 + 500 * i, i === 40 ? { ch1_power: row(20) } : i === 50 ? { ch1_power: row(null) } : {});
  played.event("marker", { label: "here", timestamp: T0 + 22000, client_id: "1", session_id: null });
  await page.waitForFunction(() => document.querySelector("#bands-legend").textContent.includes("alpha 8.0"));
  const pixel = (end) => page.locator("#spectrogram").evaluate((canvas, [time, to]) => {
    const [left, right] = [34, canvas.clientWidth - 44];
    const x = left + ((time - 250 - (to - 60000)) / 60000) * (right - left);
    return [...canvas.getContext("2d").getImageData(Math.floor(x), 30, 1, 1).data];
  }, [end, T0 + 30000]);
  const shows = async (end, colour) => {
    for (let tries = 0; tries < 1000; tries++) {
      if (String(await pixel(end)) === String(colour)) return;
      await page.waitForTimeout(100);
    }
    assert.deepEqual(await pixel(end), colour);
  };
  await shows(T0 + 30000, [...shade(5), 255]);
  await shows(T0 + 20000, [...shade(20), 255]);
  await shows(T0 + 19500, [...shade(5), 255]);
  await shows(T0 + 20500, [...shade(5), 255]);
  await shows(T0 + 25000, [0, 0, 0, 0]);
});

test("a marker's line stands at its sample, in each trace", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 12);
  const time = T0 + 8000;
  // The right edge then is the newest sample.
  played.event("stream_stopped", { device_id: "LXB-1", sensors: ["eeg", "ppg", "acc", "bat"], reason: "user_request", will_resume: false });
  played.event("marker", { label: "here", timestamp: time, client_id: "1", session_id: null });
  // Of each trace's plane the columns that have the line's colour at their top.
  const columns = () => page.evaluate(() => [...document.querySelectorAll("#traces .u-wrap")].map((wrap) => {
    const [canvas, over] = [wrap.querySelector("canvas"), wrap.querySelector(".u-over")];
    const [left, wide] = [over.offsetLeft, over.offsetWidth];
    const ratio = canvas.width / wrap.clientWidth;
    const { data } = canvas.getContext("2d").getImageData(Math.round(left * ratio), Math.round((over.offsetTop + 2) * ratio), Math.round(wide * ratio), 1);
    const [r, g, b] = globalThis.getComputedStyle(document.querySelector("#record")).backgroundColor.match(/\d+/g).map(Number);
    const near = [...Array(data.length / 4).keys()].filter((x) => Math.hypot(data[4 * x] - r, data[4 * x + 1] - g, data[4 * x + 2] - b) < 60);
    return { of: data.length / 4, near };
  }));
  let found = [];
  for (let tries = 0; tries < 1000 && found.length !== 4; tries++) {
    await page.waitForTimeout(50);
    found = (await columns()).filter(({ near }) => near.length);
  }
  assert.equal(found.length, 4);
  for (const { of, near } of found) {
    const at = ((time - (T0 + 12000 - 8000)) / 8000) * of;
    assert(near.every((x) => Math.abs(x + 0.5 - at) <= 1.5), `${near} where ${at} of ${of} is right`);
  }
});

test("a marker is set at the keypress, not while somebody writes", { timeout: 120_000 }, async (context) => {
  const { page, played } = await live(context, 2);
  const markers = () => played.got.filter(({ command }) => command === "insert_marker").map(({ parameters }) => parameters);
  const earliest = Date.now();
  await page.locator("#notes").press("3");
  await page.locator("#notes").blur();
  await page.keyboard.press("4");
  await page.waitForFunction(() => document.querySelector("#notes").value === "3");
  for (let tries = 0; tries < 1000 && !markers().length; tries++) await page.waitForTimeout(50);
  const [{ label, timestamp }, ...more] = markers();
  assert.deepEqual([label, more], ["task", []]);
  assert(timestamp >= earliest - 50 && timestamp <= Date.now() + 50);
});

for (const [width, size] of [["wide", WIDE], ["narrow", NARROW]]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`all can read it, ${width} and ${colorScheme}; nothing is cut off`, { timeout: 120_000 }, async (context) => {
      const { page, played, errors } = await live(context, 12, { viewport: size, colorScheme, bypassCSP: true });
      await page.evaluate(AXE);
      const fits = async () => {
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]), []);
        const [scrolled, wide] = await page.evaluate(() => [document.documentElement.scrollWidth, globalThis.innerWidth]);
        assert(scrolled <= wide, `${scrolled} of ${wide} pixels`);
        if (width === "wide") assert(await page.evaluate(() => document.documentElement.scrollHeight <= globalThis.innerHeight), "it scrolls");
      };
      await fits();
      await besides(page, played, 2);
      await fits();
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${width}-${colorScheme}.png`, fullPage: true });
      assert.deepEqual(errors, []);
    });
  }
}
