// linkbandd on the simulated band, on a port of its own.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { witness } from "./witness.js";

const LINKBANDD = process.env.LINKBANDD ?? fileURLToPath(new URL("../../../build/linkbandd", import.meta.url));
/** Characters of a daemon's log that a failure tells. */
const LOG_TOLD = 4000;

const answers = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false)).on("close", () => socket.destroy());
    socket.on("connect", () => socket.end());
  });

/** Below the range that the kernel gives to clients: none of those beside it takes it meanwhile. */
async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    const server = net.createServer();
    const free = await new Promise((resolve) => {
      server.on("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

export class Daemon {
  /** What goes with it: a client that a failed test leaves would try for ever. */
  ends = [];

  /** Ended with the test. */
  static async start(context, ...options) {
    const daemon = new Daemon();
    daemon.data = mkdtempSync(join(tmpdir(), "linkbandd-"));
    daemon.port = await freePort();
    witness(context, () => `the daemon's log:\n${readFileSync(join(daemon.data, "log"), "utf8").slice(-LOG_TOLD)}`);
    daemon.options = ["--backend", "sim", "--sim", "seed=1,radio=fast", ...options];
    context.after(async () => {
      for (const end of daemon.ends) end();
      await daemon.end("SIGKILL");
      rmSync(daemon.data, { recursive: true });
    });
    await daemon.begin();
    return daemon;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  async begin() {
    const env = { ...process.env, XDG_DATA_HOME: this.data, XDG_STATE_HOME: join(this.data, "state") };
    const log = openSync(join(this.data, "log"), "a");
    const child = spawn(LINKBANDD, [...this.options, "--listen", `127.0.0.1:${this.port}`], { env, stdio: ["ignore", "ignore", log] });
    closeSync(log);
    this.process = child;
    this.exited = new Promise((resolve) => child.on("exit", resolve).on("error", resolve));
    while (!(await answers(this.port))) {
      if (child.exitCode !== null || !child.pid) throw new Error(`${LINKBANDD} does not run`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(name) {
    this.process.kill(name);
  }

  async end(name = "SIGTERM") {
    this.signal(name);
    await this.exited;
  }
}
