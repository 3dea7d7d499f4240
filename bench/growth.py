#!/usr/bin/python3
"""How linkbandd's cost grows: with clients, with packets a second, with a recording's length. Plots for docs/performance.md.

    bench/growth [FOLDER]      writes growth.json and growth.svg there (build/)

The load beyond one band's is a simulated band that is faster: --sim speed.
"""

import asyncio
import json
import pathlib
import sys
import tempfile
import time

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

import costs  # noqa: E402
import counted  # noqa: E402
import latency  # noqa: E402
import peers  # noqa: E402
import relays  # noqa: E402

CLIENTS = (1, 5, 10)
SPEEDS = (1, 3, 10, 30, 100)
MINUTES = (1, 3, 10, 30, 100)


def by_clients(relay, way):
    rows = []
    for count in CLIENTS:
        with tempfile.TemporaryDirectory() as folder:
            found = latency.together([latency.measure(relay, pathlib.Path(folder), way, count, 5)])
        rows.append({"clients": count, "p50_ms": found["raw"]["p50_ms"], "p99_ms": found["raw"]["p99_ms"],
                     "cpu_percent": found["cpu_percent"]})
    return rows


async def begin(daemon):
    async with counted.listening(daemon, 1) as (client,):
        await client.command("connect_device", address=counted.ADDRESS)
        assert (await client.command("start_streaming"))["success"]


def heard(daemon, seconds):
    """With one client, which is as fast as the daemon: a slow one would be what is measured."""
    asyncio.run(begin(daemon))
    with tempfile.TemporaryDirectory() as folder:
        listener = latency.Listener(daemon.port, 1, pathlib.Path(folder) / "frames")
        time.sleep(1)
        before, since = latency.used(daemon.process.pid), time.monotonic_ns()
        time.sleep(seconds)
        after, until = latency.used(daemon.process.pid), time.monotonic_ns()
        packets = sum(since <= ns < until and kind == "raw_data" for ns, _, _, kind, _ in listener.end())
    return {"packets_a_second": packets / (until - since) * 1e9, "cpu_percent": 100 * (after[0] - before[0]) / (until - since)}


def by_rate():
    rows = []
    for speed in SPEEDS:
        daemon = peers.Daemon("--backend", "sim", "--sim", f"seed=1,radio=fast,speed={speed}")
        rows.append({"speed": speed, **heard(daemon, 6)})
        daemon.stop()
    return rows


def by_length():
    """The same minute again and again, each time the band's next connection."""
    lines = [line.split(" ", 1) for line in costs.SIMULATED.read_text().splitlines(True) if line[0] != "#"]
    rows = []
    for minutes in MINUTES:
        with tempfile.NamedTemporaryFile("w", suffix=".lbcap") as file:
            file.write("# linkband capture v1\n")
            for n in range(minutes):
                file.writelines(f"{float(at) + 60 * n:.6f} {rest}" for at, rest in lines)
            file.flush()
            used = costs.offline(file.name)
        rows.append({"minutes": minutes, "cpu_seconds": used["cpu_seconds"], "memory_mb": used["memory_kb"] / 1024})
    return rows


def lines(axis, found, x, y, log=True):
    for name, rows in found.items():
        axis.plot([row[x] for row in rows], [row[y] for row in rows], marker="o", label=name)
    if log:
        axis.set(xscale="log", yscale="log")
    else:
        axis.autoscale()
        axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)


def plot(found, path):
    figure, axes = plt.subplots(2, 2, figsize=(10, 7))
    lines(axes[0][0], found["clients"], "clients", "p50_ms", log=False)
    axes[0][0].set(title="latency by clients", xlabel="clients", ylabel="p50, ms")
    lines(axes[0][1], found["clients"], "clients", "cpu_percent", log=False)
    axes[0][1].set(title="processor by clients", xlabel="clients", ylabel="% of a core")
    lines(axes[1][0], {"linkbandd, one client": found["rate"]}, "packets_a_second", "cpu_percent")
    axes[1][0].set(title="processor by packets", xlabel="packets a second (a band: 13)", ylabel="% of a core")
    lines(axes[1][1], {"CPU, s": found["length"]}, "minutes", "cpu_seconds")
    lines(axes[1][1], {"memory, MB": found["length"]}, "minutes", "memory_mb")
    axes[1][1].set(title="`process` by length", xlabel="minutes of a recording")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main(folder):
    found = {"clients": {"floor, start": by_clients(relays.Floor, "start"), "linkbandd, start": by_clients(relays.Ours, "start"),
                         "linkbandd, acquire": by_clients(relays.Ours, "acquire")},
             "rate": by_rate(), "length": by_length()}
    (folder / "growth.json").write_text(json.dumps(found, indent=1) + "\n")
    plot(found, folder / "growth.svg")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else relays.BUILD)
