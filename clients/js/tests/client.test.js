// The client's behaviours, of clients/behaviours.json, where the daemon's end is played.
import assert from "node:assert/strict";
import test from "node:test";

import * as linkband from "../linkband.js";
import { Fake, URL_, all, block, client, deviceInfo, event, failure, named, reply, says, take, turn } from "./fake.js";
import { proves } from "./proofs.js";

for (const code of [1006, 1011, 1012, 1013]) {
  proves("loss", "shutdown")(`a command under way settles with the code of the close, ${code}`, async () => {
    const fake = new Fake(async (peer) => {
      await peer.send(deviceInfo());
      await peer.take();
      await peer.take();
      await peer.end(code, "because");
    });
    const band = await client(fake, { reconnect: false });
    const both = await Promise.allSettled([band.scanDevices(), band.stopScan()]);
    for (const { reason } of both) {
      assert.deepEqual([reason.constructor, reason.code, reason.reason], [linkband.ConnectionLost, code, "because"]);
    }
    await assert.rejects(band.scanDevices(), { name: "ConnectionLost", code });
  });
}

proves("reply", "refusal")("replies and refusals come to whom they are for, in any order", async () => {
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo());
    const [one, two] = [await peer.take(), await peer.take()];
    const details = { parameter: "duration", given: 99, allowed: "less" };
    await peer.send(failure(two, { error_code: "INVALID_PARAMETERS", error_message: "no", details }), reply(one, { devices: [] }));
    await peer.stay();
  });
  const band = await client(fake);
  const scan = band.scanDevices({ duration: 5, nothing: null, absent: undefined });
  await assert.rejects(band.startStreaming({ duration: 99 }), {
    name: "CommandError", command: "start_streaming", code: "INVALID_PARAMETERS", message: "no",
    details: { parameter: "duration", given: 99, allowed: "less" },
  });
  assert.deepEqual(await scan, { devices: [] });
  assert.deepEqual(fake.peers[0].got[0], { type: "command", command: "scan_devices", parameters: { duration: 5 }, id: 1 });
});

proves("offline", "unsent", "reconnect")("nothing is sent again and nothing waits for the next connection", async () => {
  let back;
  const gone = new Promise((resolve) => (back = resolve));
  const fake = new Fake(
    async (peer) => {
      await peer.send(deviceInfo());
      await peer.take();
      await peer.end(1012);
    },
    async (peer) => {
      await gone;
      await says()(peer);
    },
  );
  const band = await client(fake);
  const events = band.events();
  await assert.rejects(band.startRecording({ session_name: "one" }), linkband.ConnectionLost);
  await assert.rejects(band.startRecording({ session_name: "two" }), linkband.ConnectionLost);
  assert.equal(band.connected, false);
  back();
  const names = (await take(events, 3)).map((one) => one.event_type);
  assert.deepEqual(names, ["connection_lost", "device_info", "connection_restored"]);
  assert.equal(band.connected, true);
  assert.deepEqual(fake.peers.map((peer) => peer.got.length), [1, 0]);
  band.close();
});

proves("resubscribe")("a new connection gets the subscription of the last", async () => {
  let asked;
  const done = new Promise((resolve) => (asked = resolve));
  const fake = new Fake(
    async (peer) => {
      await peer.send(deviceInfo());
      for (let i = 0; i < 4; i++) await peer.send(reply(await peer.take(), { raw: ["eeg"], processed: [], events: true }));
      await peer.end(1012);
    },
    async (peer) => {
      await peer.send(deviceInfo());
      await peer.take();
      await peer.take();
      asked();
      await peer.stay();
    },
  );
  const band = await client(fake);
  await band.subscribe({ sensors: ["ppg"] });
  await band.subscribe({ sensors: ["eeg", "acc"] });
  await band.unsubscribe({ sensors: ["acc"], kinds: ["processed"] });
  await band.unsubscribe({ sensors: ["acc"], kinds: ["processed"] });
  await done;
  assert.deepEqual(fake.peers[1].got.map((sent) => [sent.command, sent.parameters]), [
    ["subscribe", { sensors: ["eeg", "acc"] }],
    ["unsubscribe", { sensors: ["acc"], kinds: ["processed"] }],
  ]);
  band.close();
});

for (const [instance, restarted] of [["one", false], ["two", true]]) {
  proves("restarted")(`whether the daemon is another is told: ${restarted}`, async () => {
    const fake = new Fake(
      async (peer) => {
        await peer.send(deviceInfo("one"));
        await peer.end(1012);
      },
      async (peer) => {
        await peer.send(deviceInfo(instance));
        await peer.stay();
      },
    );
    const band = await client(fake);
    const told = await new Promise((resolve) => band.on("connection_restored", resolve));
    assert.deepEqual(told.data, { restarted, instance });
    band.close();
  });
}

