"""In the guest: the real bluetoothd, a band on the air, linkbandd between it and a client.

Each story begins with everything up and a band advertising. What came of it goes to /out/report.json, a story each:
{"passed", "seconds", "error", "facts"}.
"""

import asyncio
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import traceback

import dbus
import websockets

HERE = pathlib.Path(__file__).resolve().parent
OUT = pathlib.Path("/out")
NAME, ADDRESS = "LXB-0263003F", "C0:26:30:03:F0:11"
PORT = 8121
# Seconds for what starts a story: only a hang is meant to run into it.
PATIENCE = 60
MICROVOLTS = 4.033 / 12 / (2**23 - 1) * 1e6
PROGRAM, BOOTTIME = sys.argv[1:3]
STORIES = {}


def story(function):
    STORIES[function.__name__] = function
    return function


def log(*words):
    print(f"[{time.monotonic():9.3f}]", *words, flush=True)


# ---- the machine


class Machine:
    """dbus-daemon, bluetoothd, btvirt and the band, each to be killed and started again."""

    def __init__(self):
        self.processes = {}

    def spawn(self, name, *command):
        out = open(OUT / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen(command, stdout=out, stderr=out)

    def kill(self, name):
        process = self.processes.pop(name, None)
        if process:
            process.kill()
            process.wait()

    def start_bus(self):
        pathlib.Path("/run/dbus/system_bus_socket").unlink(missing_ok=True)
        self.spawn("dbus", "dbus-daemon", "--system", "--nofork", "--nopidfile")
        wait(lambda: os.path.exists("/run/dbus/system_bus_socket"), PATIENCE, "the bus")

    def ended(self):
        """Those that nobody here has killed, and that are no more."""
        return {name: p.returncode for name, p in self.processes.items() if p.poll() is not None}

    def start_bluetoothd(self):
        self.spawn("bluetoothd", "/usr/libexec/bluetooth/bluetoothd", "-n", "-f", str(HERE / "bluetoothd.conf"))

    def start_air(self, adapters=1):
        pathlib.Path("/tmp/bt-server-le").unlink(missing_ok=True)
        self.spawn("btvirt", "btvirt", "-L", f"-l{adapters}", "-s")
        wait(lambda: os.path.exists("/tmp/bt-server-le"), PATIENCE, "btvirt")

    def start_band(self, *options):
        self.spawn("band", str(HERE / "band.py"), NAME, ADDRESS, "/tmp/truth", *options)

    def start(self):
        """Everything anew."""
        for name in list(self.processes):
            self.kill(name)
        self.start_bus()
        self.start_bluetoothd()
        for _ in range(4):  # once in some thirty boots the first reset of the adapter times out
            self.start_air()
            if wait(lambda: self.adapter() is not None, 5):
                break
            self.kill("btvirt")
        assert self.adapter(), "no adapter came up"
        self.start_band()

    @staticmethod
    def objects():
        bus = dbus.bus.BusConnection("unix:path=/run/dbus/system_bus_socket")
        try:
            manager = dbus.Interface(bus.get_object("org.bluez", "/", introspect=False), "org.freedesktop.DBus.ObjectManager")
            return manager.GetManagedObjects(timeout=5)
        finally:
            bus.close()

    def adapter(self):
        """The path of a powered adapter, or None."""
        try:
            for path, interfaces in self.objects().items():
                if interfaces.get("org.bluez.Adapter1", {}).get("Powered"):
                    return str(path)
        except dbus.DBusException:
            pass
        return None

    def powered(self):
        """path → address of the adapters that are on."""
        adapters = {p: i["org.bluez.Adapter1"] for p, i in self.objects().items() if "org.bluez.Adapter1" in i}
        return {str(p): str(a["Address"]) for p, a in adapters.items() if a["Powered"]}

    def call(self, path, interface, method, *arguments):
        bus = dbus.bus.BusConnection("unix:path=/run/dbus/system_bus_socket")
        try:
            return dbus.Interface(bus.get_object("org.bluez", path, introspect=False), interface).get_dbus_method(method)(
                *arguments, timeout=30
            )
        finally:
            bus.close()

    def power(self, on, path=None):
        path = path or next(p for p, i in self.objects().items() if "org.bluez.Adapter1" in i)
        self.call(path, "org.freedesktop.DBus.Properties", "Set", "org.bluez.Adapter1", "Powered",
                  dbus.Boolean(on, variant_level=1))

    def order(self, *words):
        log("band:", *words)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(" ".join(map(str, words)).encode(), f"/tmp/band-{NAME}")


def wait(condition, seconds, what=None):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    assert not what, f"{what} did not come up in {seconds} s"
    return False


class Truth:
    """What the band sent: rows of (when, sensor, first sample, samples, tick)."""

    def __init__(self, path="/tmp/truth"):
        rows = [line.split() for line in open(path) if not line.startswith("#")]
        self.rows = [(float(t), s, int(first), int(count), int(tick)) for t, s, first, count, tick in rows]

    def of(self, sensor, since=0.0, until=float("inf")):
        return [r for r in self.rows if r[1] == sensor and since <= r[0] <= until]


# ---- the daemon and a client of it


class Daemon:
    def __init__(self, *arguments, env=None):
        self.arguments, self.env = arguments, env or {}
        self.start()

    def start(self):
        self.log = open(OUT / "linkbandd.log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "--backend", "bluez", "--state-dir", "/tmp/state", "--data-dir", "/tmp/data", "--log-level", "debug",
             *self.arguments],
            stderr=self.log,
            env={**os.environ, **self.env},
        )

        def listens():
            assert self.process.poll() is None, "linkbandd ended"
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", PORT)) == 0

        wait(listens, PATIENCE, "linkbandd")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        began = time.monotonic()
        status = self.process.wait(PATIENCE)
        return status, time.monotonic() - began


