"""What a relay costs in counts, and what the daemon costs beside streaming: at rest, recording, `process`, its start."""

import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

import websockets

import callgrind
import counted
import latency
import peers
import relays
from recordings import SIMULATED

SIM = ("--backend", "sim", "--sim", "seed=1,radio=fast")
SESSIONS = 5000


# ---- a packet, heard by so many

def calls_a_packet(relay, folder, way, clients, seconds=10):
    with latency.streaming(relay, folder, way, latency.WARM + seconds + 2) as (world, started, _, begun):
        listener = latency.Listener(started.port, clients, folder / "frames")
        time.sleep(max(0, begun + latency.WARM - time.monotonic()))
        calls, since = counted.Calls(started.pid, folder / "calls"), time.monotonic_ns()
        time.sleep(seconds)
        by_name, until = calls.end(), time.monotonic_ns()
        listener.end()
        packets = sum(since <= ns < until for ns in latency.played(world.fake))
    return {"all": sum(by_name.values()) / packets, **{name: count / packets for name, count in by_name.items()}}


def instructions_a_packet(relay, folder, way, clients, seconds=10, warm=2 * latency.WARM):
    """User instructions by stage and allocations. `clients` 0: nobody listens."""
    with latency.streaming(relay, folder, way, warm + seconds, callgrind.under(folder)) as (_, started, _, begun):
        listener = latency.Listener(started.port, clients, folder / "frames")
        time.sleep(max(0, begun + warm - time.monotonic()))
        callgrind.begin(started.pid)
        time.sleep(seconds)
        profile = callgrind.end(started.pid, folder)
        listener.end()
    packets, messages = profile.packets(), profile.messages()
    if "LINKBANDD_PROFILE" in os.environ:
        shutil.copy(sorted(folder.glob("callgrind.out.*"))[-1], os.environ["LINKBANDD_PROFILE"])
    return {"packets": packets, "all": profile.total / packets,
            "stages": {name: round(cost / packets) for name, cost in profile.stages().items()},
            "allocations_a_message": profile.allocations() / messages if messages else None}


def instructions_of_process(folder):
    """What a minute's capture costs offline, a packet, by stage: the same to the last one wherever the toolchain is."""
    subprocess.run([*callgrind.under(folder), peers.LINKBANDD, "process", SIMULATED], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    profile = callgrind.Profile(folder / "callgrind.out")
    stages = profile.stages()
    return {name: stages[name] / profile.packets() for name in ("band", "pipeline", "dsp", "protocol")}


# ---- the daemon by itself, on the simulated band

def spent(pid, seconds):
    """Processor time and wake-ups of some seconds."""
    before, begun = latency.used(pid), time.monotonic()
    time.sleep(seconds)
    after, took = latency.used(pid), time.monotonic() - begun
    return {"cpu_percent": (after[0] - before[0]) / took / 1e7, "sleeps_a_second": (after[1] - before[1]) / took}


async def at_rest(daemon, clients, seconds):
    async with counted.listening(daemon, clients):
        await asyncio.sleep(3)
        return await asyncio.to_thread(spent, daemon.process.pid, seconds)


async def streaming(daemon, seconds, heard, recorded):
    client = peers.Client(await websockets.connect(daemon.url, max_size=2**20))
    await counted.stream(client)
    if recorded:
        assert (await client.command("start_recording", format=["csv", "jsonl", "bdf"]))["success"]
    if not heard:
        await client.close()
    await asyncio.sleep(2)
    costs = await asyncio.to_thread(spent, daemon.process.pid, seconds)
    if heard:
        await client.close()
    return costs


def of_daemon(story):
    daemon = peers.Daemon(*SIM)
    try:
        return asyncio.run(story(daemon))
    finally:
        daemon.stop()


def quiet(seconds=10):
    return {
        "nobody connected": of_daemon(lambda daemon: at_rest(daemon, 0, seconds)),
        "an idle client": of_daemon(lambda daemon: at_rest(daemon, 1, seconds)),
        "streaming, nobody listening": of_daemon(lambda daemon: streaming(daemon, seconds, False, False)),
        "streaming to one": of_daemon(lambda daemon: streaming(daemon, seconds, True, False)),
        "streaming to one, recording all formats": of_daemon(lambda daemon: streaming(daemon, seconds, True, True)),
    }


def offline(capture):
    """Processor time of a capture through `process`, and its memory, as it was seen each 2 ms."""
    child = subprocess.Popen([peers.LINKBANDD, "process", capture], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended, memory = False, 0
    while not ended:
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        peak = re.search(r"Name:\s*linkbandd\n.*VmHWM:\s*(\d+)", status, re.S)
        memory = int(peak[1]) if peak else memory
        time.sleep(0.002)
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "memory_kb": memory}


def process():
    found = offline(SIMULATED)
    return {**found, "times_real_time": 60 / found["cpu_seconds"]}


def cold_start():
    text = subprocess.run([sys.executable, relays.ROOT / "bench/cold_start.py", peers.LINKBANDD], capture_output=True,
                          text=True, check=True).stdout
    return {"listening_after_ms": float(re.search(r"median ([\d.]+) ms", text)[1]),
            "rss_mb": float(re.search(r"RSS ([\d.]+)", text)[1]), "pss_mb": float(re.search(r"PSS ([\d.]+)", text)[1])}


# ---- many sessions

async def record_one(daemon):
    async with counted.listening(daemon, 1) as (client,):
        await counted.stream(client)
        assert (await client.command("start_recording", format=["csv", "jsonl"]))["success"]
        await asyncio.sleep(1)
        assert (await client.command("stop_recording"))["success"]
        await client.event("recording_stopped", seconds=30)


def copies(folder, count):
    """The same session under so many names."""
    first = next(path for path in folder.iterdir() if (path / "session.json").exists())
    text = (first / "session.json").read_text()
    for n in range(1, count):
        name = f"{first.name}-{n:05}"
        (folder / name).mkdir()
        for file in first.iterdir():
            if file.name != "session.json":
                os.link(file, folder / name / file.name)
        (folder / name / "session.json").write_text(text.replace(json.dumps(first.name), json.dumps(name)))


async def list_them(daemon):
    async with counted.listening(daemon, 1) as (client,):
        took = []
        for _ in range(5):
            begun = time.monotonic()
            reply = await client.command("list_recordings")
            took.append(time.monotonic() - begun)
            assert reply["success"], reply
        return {"list_recordings_ms": 1000 * statistics.median(took), "first_list_ms": 1000 * took[0],
                "first_page": len(reply["data"]["sessions"]), "memory_kb": daemon.memory_kb()}


def many_sessions(folder, count=SESSIONS):
    data = ("--data-dir", str(folder))
    daemon = peers.Daemon(*SIM, *data)
    asyncio.run(record_one(daemon))
    daemon.stop()
    copies(pathlib.Path(folder), count)
    begun = time.monotonic()
    daemon = peers.Daemon(*SIM, *data)
    try:
        return {"sessions": count, "listening_after_ms": 1000 * (time.monotonic() - begun),
                **asyncio.run(list_them(daemon))}
    finally:
        daemon.stop(signal.SIGTERM)