for (const status of [401, 403, 404]) {
  proves("first", "final")(`a first connection rejected by ${status} is told at once`, async () => {
    const fake = Object.assign(new Fake(says()), { refusing: true, status });
    const given = fake.options({ token: "secret+of some length" });
    await assert.rejects(linkband.connect("wss://localhost:1/band/ws", given), (error) => {
      assert.deepEqual([error.constructor, error.status], [linkband.Rejected, status]);
      assert(!error.message.includes("secret"));
      return true;
    });
    assert.deepEqual(fake.urls, ["wss://localhost:1/band/ws?token=secret%2Bof+some+length"]);
    assert.deepEqual(fake.asked, [["HEAD", "https://localhost:1/band/ws?token=secret%2Bof+some+length"]]);
  });

  proves("final")(`a reconnection rejected by ${status} is final and told to all that listens`, async () => {
    const fake = new Fake(async (peer) => {
      await peer.send(deviceInfo());
      await peer.take();
      Object.assign(fake, { refusing: true, status });
      await peer.end(1006);
    });
    const band = await client(fake);
    const [stream, events, heard] = [band.stream("ppg"), band.events(), []];
    band.on("connection_lost", ({ data }) => heard.push(data.will_reconnect));
    await assert.rejects(band.stopScan(), linkband.ConnectionLost);
    await assert.rejects(stream.next(), linkband.Rejected);
    assert.deepEqual((await take(events, 2)).map((one) => one.data.will_reconnect), [true, false]);
    await assert.rejects(events.next(), linkband.Rejected);
    await assert.rejects(band.stopScan(), linkband.Rejected);
    await assert.rejects(band.stream("eeg").next(), linkband.Rejected);
    assert.deepEqual(heard, [true, false]);
    assert.equal(fake.urls.length, 2);
  });
}

proves("full", "first")("a daemon without a place is not reachable now", async () => {
  const full = new Fake((peer) => peer.end(1013, "full"));
  await assert.rejects(client(full), { name: "NotReachable", code: 1013, reason: "full" });
  const refusing = Object.assign(new Fake(says()), { refusing: true, status: 503 });
  await assert.rejects(client(refusing), { name: "NotReachable", code: 1013 });
  const there = Object.assign(new Fake(says()), { refusing: true, status: 426 });
  await assert.rejects(client(there), { name: "NotReachable", code: 1013 });
  const away = Object.assign(new Fake(says()), { refusing: true });
  await assert.rejects(client(away), { name: "NotReachable", code: 1006 });
  assert.equal(away.urls.length, 1);
});

proves("full", "reconnect")("a full daemon is tried again after a loss", async () => {
  const first = async (peer) => {
    await peer.send(deviceInfo());
    await peer.end(1006);
  };
  const full = (peer) => peer.end(1013);
  const tries = [];
  const fake = new Fake(first, full, full, says());
  const band = await client(fake, { delay: (number) => tries.push(number) && 0 });
  await named(band.events(), "connection_restored");
  assert.equal(fake.urls.length, 4);
  assert.deepEqual(tries, [0, 1, 2]);
  band.close();
});

proves("first")("one that says nothing is given up", async () => {
  const fake = new Fake((peer) => peer.stay());
  await assert.rejects(client(fake, { openTimeout: 0.05 }), { name: "NotReachable", code: 1006 });
  assert.equal(fake.closed, 1);
});

proves("jitter")("pauses are random between half a second and thirty", async () => {
  const { delay } = await import("../lib/reconnection.js");
  for (const [tries, longest] of [[0, 1], [1, 2], [4, 16], [5, 30], [5000, 30]]) {
    const pauses = Array.from({ length: 2000 }, () => delay(tries));
    assert(pauses.every((pause) => pause >= 0.5 && pause <= longest));
    assert(Math.max(...pauses) > 0.9 * longest && Math.min(...pauses) < 0.5 + 0.1 * longest);
  }
});

proves("silence")("one that says nothing any more is asked, then lost", async () => {
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo());
    const asked = await peer.take();
    await peer.send(JSON.stringify({ type: `${asked.type}_response` }));
    await peer.stay();
  });
  const band = await client(fake, { silence: 0.02, reconnect: false });
  await assert.rejects(band.events().next().then(() => band.stopScan()), linkband.ConnectionLost);
  assert.deepEqual(fake.peers[0].got.map((one) => one.type), ["health_check", "health_check"]);
});

