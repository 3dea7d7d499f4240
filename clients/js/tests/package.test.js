// What is committed and packed: types of the schema, each behaviour proven, a package that installs, examples that run.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import WebSocket from "ws";

import * as linkband from "../linkband.js";
import { Daemon } from "./daemon.js";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const ADDRESS = "AA:BB:CC:DD:EE:FF";
const TSC = join(HERE, "node_modules", "typescript", "bin", "tsc");
const run = promisify(execFile);

/** A project of somebody else, with what `npm pack` makes installed. */
let project;
before(async () => {
  project = mkdtempSync(join(tmpdir(), "linkband-"));
  const env = { ...process.env, npm_config_cache: join(project, "cache"), npm_config_offline: "true" };
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", project, HERE], { env });
  const [{ filename }] = JSON.parse(stdout);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "somebody-s", private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", join(project, filename)], { cwd: project, env });
  for (const name of ["ws", "@types/ws", "@types/node", "undici-types"]) {
    mkdirSync(join(project, "node_modules", name, ".."), { recursive: true });
    symlinkSync(join(HERE, "node_modules", name), join(project, "node_modules", name));
  }
  cpSync(join(HERE, "examples"), join(project, "examples"), { recursive: true });
});
after(() => rmSync(project, { recursive: true }));

const example = (name, ...given) => run("node", [join(project, "examples", name), ...given]);

test("the generated files are those of the schema", async () => {
  await run(join(HERE, "generate"), ["--check"]);
});

test("each command of the daemon is a method", async (context) => {
  const band = await linkband.connect((await Daemon.start(context)).url, { WebSocket });
  const { commands } = await band.getServerInfo();
  const methods = readFileSync(join(HERE, "lib", "commands.js"), "utf8").matchAll(/this\.command\("(\w+)"/g);
  assert.deepEqual([...methods].map(([, name]) => name).sort(), [...commands].sort());
  band.close();
});

test("each behaviour is proven and each proof names one", () => {
  const behaviours = JSON.parse(readFileSync(join(HERE, "..", "behaviours.json"), "utf8")).map(({ id }) => id);
  const files = readdirSync(join(HERE, "tests")).filter((name) => name.endsWith(".test.js"));
  const heads = files.flatMap((name) => [...readFileSync(join(HERE, "tests", name), "utf8").matchAll(/proves\((".*?")\)\(/g)]);
  const proven = new Set(heads.flatMap(([, ids]) => JSON.parse(`[${ids}]`)));
  assert.deepEqual([...proven].sort(), [...behaviours].sort());
});

test("the package holds what it needs and nothing else", async () => {
  const installed = readdirSync(join(project, "node_modules", "linkband"));
  assert.deepEqual(installed.sort(), ["README.md", "lib", "linkband.d.ts", "linkband.js", "messages.d.ts", "package.json"]);
  const { dependencies, exports } = JSON.parse(readFileSync(join(project, "node_modules", "linkband", "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  assert.deepEqual(Object.keys(exports), ["."]);
  const print = "import('linkband').then((all) => console.log(Object.keys(all).sort().join(' ')))";
  const { stdout } = await run("node", ["-e", print], { cwd: project });
  assert.equal(stdout.trim(), Object.keys(linkband).sort().join(" "));
});

test("the examples are of at most twelve lines and compile strictly against the package", async () => {
  const names = readdirSync(join(project, "examples"));
  assert.deepEqual(names.sort(), ["bands.js", "hrv.js", "neurofeedback.js", "node.js", "recorder.js"]);
  for (const name of names) assert(readFileSync(join(project, "examples", name), "utf8").trimEnd().split("\n").length <= 12, name);
  const files = names.map((name) => join("examples", name));
  const options = ["--strict", "--checkJs", "--noEmit", "--target", "es2022", "--module", "nodenext",
    "--lib", "es2022,dom", "--types", "node"];
  await run("node", [TSC, ...options, ...files], { cwd: project }).catch(({ stdout }) => assert.fail(stdout));
});

test("the README's script and Node's examples run", async (context) => {
  const { url } = await Daemon.start(context);
  const [, script] = readFileSync(join(HERE, "README.md"), "utf8").match(/```js\n(.*?)```/s);
  const there = script.replace('"ws://localhost:8121/ws"', JSON.stringify(url));
  assert.notEqual(there, script);
  writeFileSync(join(project, "examples", "readme.mjs"), there);
  assert.match((await example("readme.mjs")).stdout, /\d/);
  const band = await linkband.connect(url, { WebSocket });
  await band.connectDevice({ address: ADDRESS });
  const rows = (await example("node.js", url, "1")).stdout.trim().split("\n");
  assert(rows.length > 50 && rows.every((row) => row.split(",").length === 3));
  const session = (await example("recorder.js", url, "5")).stdout;
  const { sessions } = await band.listRecordings();
  assert.deepEqual(session.trim().split(" "), [sessions[0].session_id, ...sessions[0].files]);
  await band.startStreaming({ sensors: ["ppg"] });
  const hrv = example("hrv.js", url);
  await new Promise((resolve) => hrv.child.stdout.once("data", resolve));
  await band.stopStreaming();
  assert.match((await hrv).stdout, /^(\d|unknown).* bpm /);
  band.close();
});

test("the project's README's script streams", async (context) => {
  const { url } = await Daemon.start(context);
  const [, script] = readFileSync(join(HERE, "..", "..", "README.md"), "utf8").match(/```js\n(.*?)```/s);
  assert(script.includes('"ws://localhost:8121/ws"'));
  // Node has a WebSocket of its own from 22 on.
  const own = 'import WebSocket from "ws"; globalThis.WebSocket = WebSocket;\n';
  writeFileSync(join(project, "examples", "project.mjs"), own + script.replace('"ws://localhost:8121/ws"', JSON.stringify(url)));
  const running = spawn("node", [join(project, "examples", "project.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => running.kill("SIGKILL"));
  const ended = once(running, "exit").then(([status]) => assert.fail(`ended with ${status}`));
  const [told] = await Promise.race([once(running.stdout, "data"), ended]);
  assert.match(String(told), /Float64Array/);
});
