"""Nine good clients beside every kind of bad one, alone and all at once: the good ones get every sample."""

import asyncio
import calendar
import json
import os
import pathlib
import struct
import subprocess
import sys
import threading
import time

import attackers
import pytest
import websockets
from peers import Client, Daemon, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS = "AA:BB:CC:DD:EE:FF"
GOOD = 9
LONG = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
ALONE_S, TOGETHER_S, IDLE_S = (10, 60, 10) if LONG else (1, 2.5, 2)


class Watched(Client):
    """A client that also notes how old a message was when it came."""

    def __init__(self, ws):
        super().__init__(ws)
        self.ages = []

    async def _read(self):
        try:
            async for text in self.ws:
                message = json.loads(text)
                if message["type"] == "raw_data":
                    told = time.strptime(message["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")
                    utc = calendar.timegm(told) + int(message["timestamp"][20:23]) / 1000
                    self.ages.append((time.time() - utc) * 1000)
                    message["data"] = None
                self.messages.append(message)
                self.news.set()
        except websockets.ConnectionClosed:
            pass


class Look:
    """What the daemon spends, and what its clients feel, from one look to the next.

    Whether it spins is told by how often its loop goes to sleep for each message that a client gets: a count, so that
    neither a slow nor a busy machine changes it. Each packet of the band wakes the loop; one that spins never sleeps.
    """

    def __init__(self, daemon, good):
        self.daemon, self.good = daemon, good
        self.at, self.cpu, self.slept = time.monotonic(), self.ticks(), self.sleeps()
        self.counts = [len(c.ages) for c in good]

    def ticks(self):
        fields = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def sleeps(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])

    def since(self, name):
        """Prints a line; sleeps of the loop for each raw message of a client."""
        share = (self.ticks() - self.cpu) / (time.monotonic() - self.at)
        ages = sorted(age for c, n in zip(self.good, self.counts) for age in c.ages[n:])
        asleep = (self.sleeps() - self.slept) * len(self.good) / len(ages)
        print(f"  {name:<16}{100 * share:5.1f} % CPU, {asleep:6.2f} sleeps a message, age of data "
              f"{ages[len(ages) // 2]:5.1f} ms median, {ages[int(len(ages) * 0.99)]:6.1f} ms 99 %")
        return asleep


def attack(port, kind, seconds):
    return subprocess.Popen([sys.executable, attackers.__file__, str(port), kind, str(seconds)], stdout=subprocess.PIPE, text=True)


async def finished(attacks):
    done = {}
    for kind, process in attacks.items():
        out, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0, kind
        done[kind] = int(out)
    return done


def holes(client):
    """Sequence numbers missing, by kind of data."""
    missing = {}
    for key in {(m["type"], m["sensor_type"]) for m in client.messages if "sensor_type" in m and m["sensor_type"] != "bat"
                and "seq" in m}:
        seqs = [m["seq"] for m in client.messages if (m["type"], m.get("sensor_type")) == key]
        missing[key] = (seqs[-1] - seqs[0] + 1) - len(seqs)
        assert seqs == sorted(set(seqs))
    return missing


async def besiege(daemon, good, kinds):
    """Prints a table; returns how often the loop slept beside each kind, and when all were gone, and the memory."""

    async def idle(name):
        look = Look(daemon, good)
        await asyncio.sleep(IDLE_S)
        return look.since(name)

    await idle("idle")
    alone = {}
    for kind in kinds:
        look = Look(daemon, good)
        done = await finished({kind: attack(daemon.port, kind, ALONE_S)})
        alone[kind] = look.since(f"{kind} {done[kind]}")
    memory = []
    for _ in range(2):
        look = Look(daemon, good)
        await finished({kind: attack(daemon.port, kind, TOGETHER_S) for kind in kinds})
        look.since("all at once")
        memory.append(daemon.memory_kb())
    await asyncio.sleep(3)  # whoever is left over is told to go
    after = await idle("idle again")
    print(f"  memory {memory[0]} and {memory[1]} KiB after the two rounds")
    return alone, after, memory


def judge(good, alone, after, memory):
    for n, client in enumerate(good):
        assert not client.reader.done(), f"client {n} was closed"
        missing = holes(client)
        assert missing and not any(missing.values()), f"client {n}: {missing}"
        assert not [m for m in client.messages if m.get("event_type") == "client_lagging"]
    assert memory[1] - memory[0] < 4096, "memory does not grow with the attacks"
    assert after > 0.25, "something is left that spins"
    for kind in ("stuck", "half_closed", "slow", "slow_loris"):
        assert alone[kind] > 0.25, f"{kind}: it spins"


async def good_clients(daemon):
    return [Watched(await websockets.connect(daemon.url, max_size=2**20)) for _ in range(GOOD)]


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1,radio=fast")
def test_beside_the_simulated_band(daemon):
    async def story():
        good = await good_clients(daemon)
        await good[0].command("connect_device", address=ADDRESS)
        await good[0].command("start_streaming")
        await asyncio.sleep(2)
        figures = await besiege(daemon, good, list(attackers.KINDS))
        judge(good, *figures)
        for client in good:
            await client.close()

    run(story())


class Radio(threading.Thread):
    """EEG of the fake org.bluez, ten packets a second."""

    def __init__(self, fake, path):
        super().__init__(daemon=True)
        self.fake, self.path, self.sent, self.on = fake, path, 0, True

    def run(self):
        began = time.monotonic()
        while self.on:
            packet = struct.pack("<I", round(32768 * self.sent / 10)) + b"\x00\x00\x10\x00\x00\x20\x00" * 25
            self.fake.value(path=self.path, values=[packet.hex()])
            self.sent += 1
            time.sleep(max(0, began + self.sent / 10 - time.monotonic()))


def test_beside_a_band_on_the_fake_bus(tmp_path):
    sys.path.insert(0, str(ROOT / "tests/bluez"))
    import rig

    bus = rig.Bus(tmp_path)
    fake = rig.Fake(bus.address)
    fake.adapter(path=rig.HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.own()
    fake.has_band(rssi=-60)
    daemon = Daemon("--backend", "bluez", env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    radio = Radio(fake, f"/c/eeg{rig.BAND}")

    async def story():
        good = await good_clients(daemon)
        reply = await good[0].command("connect_device", address=rig.ADDRESS)
        assert reply["success"], reply
        radio.start()
        reply = await good[0].command("start_streaming", sensors=["eeg"])
        assert reply["success"], reply
        await asyncio.sleep(2)
        figures = await besiege(daemon, good, ["slow", "stuck", "half_closed", "slow_loris", "storm"])
        judge(good, *figures)
        radio.on = False
        radio.join(5)
        lost = sum(m["lost"] for m in good[0].messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg")
        assert lost == 0, "the daemon took every packet of the bus"
        for client in good:
            await client.close()

    try:
        run(story())
        assert daemon.stop()[0] == 0
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
        radio.on = False
        fake.stop()
        bus.stop()


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1,radio=fast", "--log-level", "debug")
def test_a_log_that_nobody_reads_stops_nothing(daemon):
    """Clients that come and go fill the pipe of stderr, which the tests read at the end only."""
    async def story():
        client = Watched(await websockets.connect(daemon.url, max_size=2**20))
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        log = 0
        while log < 100_000:  # a pipe takes 65 536 bytes; each connection is told in two lines, 70 at least
            peer = attackers.opened(daemon.port)
            await asyncio.to_thread(peer.recv, 100)
            peer.close()
            log += 70
        for _ in range(5):
            await client.data("eeg", len(client.messages))
        assert not any(holes(client).values())
        await client.close()

    run(story())
