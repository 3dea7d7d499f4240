// Finding a band: strongest first, and no row moves while the pointer or the keyboard is among them.

import { action, button, byId, fixed, make, put } from "./dom.js";

const SCAN_SECONDS = 10;
const NOTHING = "Nothing was found. Switch the band on, charge it, bring it near, and end its connection to a phone; then scan again.";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {{device_id: string, name: string | null, address: string, rssi: number | null}} Device */

export class Finder {
  #session;
  /** @type {Device[]} */
  #devices = [];
  #searched = false;
  /** The first that is found is to be shown. */
  #show = false;

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    const scan = () => {
      this.#show = this.#searched = false;
      void session.ask((band) => band.scanDevices({ duration: SCAN_SECONDS }));
    };
    for (const id of ["scan", "finder-scan"]) {
      button(id).addEventListener("click", () => (session.state.busy === "scanning" ? void session.ask((band) => band.stopScan()) : scan()));
    }
    button("show-me").addEventListener("click", () => {
      scan();
      this.#show = true;
    });
    button("finder-stop").addEventListener("click", () => void session.end("device", (band) => band.disconnectDevice(session.named()), [session.shown]));
    button("finder-close").addEventListener("click", () => {
      if (session.state.busy === "scanning") void session.ask((band) => band.stopScan());
      this.#devices = [];
      this.#searched = false;
      this.#list();
      this.show();
    });
    session.on("event", ({ event_type, data }) => {
      if (event_type === "scan_result") this.#found(data);
    });
    session.on("change", () => this.show());
  }

  /** @param {{status: string, devices: Device[]}} data */
  #found({ status, devices }) {
    this.#searched = status !== "scanning";
    this.#devices = byId("devices").matches(":hover, :focus-within") ? this.#kept(devices) : devices;
    this.show();
    this.#list();
    if (!this.#show || !devices.length) return;
    this.#show = false;
    void this.#connect(devices[0]);
  }

  /** Those that are shown stay where they are; new ones follow. @param {Device[]} devices */
  #kept(devices) {
    const fresh = new Map(devices.map((one) => [one.address, one]));
    const stay = this.#devices.map((one) => fresh.get(one.address) ?? one);
    return [...stay, ...devices.filter((one) => !this.#devices.some(({ address }) => address === one.address))];
  }

  #list() {
    const rows = byId("devices");
    this.#devices.forEach((device, i) => {
      const row = rows.children[i];
      if (row?.getAttribute("data-address") === device.address) {
        const signal = row.querySelector(".signal");
        if (signal) signal.textContent = fixed(device.rssi, 0, "dBm");
      } else if (row) row.replaceWith(this.#row(device));
      else rows.append(this.#row(device));
    });
    while (rows.children.length > this.#devices.length) rows.lastChild?.remove();
  }

  /** @param {Device} device */
  #row(device) {
    const name = make("div", {}, make("strong", { text: device.name || device.device_id }), make("div", { class: "soft", text: device.address }));
    return make("li", { "data-address": device.address }, name, make("span", { class: "signal", text: fixed(device.rssi, 0, "dBm") }),
      action("Connect", () => void this.#connect(device), { "aria-label": `Connect ${device.name || device.device_id}` }));
  }

  /** Connects, and streams: whoever connects wants to see something. @param {Device} device */
  async #connect({ address }) {
    this.#session.set({ busy: "connecting" });
    const done = await this.#session.ask((band) => band.connectDevice({ address }));
    const { bands } = this.#session;
    const id = done?.device_id ?? null;
    if (id === null) return;
    this.#devices = this.#devices.filter((one) => one.address !== address);
    // Who has taken the last has found something.
    this.#searched &&= this.#devices.length > 0;
    this.#list();
    this.show();
    if (bands.has(id)) this.#session.show(id);
    if (!bands.get(id)?.streaming) await this.#session.ask((band) => band.startStreaming(bands.size > 1 ? { device_id: id } : {}));
  }

  #words() {
    const { open, bluetooth, busy, waiting, connected, backend } = this.#session.state;
    if (!open) return "There is no connection to the daemon.";
    if (bluetooth) return `${bluetooth} Switch Bluetooth on; linkbandd doctor tells what is wrong on this machine.`;
    if (busy === "connecting") return "Connecting…";
    if (waiting && !connected) return "The band is lost, and waited for: bring it near, or stop waiting to find another.";
    if (busy === "scanning") return this.#devices.length ? "Scanning…" : "Scanning… A band that is switched on shows within seconds.";
    if (this.#searched && !this.#devices.length) return NOTHING;
    if (this.#devices.length) return "Choose yours.";
    return backend === "sim" ? "This daemon simulates a band: press Show me to see what one gives." : "Switch the band on, then press Scan.";
  }

  show() {
    const { open, busy, known, most, backend, waiting, connected } = this.#session.state;
    const { size } = this.#session.bands;
    // Beside bands that are there it comes when it is asked for, while there is room for one more.
    const more = size < most;
    const asked = more && (busy === "scanning" || this.#searched || this.#devices.length > 0);
    const idle = ![...this.#session.bands.values()].some((one) => one.connected);
    byId("finder").hidden = idle ? !known && open : !asked;
    button("finder-close").hidden = idle;
    button("finder-stop").hidden = !waiting || connected;
    put("finder-words", this.#words());
    button("show-me").hidden = backend !== "sim" || size > 0;
    button("show-me").disabled = !open || busy !== "";
    button("finder-scan").classList.toggle("primary", backend !== "sim");
    for (const id of ["scan", "finder-scan"]) {
      button(id).disabled = !open || (!idle && !more) || busy === "connecting";
      button(id).textContent = busy === "scanning" ? "Stop scan" : "Scan";
    }
    if (!idle && !more && this.#devices.length) {
      this.#devices = [];
      this.#list();
    }
  }
}