proves("cancel")("a command nobody waits for any more disturbs nothing", async () => {
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo());
    const [first, second] = [await peer.take(), await peer.take()];
    await peer.send(reply(first, { devices: [] }), reply(second, { timestamp: 1.5 }));
    await peer.stay();
  });
  const band = await client(fake);
  const stop = new AbortController();
  const scan = band.scanDevices({}, { signal: stop.signal });
  stop.abort();
  await assert.rejects(scan, { name: "AbortError" });
  assert.equal((await band.insertMarker({ label: "x" })).timestamp, 1.5);
  await assert.rejects(band.scanDevices({}, { signal: stop.signal }), { name: "AbortError" });
  assert.equal(fake.peers[0].got.length, 2);
});

proves("close")("closing settles all", async () => {
  const fake = new Fake(says());
  const band = await client(fake);
  const work = [band.scanDevices(), all(band.stream("ppg")), all(band.events())];
  band.close();
  const [scan, blocks, events] = await Promise.allSettled(work);
  assert.equal(scan.reason.code, 1000);
  assert.deepEqual([blocks.value, events.value], [[], []]);
  await assert.rejects(band.scanDevices(), { name: "ConnectionLost", code: 1000 });
  await turn();
  assert.equal(fake.urls.length, 1);
  assert.equal(fake.closed, 1);
});

proves("close")("closing ends the tries for a new connection", async () => {
  const waits = [];
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo());
    await peer.end(1006);
  });
  const band = await client(fake, { delay: () => waits.push(1) && 3600 });
  await named(band.events(), "connection_lost");
  await turn();
  band.close();
  await turn();
  assert.deepEqual([waits.length, fake.urls.length], [1, 1]);
});

proves("close")("a connection that is made while it is closed is closed, too", async () => {
  let open;
  const late = new Promise((resolve) => (open = resolve));
  const fake = new Fake(
    async (peer) => {
      await peer.send(deviceInfo());
      await peer.end(1006);
    },
    async (peer) => {
      await late;
      await peer.send(deviceInfo("two"));
    },
  );
  const band = await client(fake);
  while (fake.urls.length < 2) await turn();
  band.close();
  open();
  while (fake.closed < 2) await turn();
  assert.equal(band.connected, false);
  assert.equal(band.deviceInfo.server.instance, "one");
});

proves("events", "handlers")("handlers hear until undone and may fail", async () => {
  let go;
  const undone = new Promise((resolve) => (go = resolve));
  const fake = new Fake(async (peer) => {
    await peer.send(deviceInfo(), event("marker", { label: "a" }));
    await undone;
    await peer.send(event("marker", { label: "b" }), event("storage_low", { minutes_left: 1 }));
    await peer.stay();
  });
  const [complaints, heard, awaited] = [[], [], []];
  const band = await client(fake, { onHandlerError: (error) => complaints.push(error.message) });
  band.on("marker", () => {
    throw new Error("at once");
  });
  const undo = band.on("marker", ({ data }) => heard.push(data.label));
  band.on("marker", async ({ data }) => {
    await turn();
    awaited.push(data.label);
    throw new Error("later");
  });
  const events = band.events();
  assert.equal((await named(events, "marker")).data.label, "a");
  undo();
  undo();
  go();
  assert.deepEqual((await take(events, 2)).map((one) => one.event_type), ["marker", "storage_low"]);
  while (complaints.length < 4) await turn();
  assert.deepEqual([heard, awaited], [["a"], ["a", "b"]]);
  assert.deepEqual(complaints.sort(), ["at once", "at once", "later", "later"]);
});

proves("unknown")("what a later version says disturbs nothing", async () => {
  const novel = JSON.stringify({ ...JSON.parse(block(1)), novelty: {} });
  const fake = new Fake(says("{", "[]", "null", '{"type": "novelty"}', event("novelty", { x: 1 }), block(0), novel));
  const band = await client(fake);
  const [events, blocks] = [band.events(), band.stream("ppg")];
  assert.equal((await events.next()).value.event_type, "novelty");
  assert.deepEqual((await take(blocks, 2)).map((one) => one.length), [1, 1]);
});

test("wrong use is told", async () => {
  const band = await client(new Fake(says()));
  assert.throws(() => band.stream(), RangeError);
  assert.throws(() => band.stream([]), RangeError);
  assert.throws(() => band.stream("eeg", { limit: 0 }), RangeError);
  const stream = band.stream("eeg");
  void stream.next();
  await assert.rejects(stream.next(), /two readers/);
  await assert.rejects(linkband.connect("http://localhost:8121/?token=secret", new Fake(says()).options()), (error) =>
    error instanceof TypeError && !error.message.includes("secret"));
  if (!globalThis.WebSocket) await assert.rejects(linkband.connect(URL_), /hand one in/);
});
