"""What a relay costs in counts, and what the daemon costs beside streaming: at rest, recording, `process`, its start."""

import asyncio
import concurrent.futures
import json
import os
import pathlib
import re
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

def calls_a_packet(relay, folder, way, bands, clients, seconds=5):
    """{clients: {name of a system call: how many a packet, "all"}}"""
    def look(started, seconds):
        calls, since = counted.Calls(started.pid, folder / "calls"), time.monotonic_ns()
        time.sleep(seconds)
        return calls.end(), since, time.monotonic_ns()

    with latency.streaming(relay, folder, way, latency.length(clients, seconds + 1), bands=bands) as stream:
        seen, _, sent = latency.heard_by(stream, folder, clients, seconds, look)
    found = {}
    for count, (by_name, since, until) in zip(clients, seen):
        packets = sum(since <= ns < until for ns in sent)
        found[count] = {"all": sum(by_name.values()) / packets, **{name: n / packets for name, n in by_name.items()}}
    return found


def instructions_a_packet(relay, folder, way, bands, clients, seconds=10, warm=16):
    """{clients: user instructions by stage, and allocations}. No clients: nobody listens."""
    def look(started, seconds):
        callgrind.begin(started.pid)
        time.sleep(seconds)
        return callgrind.end(started.pid, folder)

    with latency.streaming(relay, folder, way, latency.length(clients, seconds, warm), callgrind.under(folder), bands) as stream:
        profiles, _, _ = latency.heard_by(stream, folder, clients, seconds, look, warm)
    return {count: of_profile(profile) for count, profile in zip(clients, profiles)}


def of_profile(profile):
    packets, messages = profile.packets(), profile.messages()
    return {"packets": packets, "instructions": profile.total / packets,
            "stages": {name: round(cost / packets) for name, cost in profile.stages().items()},
            "allocations_a_message": profile.allocations() / messages if messages else None, "profile": profile}


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
    """Each a daemon of its own, all at once: together they need no core."""
    stories = {
        "nobody connected": lambda daemon: at_rest(daemon, 0, seconds),
        "an idle client": lambda daemon: at_rest(daemon, 1, seconds),
        "streaming, nobody listening": lambda daemon: streaming(daemon, seconds, False, False),
        "streaming to one": lambda daemon: streaming(daemon, seconds, True, False),
        "streaming to one, recording all formats": lambda daemon: streaming(daemon, seconds, True, True),
    }
    with concurrent.futures.ThreadPoolExecutor(len(stories)) as pool:
        return dict(zip(stories, pool.map(of_daemon, stories.values())))


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
