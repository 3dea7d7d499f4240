// Debian's Firefox at a page, by WebDriver BiDi: what a test of the core round needs of it.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { watch } from "./shown.js";

const WebSocket = createRequire(new URL("../../clients/js/package.json", import.meta.url))("ws");
const PLACES = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
/** Undefined where there is none. */
export const FIREFOX = PLACES.find((place) => place && existsSync(place));
const PATIENCE_MS = 120_000;
/** It asks for nothing but what it is led to. */
const QUIET = {
  "browser.safebrowsing.update.enabled": false, "datareporting.healthreport.uploadEnabled": false, "app.normandy.enabled": false,
  "messaging-system.rsexperimentloader.enabled": false, "services.settings.server": "data:,#remote-settings-dummy/v1",
  "browser.shell.checkDefaultBrowser": false, "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
};

export class Firefox {
  errors = [];
  #socket;
  #number = 0;
  #waiting = new Map();
  #tab;

  /** Ended with the test. */
  static async launch(context) {
    const profile = mkdtempSync(join(tmpdir(), "firefox-"));
    writeFileSync(join(profile, "user.js"), Object.entries(QUIET).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`).join("\n"));
    const child = spawn(FIREFOX, ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile],
      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: profile } });
    const exited = new Promise((resolve) => child.on("exit", resolve).on("error", resolve));
    context.after(async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    });
    const firefox = new Firefox();
    await firefox.#begin(await addressOf(child));
    watch(context, (expression) => firefox.evaluate(expression), firefox.errors);
    return firefox;
  }

  async #begin(address) {
    this.#socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => this.#socket.on("open", resolve).on("error", reject));
    this.#socket.on("message", (text) => this.#hear(JSON.parse(text)));
    await this.command("session.new", { capabilities: {} });
    await this.command("session.subscribe", { events: ["log.entryAdded"] });
    const { contexts } = await this.command("browsingContext.getTree", {});
    this.#tab = contexts[0].context;
    await this.command("browsingContext.setViewport", { context: this.#tab, viewport: { width: 1440, height: 900 } });
  }

  #hear({ id, type, result, message, method, params }) {
    if (method === "log.entryAdded" && params.level === "error") this.errors.push(params.text);
    const { resolve, reject } = this.#waiting.get(id) ?? {};
    this.#waiting.delete(id);
    if (type === "error") reject?.(new Error(message));
    else resolve?.(result);
  }

  command(method, params) {
    const id = ++this.#number;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  goto(url) {
    return this.command("browsingContext.navigate", { context: this.#tab, url, wait: "complete" });
  }

  /** What an expression, or a promise of it, is in the page: text, number, truth or null. */
  async evaluate(expression) {
    const told = await this.command("script.evaluate", { expression, target: { context: this.#tab }, awaitPromise: true });
    if (told.type === "exception") throw new Error(`${expression}: ${told.exceptionDetails.text}`);
    return told.result.value;
  }

  /** Waits until an expression is true. */
  async until(expression) {
    const end = Date.now() + PATIENCE_MS;
    while (!(await this.evaluate(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`it never came to ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  says(id, words) {
    return this.until(`document.getElementById(${JSON.stringify(id)})?.textContent.includes(${JSON.stringify(words)})`);
  }

  /** By a real pointer at its middle, once it can be pressed. */
  async click(selector) {
    const element = `document.querySelector(${JSON.stringify(selector)})`;
    await this.until(`${element}?.checkVisibility() && !${element}.disabled`);
    await this.evaluate(`${element}.scrollIntoView({block: "center"})`);
    const { left, top, width, height } = JSON.parse(await this.evaluate(`JSON.stringify(${element}.getBoundingClientRect())`));
    const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
    const actions = [{ type: "pointerMove", x, y }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
    await this.#act({ type: "pointer", id: "mouse", actions });
  }

  /** Keys as typed. */
  type(text) {
    return this.#act({ type: "key", id: "keys", actions: [...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]) });
  }

  #act(source) {
    return this.command("input.performActions", { context: this.#tab, actions: [source] });
  }

  async screenshot() {
    const { data } = await this.command("browsingContext.captureScreenshot", { context: this.#tab });
    return Buffer.from(data, "base64");
  }
}

/** Where it listens, which it says once it does. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (piece) => {
      said = (said + piece).slice(-10_000);
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.on("exit", () => reject(new Error(`${FIREFOX} does not run: ${said}`)));
  });
}
