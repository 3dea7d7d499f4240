// What the page costs: processor time of the renderer's main thread, and memory. With LINKBANDD_TEST_ALL=yes for ten minutes.
import assert from "node:assert/strict";

import { Daemon } from "../../clients/js/tests/daemon.js";
import { test } from "../../clients/js/tests/witness.js";
import { launch, launchWithTabs } from "./chromium.js";

const LONG = process.env.LINKBANDD_TEST_ALL === "yes";
// Even a thread's own time grows where others share its caches: the short form only finds what redraws without need.
const [LIVE, STOPPED] = LONG ? [0.25, 0.02] : [0.45, 0.08];

/** Shares of one core's time, counted by the thread's own clock, so that a busy machine does not matter. */
async function share(client, page, seconds) {
  const used = async () => {
    const { metrics } = await client.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const [before, begun] = [await used(), Date.now()];
  await page.waitForTimeout(1000 * seconds);
  const after = await used();
  return { cpu: (after.TaskDuration - before.TaskDuration) / ((Date.now() - begun) / 1000) };
}

const image = (page) => page.evaluate(() => document.querySelector(".trace canvas").toDataURL());

const heap = async (client) => {
  await client.send("HeapProfiler.collectGarbage");
  return (await client.send("Runtime.getHeapUsage")).usedSize;
};

test("live it costs a quarter of a core at most, stopped hardly anything, and its heap is flat", { timeout: 900_000 }, async (context) => {
  const daemon = await Daemon.start(context, "--sim", "seed=1,radio=fast,rate=500");
  const { page } = await launch(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.click("#show-me");
  await page.waitForFunction(() => document.getElementById("bands-legend").textContent.includes("µV²"));
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await heap(client);
  const { cpu } = await share(client, page, LONG ? 60 : 6);
  context.diagnostic(`live ${(100 * cpu).toFixed(1)} % of a core`);
  assert(cpu <= LIVE, `${cpu}`);
  if (LONG) await page.waitForTimeout(9 * 60_000);
  const grown = (await heap(client)) - before;
  context.diagnostic(`heap grown by ${(grown / 1e6).toFixed(1)} MB`);
  assert(grown < 8e6, `${grown}`); // beats, spectra and spans of fifteen minutes; samples have their room from the beginning
  await page.click("#stop");
  await page.waitForFunction(() => document.getElementById("state").textContent === "connected");
  const stopped = await share(client, page, LONG ? 60 : 6);
  context.diagnostic(`stopped ${(100 * stopped.cpu).toFixed(1)} % of a core`);
  assert(stopped.cpu <= STOPPED, `${stopped.cpu}`);
});

test("in a tab behind another it costs hardly anything, and has no backlog when it is looked at again", { timeout: 300_000 }, async (context) => {
  const daemon = await Daemon.start(context, "--sim", "seed=1,radio=fast,rate=500");
  const { tabs, page } = await launchWithTabs(context);
  await page.goto(`http://127.0.0.1:${daemon.port}/`);
  await page.click("#show-me");
  await page.waitForFunction(() => document.getElementById("bands-legend").textContent.includes("µV²"));
  const client = await tabs.newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  await (await tabs.newPage()).bringToFront();
  await page.waitForFunction(() => document.hidden, null, { polling: 100 });
  const { cpu } = await share(client, page, LONG ? 60 : 6);
  context.diagnostic(`hidden ${(100 * cpu).toFixed(1)} % of a core`);
  assert(cpu <= STOPPED, `${cpu}`);
  const painted = await image(page);
  await page.bringToFront();
  await page.waitForFunction((old) => document.querySelector(".trace canvas").toDataURL() !== old, painted);
  // What it tells of latency is of the newest sample; of one from while it was hidden that would be seconds.
  await page.waitForFunction(() => Number.parseInt(document.getElementById("latency").textContent, 10) < 1500);
  assert(!(await page.textContent("#log")).includes("too slow"));
});