class Client:
    """Keeps each message with the monotonic time it came at."""

    def __init__(self, ws):
        self.ws, self.messages, self.number = ws, [], 0
        self.news = asyncio.Event()
        self.reader = asyncio.ensure_future(self.read())

    async def read(self):
        try:
            async for text in self.ws:
                self.messages.append((time.monotonic(), json.loads(text)))
                self.news.set()
        except websockets.ConnectionClosed:
            pass

    async def wait(self, wanted, seconds, start=0, what=""):
        deadline = time.monotonic() + seconds
        while True:
            for at, message in self.messages[start:]:
                if wanted(message):
                    return at, message
            start = len(self.messages)
            self.news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"{what}: not told in {seconds} s"
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def event(self, event_type, seconds, start=0, **data):
        return await self.wait(
            lambda m: m.get("event_type") == event_type and all(m["data"].get(k) == v for k, v in data.items()),
            seconds, start, f"{event_type} {data}",
        )

    async def data(self, sensor, seconds, start=0):
        return await self.wait(
            lambda m: m["type"] == "raw_data" and m["sensor_type"] == sensor, seconds, start, f"data of {sensor}"
        )

    async def command(self, command, seconds=30, **parameters):
        self.number += 1
        number, start = self.number, len(self.messages)
        await self.ws.send(json.dumps({"command": command, "parameters": parameters, "id": number}))
        _, reply = await self.wait(
            lambda m: m["type"] == "command_response" and m.get("id") == number, seconds, start, command
        )
        return reply

    def told(self, start=0):
        return [m["event_type"] for _, m in self.messages[start:] if m["type"] == "event" and m["event_type"] != "device_info"]

    def raw(self, sensor, start=0, device=None):
        rows = [(at, m) for at, m in self.messages[start:] if m["type"] == "raw_data" and m["sensor_type"] == sensor]
        return [row for row in rows if device in (None, row[1]["device_id"])]


