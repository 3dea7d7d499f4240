// What streams and blocks hold by, of clients/behaviours.json, where the daemon's end is played.
import assert from "node:assert/strict";
import test from "node:test";

import { Block } from "../lib/blocks.js";
import { Fake, all, block, client, deviceInfo, event, named, reply, says, stopped, take } from "./fake.js";
import { proves } from "./proofs.js";

proves("blocks")("a data message is a block with a column a field", async () => {
  const data = { timestamps: [1, 2], ch1_filtered: [null, 2.5], ch1_sqi: 0.5, artefacts: ["blink"], beats: [] };
  const processed = new Block({ type: "processed_data", sensor_type: "eeg", device_id: "LXB-1", sample_rate: 250, lost: 0, data });
  assert.deepEqual(processed.columns, {
    timestamps: Float64Array.of(1, 2), ch1_filtered: Float64Array.of(NaN, 2.5), beats: new Float64Array(),
  });
  assert.deepEqual([processed.length, processed.kind, processed.values.ch1_sqi, processed.sampleRate], [2, "processed", 0.5, 250]);
  const samples = [{ timestamp: 1, ch1: 2, leadoff_ch1: false }, { timestamp: 2, ch1: 3, leadoff_ch1: true }];
  const raw = new Block({ type: "raw_data", sensor_type: "eeg", device_id: "LXB-1", lost: 0, data: samples });
  assert.deepEqual(raw.columns, {
    timestamp: Float64Array.of(1, 2), ch1: Float64Array.of(2, 3), leadoff_ch1: Uint8Array.of(0, 1),
  });
  assert.deepEqual([raw.length, raw.kind, raw.deviceId], [2, "raw", "LXB-1"]);
});

proves("blocks")("what comes for feedback is a block of one set of values", async () => {
  const data = { timestamp: 1, ch1_band_powers: { alpha: 2 }, artefacts: ["blink"] };
  const head = { type: "band_data", sensor_type: "eeg", device_id: "LXB-1", sample_rate: 10, lost: 0 };
  const fake = new Fake(says(...[4, 6].map((seq) => JSON.stringify({ ...head, seq, data }))));
  const [one, two] = await take((await client(fake)).stream("eeg", { kind: "bands" }), 2);
  assert.deepEqual([one.length, one.columns, one.values, one.missed, two.missed], [1, {}, data, 0, 1]);
});

proves("lost", "missed", "ends")("holes are counted and the stream ends after its last block", async () => {
  const fake = new Fake(says(block(7), block(8, { lost: 3 }), block(11), stopped(["ppg"], { will_resume: true }), stopped(["eeg"]),
    block(12, { lost: 2 }), stopped(["ppg"]), block(13)));
  const band = await client(fake);
  const blocks = band.stream("ppg");
  assert.deepEqual((await all(blocks)).map((one) => [one.message.seq, one.lost, one.missed]), [
    [7, 0, 0], [8, 3, 0], [11, 0, 2], [12, 2, 0]]);
  assert.deepEqual([blocks.lost, blocks.missed, blocks.dropped], [5, 2, 0]);
});

proves("missed", "reconnect")("what came while the connection was lost is missed, of one run only", async () => {
  const run = (instance, ...texts) => async (peer) => {
    await peer.send(deviceInfo(instance), ...texts);
    await peer.end(1006);
  };
  const bat = block(0, { sensor: "bat" });
  const fake = new Fake(run("one", block(0), bat), run("one", block(5), bat), run("two", block(3), block(4)), says());
  const band = await client(fake);
  const [blocks, battery] = [band.stream("ppg"), band.stream("bat")];
  assert.deepEqual((await take(blocks, 4)).map((one) => [one.message.seq, one.missed]), [[0, 0], [5, 4], [3, 0], [4, 0]]);
  // The battery's level comes again with the seq it had.
  assert.deepEqual((await take(battery, 2)).map((one) => one.missed), [0, 0]);
  band.close();
});

proves("missed")("what was not subscribed is not missed", async () => {
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo(), block(0));
    await peer.send(reply(await peer.take(), { raw: ["eeg"], processed: [], events: true }));
    await peer.send(reply(await peer.take(), { raw: ["eeg", "ppg"], processed: [], events: true }), block(9));
    await peer.stay();
  });
  const band = await client(fake);
  const blocks = band.stream("ppg");
  await band.unsubscribe({ sensors: ["ppg"] });
  await band.subscribe();
  assert.deepEqual((await take(blocks, 2)).map((one) => one.missed), [0, 0]);
});

