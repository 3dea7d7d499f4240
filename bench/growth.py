"""How linkbandd's cost grows: with clients, bands, packets a second, a recording's length. Plots for docs/performance.md.

The load beyond eight bands' is a simulated band that is faster: --sim speed.
"""

import asyncio
import pathlib
import tempfile
import time

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

import costs  # noqa: E402
import counted  # noqa: E402
import latency  # noqa: E402
import peers  # noqa: E402

SPEEDS = (1, 10, 100)
MINUTES = (1, 10, 100)


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
        packets = sum(since <= frame.ns < until and frame.kind == "raw_data" for frame in listener.end())
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


# ---- the plots

COLOURS = {"floor": "tab:gray", "linkbandd": "tab:blue", "python": "tab:orange", "memory": "tab:green"}


def lines(axis, found, x, y, log=True):
    for name, rows in found.items():
        axis.plot([row[x] for row in rows], [row[y] for row in rows], marker="o", label=name,
                  color=COLOURS.get(name.split(",")[0], "tab:blue"), linestyle="--" if "acquire" in name else "-")
    if log:
        axis.set(xscale="log", yscale="log")
    else:  # the legend has the place above
        axis.set_ylim(0, 1.6 * axis.get_ylim()[1])
    axis.grid(alpha=0.3)
    axis.legend(frameon=False, loc="upper left")


def flat(row):
    return {**row, "p50_ms": row["raw"]["p50_ms"], "p99_ms": row["raw"]["p99_ms"]}


def of_relays(rows, by, **fixed):
    """{relay and way: its rows in order of `by`}, those with more than one."""
    found = {}
    for row in sorted(rows, key=lambda row: row[by]):
        if all(row[key] == value for key, value in fixed.items()):
            found.setdefault(f"{row['relay']}, {row['notify']}", []).append(flat(row))
    return {name: some for name, some in found.items() if len(some) > 1}


def plot(latencies, growth, path):
    figure, ((a, b, c), (d, e, f)) = plt.subplots(2, 3, figsize=(14, 7.5))
    clients, bands = of_relays(latencies, "clients", bands=1), of_relays(latencies, "bands", clients=1)
    for axis, found, by, y, title, unit in (
            (a, clients, "clients", "p50_ms", "latency by clients", "p50, ms"),
            (b, clients, "clients", "cpu_percent", "processor by clients", "% of a core"),
            (d, bands, "bands", "p50_ms", "latency by bands, one client", "p50, ms"),
            (e, bands, "bands", "cpu_percent", "processor by bands, one client", "% of a core")):
        lines(axis, found, by, y, log=False)
        axis.set(title=title, xlabel=by, ylabel=unit)
    lines(c, {"linkbandd, one client": growth["rate"]}, "packets_a_second", "cpu_percent")
    c.set(title="processor by packets", xlabel="packets a second (a band: 13)", ylabel="% of a core")
    lines(f, {"CPU, s": growth["length"]}, "minutes", "cpu_seconds")
    lines(f, {"memory, MB": growth["length"]}, "minutes", "memory_mb")
    f.set_ylim(top=100)
    f.set(title="`process` by length", xlabel="minutes of a recording")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