async def open_client():
    return Client(await websockets.connect(f"ws://127.0.0.1:{PORT}/ws", max_size=2**20))


async def connect(client):
    reply = await client.command("connect_device", address=ADDRESS)
    assert reply["success"], reply
    return reply


async def stream(client, **parameters):
    await connect(client)
    reply = await client.command("start_streaming", **parameters)
    assert reply["success"], reply
    for sensor in ("eeg", "ppg", "acc"):
        await client.data(sensor, 10)


def sample_number(sensor, sample):
    if sensor == "eeg":
        return round(sample["ch1"] / MICROVOLTS)
    return sample["red"] if sensor == "ppg" else sample["x"]


async def compare(client, sensor, start=0, device=None, truth="/tmp/truth"):
    """Each packet sent from the sensor's first message until now arrives once and in order, however slow the machine.
    Told: how many, latencies in ms."""
    sent = {first % 2**15 if sensor == "acc" else first: at for at, _, first, _, _ in Truth(truth).of(sensor)}
    order = sorted(sent, key=sent.get)
    expected = order[order.index(sample_number(sensor, client.raw(sensor, start, device)[0][1]["data"][0])) :]
    deadline = time.monotonic() + 20
    while len(client.raw(sensor, start, device)) < len(expected) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    got = client.raw(sensor, start, device)[: len(expected)]
    firsts = [sample_number(sensor, m["data"][0]) for _, m in got]
    assert firsts == expected, f"{device or ''} {sensor}: {len(expected) - len(got)} never came; {[(a, b) for a, b in zip(firsts, expected) if a != b][:3]}"
    latencies = sorted((at - sent[n]) * 1e3 for n, (at, _) in zip(firsts, got))
    return {"packets": len(got), "p50_ms": round(latencies[len(latencies) // 2], 1),
            "p99_ms": round(latencies[int(len(latencies) * 0.99)], 1)}


def gap_is_told(client, start, sensor="eeg"):
    """`lost` of the first message after an outage is what the band's own count says; returns it."""
    before = [m for _, m in client.raw(sensor)[:] if client.messages.index((_, m)) < start]
    after = client.raw(sensor, start)
    last = before[-1]["data"][-1]
    first = after[0][1]
    missing = sample_number(sensor, first["data"][0]) - sample_number(sensor, last) - 1
    assert abs(first["lost"] - missing) <= max(2, missing * 2e-4), (first["lost"], missing)
    return first["lost"]


def gap_across_reboot_is_told(client, began, index):
    """The counter began anew: `lost` is the gap in UTC times the rate; returns it."""
    _, first = client.raw("eeg", index)[0]
    last_ms = [m for at, m in client.raw("eeg") if at < began + 1][-1]["data"][-1]["timestamp"]
    missing = (first["data"][0]["timestamp"] - last_ms) / 1000 * 250.2 - 1
    assert abs(first["lost"] - missing) <= 2, (first["lost"], missing)
    return first["lost"]


def links(since):
    """The beginnings and ends of links that the band has seen."""
    rows = [line.split() for line in open("/tmp/truth") if line.startswith("#")]
    return [row[2] for row in rows if float(row[1]) > since and row[2] in ("connected", "disconnected")]


def way_back(began, streams_at):
    """Where a band was lost and came into the air again: how long after that it was linked to, subscribed to and heard, and
    the daemon's steps from the last time that it looked for it."""
    rows = [line.split() for line in open("/tmp/truth") if line.startswith("#")]
    rows = [(float(row[1]), row[2:]) for row in rows if float(row[1]) > began]
    shown = next((at for at, words in rows if words == ["shown"]), None)
    if shown is None:
        return {}
    linked = next(at for at, words in rows if at > shown and words == ["connected"])
    subscribed = next(at for at, words in rows if at > linked and words == ["ccc", "eeg", "0100"])
    return {"after_its_return_s": {"linked": round(linked - shown, 2), "subscribed": round(subscribed - shown, 2),
                                   "streams": round(streams_at - shown, 2)}}


def steps_up():
    """Those of the daemon's link, as its log has them, since it last began to look for the band."""
    steps = re.findall(r": (\w+), then (\w+)$", (OUT / "linkbandd.log").read_text(), re.M)
    begun = max(i for i, (step, _) in enumerate(steps) if step == "seek" and steps[i][1] != "seek")
    return [step for step, _ in steps[begun:]] + [steps[-1][1]]


async def back(client, start, seconds):
    await client.event("device_connected", seconds, start, resumed=True)
    at, _ = await client.event("stream_started", 15, start, resumed=True)
    index = next(i for i, (_, m) in enumerate(client.messages) if i >= start and m.get("event_type") == "stream_started")
    eeg_at, _ = await client.data("eeg", 10, index)
    return eeg_at, index


async def outage(client, fault, reason, told_within, back_within, reboot=False):
    """A fault and its outcome: what clients are told, after how long it streams again, the loss."""
    start, began = len(client.messages), time.monotonic()
    await asyncio.to_thread(fault)
    lost_at, lost = await client.event("device_disconnected", told_within, start, reason=reason)
    assert lost["data"]["will_reconnect"] is True
    await client.event("stream_stopped", 5, start, will_resume=True)
    eeg_at, index = await back(client, start, back_within)
    await asyncio.sleep(2)
    return {
        "told": client.told(start)[:6],
        "told_after_s": round(lost_at - began, 2),
        "streams_after_s": round(eeg_at - began, 2),
        **way_back(began, eeg_at),
        "lost_eeg": gap_across_reboot_is_told(client, began, index) if reboot else gap_is_told(client, index),
    }


# ---- the stories


@story
async def scan_connect_and_stream(machine, daemon, seconds=10):
    client = await open_client()
    reply = await client.command("scan_devices", duration=5)
    found = [d for d in reply["data"]["devices"] if d["address"] == ADDRESS]
    assert found and found[0]["name"] == NAME, reply
    reply = await connect(client)
    assert reply["data"]["battery_level"] == 87 and reply["data"]["firmware_version"] == "2.0.7", reply
    assert reply["data"]["device_id"] == NAME, "BlueZ renames the band to its GAP name"
    assert (await client.command("start_streaming"))["success"]
    await client.data("bat", 5)
    await asyncio.sleep(seconds)
    facts = {sensor: await compare(client, sensor) for sensor in ("eeg", "ppg", "acc")}
    for _, message in client.raw("eeg")[1:]:
        assert message["lost"] in (0, 1)
    facts["skipped"] = sum(m["lost"] for _, m in client.raw("eeg")[1:])
    start = len(client.messages)
    machine.order("burst", 100)
    for _ in range(40):
        burst = [m for _, m in client.raw("eeg", start) if len(m["data"]) == 1]
        if len(burst) == 100:
            break
        await asyncio.sleep(0.5)
    assert len(burst) == 100, len(burst)
    await compare(client, "eeg")
    facts["burst"] = len(burst)
    reply = await client.command("stop_streaming")
    assert reply["success"]
    assert (await client.command("disconnect_device"))["success"]
    return facts


@story
async def supervision_timeout(machine, daemon):
    client = await open_client()
    await stream(client)
    facts = await outage(client, lambda: machine.order("drop", "08", 2), "link_lost", 5, 20)
    # Once it is heard nothing is tried in vain and nothing waited for.
    assert steps_up() == ["seek", "turn", "connect", "resolve", "check", "read", "up"], steps_up()
    return facts


@story
async def killed_while_connected(machine, daemon):
    """bluetoothd keeps the link of a program that died: the next run adopts it, and lets it go in the end."""
    client = await open_client()
    await stream(client)
    await asyncio.sleep(1)
    daemon.stop(signal.SIGKILL)
    began = time.monotonic()
    daemon.start()
    client = await open_client()
    eeg_at, first = await client.data("eeg", 30)
    assert first["seq"] == 0 and first["lost"] == 0, "a new run counts anew: server.instance tells"
    status = await client.command("get_streaming_status")
    assert status["data"]["state"] == "streaming"
    assert links(began) == [], "the link was kept"
    await asyncio.sleep(1)
    await compare(client, "eeg")
    daemon.stop()
    assert wait(lambda: links(began) == ["disconnected"], 5), links(began)
    daemon.start()
    return {"streams_after_s": round(eeg_at - began, 2)}


@story
async def stopped_it_lets_the_band_go(machine, daemon):
    client = await open_client()
    await stream(client)
    start = len(client.messages)
    status, seconds = daemon.stop()
    assert status == 0, status
    await client.event("device_disconnected", 3, start, reason="shutdown", will_reconnect=False)
    assert client.ws.close_code == 1012
    assert wait(lambda: "disconnected" in [l.split()[2] for l in open("/tmp/truth") if l.startswith("#")][-3:], 5)
    assert seconds < 8, seconds  # the guest is emulated, its host may be busy
    daemon.start()
    return {"seconds": round(seconds, 2)}


@story
async def a_minute_of_everything(machine, daemon):
    return await scan_connect_and_stream(machine, daemon, seconds=60)


@story
async def silent_death(machine, daemon):
    """The link is dead and no event tells: only the silence does. (btvirt never confirms the end of a link whose other
    side has closed its socket, so the band stays there, deaf.)"""
    client = await open_client()
    await stream(client)
    return await outage(client, lambda: machine.order("deaf"), "silent", 40, 60)


@story
async def band_off_and_on(machine, daemon):
    client = await open_client()
    await stream(client)
    start, began = len(client.messages), time.monotonic()
    machine.order("off", 3)
    await client.event("device_disconnected", 10, start, reason="link_lost")
    eeg_at, index = await back(client, start, 30)
    return {"streams_after_s": round(eeg_at - began, 2), **way_back(began, eeg_at),
            "lost_eeg": gap_across_reboot_is_told(client, began, index)}


@story
async def bluetoothd_killed(machine, daemon):
    client = await open_client()
    await stream(client)

    def fault():
        machine.kill("bluetoothd")
        time.sleep(1)
        machine.start_bluetoothd()

    return await outage(client, fault, "bluetooth_off", 5, 40)


@story
async def bus_killed(machine, daemon):
    client = await open_client()
    await stream(client)

    def fault():
        machine.kill("dbus")
        machine.kill("bluetoothd")
        time.sleep(1)
        machine.start_bus()
        machine.start_bluetoothd()

    return await outage(client, fault, "bluetooth_off", 5, 60)


@story
async def adapter_off_and_on(machine, daemon):
    client = await open_client()
    await stream(client)

    def fault():
        machine.power(False)
        time.sleep(1)
        machine.power(True)

    return await outage(client, fault, "bluetooth_off", 5, 40)


@story
async def adapter_unplugged_and_back(machine, daemon):
    client = await open_client()
    await stream(client)

    def fault():
        machine.kill("btvirt")
        machine.kill("band")
        time.sleep(1)
        machine.start_air()
        machine.start_band()

    return await outage(client, fault, "bluetooth_off", 8, 60, reboot=True)


@story
async def a_band_that_is_not_there(machine, daemon):
    machine.order("hide")
    client = await open_client()
    began = time.monotonic()
    reply = await client.command("connect_device", address="C0:FF:EE:00:00:01")
    seconds = time.monotonic() - began
    assert reply["data"]["error_code"] == "DEVICE_NOT_FOUND" and seconds < 30, (reply, seconds)
    machine.order("show")
    await connect(client)
    return {"answered_after_s": round(seconds, 2)}


@story
async def a_band_seen_and_gone(machine, daemon):
    client = await open_client()
    await client.command("scan_devices", duration=4)
    machine.order("hide")
    began = time.monotonic()
    reply = await client.command("connect_device", address=ADDRESS)
    seconds = time.monotonic() - began
    assert reply["data"]["error_code"] == "CONNECTION_FAILED" and seconds < 30, (reply, seconds)
    machine.order("show")
    await connect(client)
    return {"answered_after_s": round(seconds, 2)}


@story
async def another_program_holds_the_band(machine, daemon):
    """It is connected through the same bluetoothd already: shared, until a user or the end of linkbandd ends it."""
    client = await open_client()
    await client.command("scan_devices", duration=4)
    path = next(p for p, i in machine.objects().items() if i.get("org.bluez.Device1", {}).get("Address") == ADDRESS)
    machine.call(path, "org.bluez.Device1", "Connect")
    began = time.monotonic()
    await stream(client)
    await asyncio.sleep(2)
    facts = {sensor: await compare(client, sensor) for sensor in ("eeg", "ppg", "acc")}
    assert links(began) == [], "the other's link was taken"
    daemon.stop()
    assert wait(lambda: links(began) == ["disconnected"], 5), links(began)
    daemon.start()
    return facts


@story
async def one_sensor_silent(machine, daemon):
    client = await open_client()
    await stream(client)
    start, began = len(client.messages), time.monotonic()
    machine.order("mute", "ppg", "until-subscribed")
    silent_at, _ = await client.event("sensor_status", 10, start, sensor_type="ppg", state="silent")
    await client.event("sensor_status", 20, start, sensor_type="ppg", state="retrying")
    flowing_at, _ = await client.event("sensor_status", 20, start, sensor_type="ppg", state="flowing")
    assert "device_disconnected" not in client.told(start)
    assert (await compare(client, "eeg"))["packets"] > 50, "never at another's cost"
    return {"told_after_s": round(silent_at - began, 2), "flows_after_s": round(flowing_at - began, 2)}


@story
async def all_silent(machine, daemon):
    client = await open_client()
    await stream(client)

    def fault():
        machine.order("mute", "all", "until-subscribed")

    return await outage(client, fault, "silent", 40, 60)


@story
async def the_daemon_stands_still(machine, daemon):
    """SIGSTOP for 6 s: nothing is accused; what came meanwhile is made up for in one go, and what of that is too much for
    a client's queue is told."""
    client = await open_client()
    await stream(client)
    start = len(client.messages)
    daemon.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(6)
    daemon.process.send_signal(signal.SIGCONT)
    await asyncio.sleep(4)
    assert "device_disconnected" not in client.told(start), client.told(start)
    messages = [m for _, m in client.raw("eeg")]
    assert all(m["lost"] <= 1 for m in messages[1:]), "no sample of the band is lost"
    missing = messages[-1]["seq"] - messages[0]["seq"] + 1 - len(messages)
    lagging = sum(
        m["data"]["dropped"].get("eeg", 0) for _, m in client.messages if m.get("event_type") == "client_lagging"
    )
    processed = [m for _, m in client.messages if m["type"] == "processed_data" and m["sensor_type"] == "eeg"]
    missing += processed[-1]["seq"] - processed[0]["seq"] + 1 - len(processed)
    assert missing == lagging, (missing, lagging)
    return {"frames_dropped_and_told": missing}


@story
async def suspend_and_resume(machine, daemon):
    """The daemon stands still, boot time runs on without monotonic time, and the link is dead when it wakes."""
    client = await open_client()
    await stream(client)
    start = len(client.messages)
    daemon.process.send_signal(signal.SIGSTOP)
    machine.order("deaf")
    pathlib.Path(daemon.env["BOOT_OFFSET"]).write_text("3600")
    await asyncio.sleep(1)
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGCONT)
    wait(lambda: "the host was suspended for 36" in (OUT / "linkbandd.log").read_text(), 2, "word of the suspend")
    seen = time.monotonic() - began
    await client.event("device_disconnected", 20, start, will_reconnect=True)
    machine.order("sleep", 3600)
    eeg_at, index = await back(client, start, 30)
    reply = await client.command("health_check")
    assert reply["success"], "the client is still there"
    return {"seen_after_s": round(seen, 2), "streams_after_s": round(eeg_at - began, 2), "lost_eeg": gap_is_told(client, index)}


@story
async def services_never_resolve(machine, daemon):
    """The link is made, but the band answers nothing. Ended by us after 10 s, such a link takes bluetoothd 5.66 with it (a
    segmentation fault): then that is what is told, and all is well again once it is back."""
    client = await open_client()
    machine.order("deaf", "next")
    began = time.monotonic()
    reply = await client.command("connect_device", address=ADDRESS)
    seconds = time.monotonic() - began
    assert seconds < 30, seconds
    wait(lambda: "bluetoothd" in machine.ended(), 3)  # on a busy host it dies only after the answer
    facts = {"answered_after_s": round(seconds, 2), "bluetoothd": machine.ended().get("bluetoothd", "lives")}
    if facts["bluetoothd"] != "lives":
        assert reply["data"]["error_code"] == "BLUETOOTH_ERROR" and "systemctl start" in reply["message"], reply
        machine.kill("bluetoothd")
        start = len(client.messages)
        machine.start_bluetoothd()
        await client.event("bluetooth_status", 15, start, powered=True)
    await stream(client)
    await compare(client, "eeg")
    return facts


@story
async def a_dead_link_never_confirmed(machine, daemon):
    """The controller never tells the end of a dead link: every Connect fails, and what mends it is told."""
    client = await open_client()
    await stream(client)
    start = len(client.messages)
    machine.kill("band")
    await client.event("device_disconnected", 20, start, reason="silent", will_reconnect=True)
    machine.start_band()
    told_at, failed = await client.event("device_connection_failed", 30, start, will_retry=True)
    assert "bluetoothctl power off" in failed["data"]["error_message"], failed
    began = time.monotonic()
    machine.power(False)
    await asyncio.sleep(1)
    machine.power(True)
    eeg_at, index = await back(client, start, 40)
    return {"streams_after_reset_s": round(eeg_at - began, 2)}


async def comes_by_itself(machine, client):
    start, began = len(client.messages), time.monotonic()
    await asyncio.sleep(2)
    assert "device_connected" not in client.told()
    machine.order("show")
    _, connected = await client.event("device_connected", 20, start, resumed=False)
    assert connected["data"]["device_id"] == NAME
    eeg_at, _ = await client.data("eeg", 15, start)
    for sensor in ("ppg", "acc"):
        await client.data(sensor, 10, start)
    facts = {"streams_after_s": round(eeg_at - began - 2, 2)}
    facts.update(await outage(client, lambda: machine.order("drop", "08", 2), "link_lost", 5, 20))
    return facts


@story
async def auto_connect(machine, daemon, whom=NAME):
    """The band comes into the air some time after the daemon's start; nobody gives a command."""
    machine.order("hide")
    daemon.stop()
    daemon.arguments = ("--auto-connect", whom)
    daemon.start()
    return await comes_by_itself(machine, await open_client())


@story
async def auto_connect_by_address(machine, daemon):
    return await auto_connect(machine, daemon, ADDRESS.lower())


@story
async def the_chosen_adapter(machine, daemon):
    """Two adapters hear the band; the second one is chosen, by its address."""
    daemon.stop()
    for name in ("band", "btvirt"):
        machine.kill(name)
    machine.start_air(adapters=2)
    assert wait(lambda: len(machine.powered()) == 2, 15), machine.powered()
    machine.start_band()
    (path, address) = sorted(machine.powered().items())[1]
    daemon.arguments = ("--adapter", address.lower())
    daemon.start()
    client = await open_client()
    await stream(client)
    connected = [p for p, i in machine.objects().items() if i.get("org.bluez.Device1", {}).get("Connected")]
    assert [str(p).startswith(path + "/") for p in connected] == [True], connected
    facts = {"adapter": path, "eeg": await compare(client, "eeg")}
    await client.command("disconnect_device")
    for name in ("band", "btvirt"):  # one adapter again for who comes next
        machine.kill(name)
    return facts


@story
async def five_hundred_a_second(machine, daemon):
    """A unit of the other rate: told, and its samples all there; half of it on request."""
    machine.kill("band")
    machine.start_band("--rate", "500")
    client = await open_client()
    await stream(client, sample_rate=500)
    await asyncio.sleep(3)
    assert client.raw("eeg")[-1][1]["sample_rate"] == 500
    facts = {"eeg": await compare(client, "eeg")}
    start = len(client.messages)
    assert (await client.command("start_streaming", sample_rate=250))["success"]
    await client.wait(lambda m: m["type"] == "raw_data" and m["sample_rate"] == 250, 5, start, "half the rate")
    await client.command("disconnect_device")
    machine.kill("band")
    machine.start_band()
    return facts


@story
async def bleak_drives_the_same_band(machine, daemon):
    """The band is not shaped to linkbandd: another program's library gets the same of it."""
    import bleak

    found = await bleak.BleakScanner.find_device_by_filter(lambda d, _: d.name == NAME, timeout=20)
    assert found and found.address == ADDRESS, found
    got, began = [], time.monotonic()  # a band that was switched on anew has had the same ticks before
    async with bleak.BleakClient(found, timeout=30) as central:
        assert bytes(await central.read_gatt_char("00002a19-0000-1000-8000-00805f9b34fb")) == bytes([87])
        await central.start_notify("00ab4d15-66b4-0d8a-824f-8d6f8966c6e5", lambda _, data: got.append(bytes(data)))
        await central.write_gatt_char("0065cacb-9e52-21bf-a849-99a80d83830e", b"start", response=True)
        await asyncio.to_thread(wait, lambda: len(got) > 50, 20, "the 51st packet")
    ticks = [int.from_bytes(packet[:4], "little") for packet in got]
    sent = [tick for _, _, _, _, tick in Truth().of("eeg", began)]
    begin = sent.index(ticks[0])
    strange = [i for i, pair in enumerate(zip(ticks, sent[begin:])) if pair[0] != pair[1]]
    assert not strange and len(ticks) <= len(sent) - begin, (len(ticks), len(sent) - begin, strange[:5])
    return {"packets": len(ticks)}


# ---- running them


async def run_story(name, machine):
    options = {"acquired": ("--notify", "acquire")}.get(name.partition(":")[2], ())
    env = {"LD_PRELOAD": BOOTTIME, "BOOT_OFFSET": "/tmp/boot-offset"} if name == "suspend_and_resume" else {}
    pathlib.Path("/tmp/state").mkdir(exist_ok=True)
    if not machine.adapter():  # the story before left it so
        machine.start()
    daemon = Daemon(*options, env=env)
    try:
        function = STORIES[name.partition(":")[0]]
        return await asyncio.wait_for(function(machine, daemon), getattr(function, "limit_s", 180))
    finally:
        if daemon.process.poll() is None:
            daemon.stop()
        pathlib.Path("/tmp/state/wants").unlink(missing_ok=True)


def main(names):
    machine = Machine()
    machine.start()
    report = {}
    for name in names:
        log("==", name)
        began = time.monotonic()
        try:
            facts, error = asyncio.run(run_story(name, machine)), None
        except BaseException:  # told, and the next one goes on
            facts, error = None, traceback.format_exc()
            log(error)
        report[name] = {"passed": error is None, "seconds": round(time.monotonic() - began, 1), "error": error, "facts": facts}
        log(report[name]["passed"], facts, machine.ended() or "")
        (OUT / "report.json").write_text(json.dumps(report, indent=1))
    return 0 if all(r["passed"] for r in report.values()) else 1