proves("bounded", "shutdown")("a slow consumer loses the oldest, is told, and goes on after 1013", async () => {
  const flood = Array.from({ length: 100 }, (_, seq) => block(seq, { lost: 1 }));
  const fake = new Fake(
    async (peer) => {
      await peer.send(deviceInfo(), ...flood);
      await peer.end(1013, "too slow");
    },
    says(block(105)),
  );
  const band = await client(fake);
  const [slow, fast] = [band.stream("ppg", { limit: 10 }), band.stream("ppg", { limit: 200 })];
  assert.equal((await named(band.events(), "connection_lost")).data.code, 1013);
  const [first] = await take(slow, 1);
  assert.deepEqual([first.message.seq, first.missed, first.lost], [90, 90, 91]);
  const rest = await take(slow, 10);
  assert.deepEqual(rest.map((one) => one.missed), [0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
  assert.equal(rest[9].message.seq, 105);
  assert.deepEqual([slow.dropped, slow.missed, slow.lost], [90, 95, 100]);
  assert.deepEqual((await take(fast, 101)).map((one) => one.missed), [...Array(100).fill(0), 5]);
  assert.equal(fast.dropped, 0);
  band.close();
});

proves("bounded")("events are bounded", async () => {
  const markers = Array.from({ length: 20 }, (_, n) => event("marker", { label: String(n) }));
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo(), ...markers);
    await peer.end(1012);
  });
  const band = await client(fake, { reconnect: false });
  const events = band.events({ limit: 3 });
  await new Promise((resolve) => band.on("connection_lost", resolve));
  assert.deepEqual((await take(events, 3)).map((one) => one.data.label), ["18", "19", undefined]);
  assert.equal(events.dropped, 18);
});

proves("several")("several bands and sensors are told apart", async () => {
  const two = { device_id: "LXB-2" };
  const acc = { sensor: "acc" };
  const fake = new Fake(says(block(0), block(4, two), block(1), block(0, acc), block(6, two), stopped(["ppg", "acc"], two), block(2),
    block(1, acc), stopped(["ppg"]), block(3, acc), stopped(["acc"])));
  const band = await client(fake);
  const [first, second] = [band.stream(["ppg", "acc"], { deviceId: "LXB-1" }), band.stream("ppg", { deviceId: "LXB-2" })];
  assert.deepEqual((await all(first)).map((one) => [one.sensor, one.message.seq, one.missed]), [
    ["ppg", 0, 0], ["ppg", 1, 0], ["acc", 0, 0], ["ppg", 2, 0], ["acc", 1, 0], ["acc", 3, 1]]);
  assert.deepEqual((await all(second)).map((one) => [one.message.seq, one.missed]), [[4, 0], [6, 1]]);
});

proves("several", "ends")("a stream of all bands ends with the last of them, and each is known by its name", async () => {
  const two = { device_id: "LXB-2" };
  const info = (device_id) => event("device_info", { connected: device_id !== null, device_id, server: { instance: "one" } });
  const gone = (device_id) => event("device_disconnected", { device_id, will_reconnect: false });
  const fake = new Fake(says(info("LXB-2"), event("stream_started", { device_id: "LXB-2", sensors: ["ppg"], resumed: false }), block(0),
    stopped(["ppg"]), gone("LXB-1"), block(0, two), stopped(["ppg"], two), info(null)));
  const band = await client(fake);
  const blocks = band.stream("ppg");
  const events = band.events();
  assert.deepEqual((await all(blocks)).map((one) => one.deviceId), ["LXB-1", "LXB-2"]);
  assert.deepEqual([[...band.devices.keys()], band.deviceInfo.device_id], [["LXB-2"], "LXB-2"]);
  while (band.devices.size) await events.next();
  assert.deepEqual([band.deviceInfo.device_id, band.deviceInfo.connected], [null, false]);
});

proves("several", "resubscribe")("of bands that were not subscribed nothing is missed", async () => {
  const two = { device_id: "LXB-2" };
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo(), block(0), block(0, two));
    const asked = await peer.take();
    assert.deepEqual(asked.parameters, { device_id: ["LXB-2"] });
    await peer.send(reply(asked, { raw: ["ppg"], processed: [], device_ids: ["LXB-2"] }));
    await peer.send(reply(await peer.take(), { raw: ["ppg"], processed: [], device_ids: null }), block(7), block(3, two));
    await peer.stay();
  });
  const band = await client(fake);
  const blocks = band.stream("ppg");
  await band.subscribe({ device_id: ["LXB-2"] });
  await band.subscribe();
  assert.deepEqual((await take(blocks, 4)).map((one) => [one.deviceId, one.missed]), [["LXB-1", 0], ["LXB-2", 0], ["LXB-1", 0], ["LXB-2", 2]]);
});

test("a loop that is left takes nothing more", async () => {
  const fake = new Fake(says(block(0), block(1), block(2)));
  const band = await client(fake);
  const stream = band.stream("ppg");
  for await (const one of stream) {
    assert.equal(one.message.seq, 0);
    break;
  }
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});
