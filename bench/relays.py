"""The three relays that are compared, each on the fake bluetoothd of tests/bluez: the floor, a user's Python, linkbandd."""

import asyncio
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


class World:
    """A bus, the fake bluetoothd on it and a band in the air."""

    def __init__(self, folder):
        self.bus = rig.Bus(folder)
        self.fake = rig.Fake(self.bus.address)
        self.fake.adapter(path=rig.HCI0, address="00:AA:01:00:00:23", quiet=True)
        self.fake.own()
        self.fake.device(path=rig.BAND, adapter=rig.HCI0, address=rig.ADDRESS, name=rig.NAME)
        self.fake.gatt(device=rig.BAND, guessable=True)
        paths = self.fake.paths(device=rig.BAND)
        self.paths = {sensor: paths[sensor] for sensor in SENSORS}

    def env(self):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}

    def rows(self, seconds):
        """The first seconds of a simulated band: when, where, what; and of which sensor each is."""
        lines = [line.split() for line in recordings.SIMULATED.read_text().splitlines() if line[0] != "#"]
        lines = [(float(at), sensor, value) for at, sensor, value in lines if float(at) < seconds]
        return [(at, self.paths[sensor], value) for at, sensor, value in lines], [sensor for _, sensor, _ in lines]

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
        super().__init__(world, [*under, BUILD / "floor_relay", world.bus.address, way, str(FRAME_BYTES), *world.paths.values()])


class Python(Process):
    name = "python"

    def __init__(self, world, way, under=()):
        assert way == "start", "bleak of Debian 12 knows no other"
        super().__init__(world, [*under, sys.executable, ROOT / "bench/python_relay.py", rig.NAME])
        self.fake = world.fake

    def begin(self):
        """bleak takes what it hears of after it has begun to look."""
        rig.wait_until(lambda: self.fake.called("StartDiscovery") or self.process.poll() is not None)
        self.fake.hears_band()
        super().begin()


class Ours:
    name = "linkbandd"

    def __init__(self, world, way, under=()):
        self.daemon = Under(under, "--backend", "bluez", "--notify", way, env=world.env())
        self.pid, self.port = self.daemon.process.pid, self.daemon.port
        self.client = None

    def begin(self):
        """The stream is told to have started once packets come: `begun` waits for that."""
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.connect())

    async def connect(self):
        self.client = peers.Client(await websockets.connect(self.daemon.url, max_size=2**20))
        await self.client.event("bluetooth_status", powered=True, seconds=60)
        assert (await self.client.command("connect_device", address=rig.ADDRESS))["success"]

    def begun(self):
        self.loop.run_until_complete(self.stream())
        self.loop.close()

    async def stream(self):
        assert (await self.client.command("start_streaming", seconds=60))["success"]
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
