// The client's behaviours against the real daemon with a simulated band.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";

import * as linkband from "../linkband.js";
import { Commands } from "../lib/commands.js";
import { Daemon } from "./daemon.js";
import { proves } from "./proofs.js";

const ADDRESS = "AA:BB:CC:DD:EE:FF";
const TOKEN = "right-token-of-some-length";
// What each command needs; of all others nothing is needed.
const NEEDED = { connectDevice: { address: ADDRESS }, deleteRecording: { session_id: "20260101T000000Z_x" }, insertMarker: { label: "x" } };
const COMMANDS = Object.getOwnPropertyNames(Commands.prototype).filter((name) => !["constructor", "command"].includes(name));

async function at(daemon, options) {
  const band = await linkband.connect(daemon.url, { WebSocket, ...options });
  daemon.ends.push(() => band.close());
  return band;
}

async function all(iterable) {
  const taken = [];
  for await (const one of iterable) taken.push(one);
  return taken;
}

async function named(events, name) {
  for (;;) {
    const { value } = await events.next();
    if (value.event_type === name) return value;
  }
}

proves("reply", "refusal", "blocks", "ends", "lost")("a session as a reader would write it", async (context) => {
  const band = await at(await Daemon.start(context));
  assert.equal(band.deviceInfo.connected, false);
  const { devices } = await band.scanDevices({ duration: 1 });
  assert.equal((await band.connectDevice({ address: devices[0].address })).device_id, devices[0].device_id);
  await assert.rejects(band.startStreaming({ sample_rate: 7 }), (error) => {
    assert.deepEqual([error.code, error.command, error.details.parameter], ["INVALID_PARAMETERS", "start_streaming", "sample_rate"]);
    return error.message.includes("62.5");
  });
  const raw = band.stream("eeg");
  const processed = band.stream("eeg", { kind: "processed" });
  assert.deepEqual((await band.startStreaming({ sensors: ["eeg"], duration: 2 })).sensors, ["eeg"]);
  const blocks = await all(raw);
  assert.deepEqual(Object.keys(blocks[0].columns), ["timestamp", "ch1", "ch2", "leadoff_ch1", "leadoff_ch2"]);
  assert(blocks.every((block) => block.columns.ch1.length === block.length));
  assert(blocks.reduce((sum, block) => sum + block.length, 0) > 200);
  assert.deepEqual(blocks.map((block) => block.message.seq), blocks.map((_, i) => i));
  assert.equal(raw.lost, blocks.reduce((sum, block) => sum + block.message.lost, 0));
  assert.deepEqual([raw.missed, raw.dropped], [0, 0]);
  const computed = await all(processed);
  assert(computed.length && computed.every((block) => block.columns.ch1_filtered.length === block.length));
  assert.deepEqual(Object.keys(computed[0].values.ch1_band_powers), ["delta", "theta", "alpha", "beta", "gamma"]);
  band.close();
});

proves("several", "refusal")("three bands over one connection, each by its name", async (context) => {
  const daemon = await Daemon.start(context, "--sim", "seed=1,radio=fast,bands=3", "--max-bands", "3");
  const band = await at(daemon);
  const { devices } = await band.scanDevices({ duration: 1 });
  const names = devices.map(({ device_id }) => device_id).sort();
  assert.equal(names.length, 3);
  for (const device_id of names) await band.connectDevice({ device_id });
  assert.deepEqual([...band.devices.keys()].sort(), names);
  const [every, one] = [band.stream("acc"), band.stream("acc", { deviceId: names[1] })];
  assert.deepEqual((await band.startStreaming({ sensors: ["acc"] })).devices.map(({ device_id, success }) => [device_id, success]).sort(),
    names.map((name) => [name, true]));
  const heard = new Set();
  while (heard.size < 3) heard.add((await every.next()).value.deviceId);
  await band.stopStreaming({ device_id: names.slice(0, 2) });
  const last = [];
  for await (const block of one) last.push(block.deviceId);
  assert.deepEqual([...new Set(last)], [names[1]]);
  await assert.rejects(band.stopStreaming({ device_id: "LXB-NONE" }), ({ code, details }) =>
    code === "NOT_CONNECTED" && names.every((name) => details.allowed.includes(name)));
  const events = band.events();
  await band.disconnectDevice();
  for await (const { deviceId } of every) assert(names.includes(deviceId)); // to its end: the third band's stream was the last
  while (band.devices.size) await events.next();
  band.close();
});

