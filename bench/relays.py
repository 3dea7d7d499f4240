"""The three relays that are compared, each on the fake bluetoothd of tests/bluez: the floor, a user's Python, linkbandd."""

import asyncio
import collections
import os
import pathlib
import signal
import subprocess
import sys

import websockets

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("integration", "bluez", "data")]
import peers  # noqa: E402
import recordings  # noqa: E402
import rig  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
SENSORS = ("eeg", "ppg", "acc")
# What a raw message of EEG takes, so that the floor sends as much.
FRAME_BYTES = 2600


Band = collections.namedtuple("Band", "name address device paths")


class World:
    """A bus, the fake bluetoothd on it and so many bands in the air."""

    def __init__(self, folder, bands=1):
        self.bus = rig.Bus(folder)
        self.fake = rig.Fake(self.bus.address)
        self.fake.adapter(path=rig.HCI0, address="00:AA:01:00:00:23", quiet=True)
        self.fake.own()
        self.bands = [self.band(n) for n in range(bands)]

    def band(self, n):
        name, device = rig.NAME[:-1] + str(n), rig.BAND[:-1] + str(n)
        address = rig.ADDRESS[:-1] + str(n)
        self.fake.device(path=device, adapter=rig.HCI0, address=address, name=name)
        self.fake.gatt(device=device, guessable=True)
        paths = self.fake.paths(device=device)
        return Band(name, address, device, {sensor: paths[sensor] for sensor in SENSORS})

    def paths(self):
        return [path for band in self.bands for path in band.paths.values()]

    def hears(self):
        for band in self.bands:
            self.fake.change(path=band.device, interface=rig.DEVICE, changed={"RSSI": {"n": -60}})

    def env(self):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}

    def rows(self, seconds):
        """The first seconds of a simulated band, of each at another phase: when, where, what; and of whom each row is,
        (band's name, sensor)."""
        rows = []
        for line in recordings.SIMULATED.read_text().splitlines():
            if line[0] != "#" and float(line.split()[0]) < seconds:
                at, sensor, value = line.split()
                rows += [(float(at) + 0.1 * n / len(self.bands), band.paths[sensor], value, (band.name, sensor))
                         for n, band in enumerate(self.bands)]
        rows.sort()
        return [row[:3] for row in rows], [row[3] for row in rows]

    def close(self):
        self.fake.stop()
        self.bus.stop()


class Process:
    """A relay that prints its port, then `ready`."""

    def __init__(self, world, command):
        self.process = subprocess.Popen(command, env=world.env(), stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.port = int(self.process.stdout.readline())

    def begin(self):
        line = self.process.stdout.readline()
        assert line == "ready\n", line

    def begun(self):
        pass

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


class Floor(Process):
    name = "floor"

    def __init__(self, world, way, under=()):
        super().__init__(world, [*under, BUILD / "floor_relay", world.bus.address, way, str(FRAME_BYTES), *world.paths()])


class Python(Process):
    name = "python"

    def __init__(self, world, way, under=()):
        assert way == "start", "bleak of Debian 12 knows no other"
        super().__init__(world, [*under, sys.executable, ROOT / "bench/python_relay.py", world.bands[0].name])
        self.world = world

    def begin(self):
        """bleak takes what it hears of after it has begun to look."""
        rig.wait_until(lambda: self.world.fake.called("StartDiscovery") or self.process.poll() is not None)
        self.world.hears()
        super().begin()


class Ours:
    name = "linkbandd"

    def __init__(self, world, way, under=()):
        most = str(len(world.bands))
        self.daemon = Under(under, "--backend", "bluez", "--notify", way, "--max-bands", most, "--max-bands-per-adapter", most,
                            env=world.env())
        self.bands = world.bands
        self.pid, self.port = self.daemon.process.pid, self.daemon.port
        self.client = None

    def begin(self):
        """The stream is told to have started once packets come: `begun` waits for that."""
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.connect())

    async def connect(self):
        self.client = peers.Client(await websockets.connect(self.daemon.url, max_size=2**20))
        await self.client.event("bluetooth_status", powered=True, seconds=60)
        for band in self.bands:
            reply = await self.client.command("connect_device", address=band.address)
            assert reply["success"], reply

    def begun(self):
        self.loop.run_until_complete(self.stream())
        self.loop.close()

    async def stream(self):
        reply = await self.client.command("start_streaming", seconds=60)
        assert reply["success"], reply
        await self.client.close()

    def stop(self):
        status, log = self.daemon.stop(signal.SIGTERM)
        assert status == 0, log


class Under(peers.Daemon):
    """The daemon, under valgrind or the like."""

    def __init__(self, under, *arguments, **more):
        self.under = [str(word) for word in under]
        super().__init__(*arguments, **more)

    def start(self):
        self.arguments = [*self.under, *self.arguments]
        super().start()
