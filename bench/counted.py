"""Counts of what the daemon does: system calls by strace, instructions by callgrind. The same on a fast machine and a slow one."""

import asyncio
import contextlib
import pathlib
import re
import signal
import subprocess
import sys

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration"))
from peers import Client  # noqa: E402

ADDRESS = "AA:BB:CC:DD:EE:FF"
SENSORS = ("eeg", "ppg", "acc")


@contextlib.asynccontextmanager
async def listening(daemon, count):
    """That many clients, which get everything."""
    clients = [Client(await websockets.connect(daemon.url, max_size=2**20)) for _ in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            await client.close()


async def stream(client):
    """Starts the stream and waits until each sensor's data comes."""
    await client.command("connect_device", address=ADDRESS)
    assert (await client.command("start_streaming"))["success"]
    for sensor in SENSORS:
        await client.wait(lambda m, sensor=sensor: m["type"] == "raw_data" and m["sensor_type"] == sensor)


def packets(client):
    """How many of the band's packets it has heard of: each makes one raw message."""
    return sum(m["type"] == "raw_data" and m["sensor_type"] in SENSORS for m in client.messages)


class Calls:
    """The system calls of a running process and its threads, by name, between its beginning and `end`."""

    def __init__(self, pid, into, only=None):
        self.into = into
        filters = ["-e", f"trace={only}"] if only else []
        self.strace = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", *filters, "-o", into, "-p", str(pid)],
                                       stderr=subprocess.PIPE, text=True)
        line = self.strace.stderr.readline()
        assert "attached" in line, line

    def end(self):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate(timeout=20)
        rows = re.findall(r"^\s*(\d+)\s+(\w+)\s*$", self.into.read_text(), re.M)
        return {name: int(count) for count, name in rows if name != "total"}


async def calls_a_packet(daemon, into, clients=10, wanted=100):
    """System calls by name for each packet of the band, while so many clients listen."""
    async with listening(daemon, clients) as everyone:
        await stream(everyone[0])
        calls = Calls(daemon.process.pid, into)
        before = packets(everyone[0])
        while packets(everyone[0]) < before + wanted:
            await asyncio.sleep(0.05)
        counted = calls.end()
        heard = packets(everyone[0]) - before
        return {name: count / heard for name, count in counted.items()}