proves("loss")("a daemon killed in any of the commands settles it", async (context) => {
  const daemon = await Daemon.start(context);
  assert(COMMANDS.length >= 18);
  for (const command of COMMANDS) {
    const band = await at(daemon, { reconnect: false });
    const stream = band.stream("eeg");
    daemon.signal("SIGSTOP");
    const settled = Promise.allSettled([band[command](NEEDED[command]), stream.next()]);
    await new Promise((resolve) => setImmediate(resolve));
    await daemon.end("SIGKILL");
    for (const { reason } of await settled) {
      assert.deepEqual([command, reason.constructor, reason.code], [command, linkband.ConnectionLost, 1006]);
    }
    await assert.rejects(band[command](NEEDED[command]), linkband.ConnectionLost);
    await daemon.begin();
  }
});

proves("silence")("a daemon that stands still is lost", async (context) => {
  const daemon = await Daemon.start(context);
  const band = await at(daemon, { silence: 2, reconnect: false });
  await band.getServerInfo();
  daemon.signal("SIGSTOP");
  await assert.rejects(band.getServerInfo(), { name: "ConnectionLost", code: 1006 });
});

proves("shutdown", "reconnect", "restarted")("a restart is 1012 and another run", async (context) => {
  const daemon = await Daemon.start(context);
  const band = await at(daemon, { delay: () => 0.05 });
  const events = band.events();
  const scan = band.scanDevices({ duration: 60 }).catch((error) => error);
  await named(events, "scan_result");
  const before = band.deviceInfo.server.instance;
  await daemon.end();
  const lost = await named(events, "connection_lost");
  assert.deepEqual([lost.data.code, lost.data.will_reconnect], [1012, true]);
  assert(await scan); // the daemon has told its end before, or the loss did
  await daemon.begin();
  const { data } = await named(events, "connection_restored");
  assert(data.restarted && data.instance !== before);
  assert(["ok", "degraded"].includes((await band.healthCheck()).status));
  band.close();
});

proves("full")("an eleventh gets 1013, and the place of one that goes", async (context) => {
  const daemon = await Daemon.start(context);
  const ten = await Promise.all(Array.from({ length: 10 }, () => at(daemon)));
  await assert.rejects(at(daemon), { name: "NotReachable", code: 1013 });
  const eleventh = at(daemon);
  ten[0].close();
  (await eleventh).close();
  for (const band of ten) band.close();
});

proves("reconnect", "ends")("a stream is taken up after a restart", async (context) => {
  const daemon = await Daemon.start(context);
  const band = await at(daemon, { delay: () => 0.05 });
  const blocks = band.stream("eeg");
  const begin = async () => {
    await band.connectDevice({ address: ADDRESS });
    await band.startStreaming({ sensors: ["eeg"] });
  };
  band.on("connection_restored", begin);
  await begin();
  await blocks.next();
  await daemon.end("SIGKILL");
  await daemon.begin();
  while ((await blocks.next()).value.message.seq !== 0);
  await band.stopStreaming();
  await all(blocks);
  assert.equal(blocks.missed, 0);
  band.close();
});

proves("bounded", "missed")("a slow consumer is told what it did not take", async (context) => {
  const band = await at(await Daemon.start(context, "--sim", "seed=1,radio=fast,speed=10"));
  await band.connectDevice({ address: ADDRESS });
  const [slow, quick] = [band.stream("eeg", { limit: 3 }), band.stream("eeg", { limit: 10000 })];
  const events = band.events();
  await band.startStreaming({ sensors: ["eeg"], duration: 1 });
  await named(events, "stream_stopped");
  const [few, every] = [await all(slow), await all(quick)];
  assert.deepEqual([few.length, every.length - few.length, slow.dropped], [3, slow.missed, slow.missed]);
  assert.equal(slow.lost, quick.lost);
  band.close();
});

proves("final")("a wrong token and a wrong path are rejected", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "linkband-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "token");
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
  const daemon = await Daemon.start(context, "--token-file", file);
  for (const token of [undefined, "wrong-token-of-some-length"]) {
    await assert.rejects(at(daemon, { token }), (error) => {
      assert.deepEqual([error.constructor, error.status], [linkband.Rejected, 401]);
      return /token/.test(error.message) && !error.message.includes("wrong-token");
    });
  }
  const band = await at(daemon, { token: TOKEN });
  assert(band.connected);
  band.close();
  await assert.rejects(linkband.connect(`${daemon.url}x`, { WebSocket, token: TOKEN }), { name: "Rejected", status: 404 });
});
