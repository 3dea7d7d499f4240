"""One round of a relay: the band's packets at their own pace to some clients, how late their frames came, what it cost."""

import bisect
import collections
import contextlib
import pathlib
import re
import statistics
import subprocess
import time

import relays

# Seconds before what is measured: a daemon connects, learns the rate, and its first windows are full.
WARM = 8
KIND = re.compile(r'^(\d+) (\d+) (\d+) \{"type": ?"(\w+)", ?"sensor_type": ?"(\w+)"')


class Listener:
    def __init__(self, port, count, into):
        self.into = pathlib.Path(into)
        self.process = subprocess.Popen([relays.BUILD / "bench_listener", str(port), str(count), self.into],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "open\n"

    def end(self):
        """(ns, client, bytes, type, sensor) of each data frame."""
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        rows = [KIND.match(line) for line in self.into.read_text(errors="replace").splitlines()]
        return [(int(m[1]), int(m[2]), int(m[3]), m[4], m[5]) for m in rows if m]


def used(pid):
    """ns of processor time and how often it went to sleep, of all threads."""
    cpu = slept = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            cpu += int((task / "schedstat").read_text().split()[0])
            slept += int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text())[1])
    return cpu, slept


def played(fake):
    while not (sent := fake.played()):
        time.sleep(0.1)
    return sent


def percentiles(values):
    values = sorted(values)
    if not values:
        return None
    at = [values[min(len(values) - 1, round(len(values) * part))] for part in (0.5, 0.99)]
    return {"count": len(values), "p50_ms": at[0], "p99_ms": at[1], "max_ms": values[-1]}


def of_raw(frames, sent, sensors, since):
    """A packet makes one raw frame: the last frame of a sensor is its last packet's, and so back to `since`."""
    late, missing = [], 0
    by_client = collections.defaultdict(list)
    for ns, client, _, kind, sensor in frames:
        if kind == "raw_data":
            by_client[client, sensor].append(ns)
    for (_, sensor), got in by_client.items():
        of = [ns for ns, s in zip(sent, sensors) if sensor in (s, "any")]
        pairs = [(a, b) for a, b in zip(reversed(of), reversed(got)) if a >= since]
        missing += sum(ns >= since for ns in of) - len(pairs)
        late += [(b - a) / 1e6 for a, b in pairs]
    return late, missing


def of_processed(frames, sent, sensors, since):
    """A processed frame is made as a packet of its sensor comes, which was the newest then."""
    late = []
    times = {s: [ns for ns, sensor in zip(sent, sensors) if sensor == s] for s in relays.SENSORS}
    for ns, _, _, kind, sensor in frames:
        if kind == "processed_data":
            at = bisect.bisect_right(times[sensor], ns) - 1
            if at >= 0 and times[sensor][at] >= since:
                late.append((ns - times[sensor][at]) / 1e6)
    return late


@contextlib.contextmanager
def streaming(relay, folder, way, seconds, under=()):
    """The world, the relay on it and what is being played, once its stream has begun."""
    world = relays.World(folder)
    started = None
    try:
        started = relay(world, way, under)
        started.begin()
        rows, sensors = world.rows(seconds)
        begun = time.monotonic()
        world.fake.play(rows=rows)
        started.begun()
        yield world, started, sensors, begun
    finally:
        if started:
            started.stop()
        world.close()


def measure(relay, folder, way, clients, seconds):
    """{"raw": [ms], "processed": [ms], "missing", "cpu_percent", "sleeps_a_second", "memory_kb"}"""
    with streaming(relay, folder, way, WARM + seconds) as (world, started, sensors, begun):
        listener = Listener(started.port, clients, folder / "frames")
        time.sleep(max(0, begun + WARM - time.monotonic()))
        since, before = time.monotonic_ns(), used(started.pid)
        time.sleep(seconds)
        after, until = used(started.pid), time.monotonic_ns()
        sent = played(world.fake)
        time.sleep(0.5)
        frames = listener.end()
        memory = int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{started.pid}/status").read_text())[1])
    raw, missing = of_raw(frames, sent, sensors, since)
    return {"raw": raw, "processed": of_processed(frames, sent, sensors, since), "missing": missing,
            "cpu_percent": 100 * (after[0] - before[0]) / (until - since),
            "sleeps_a_second": (after[1] - before[1]) / (until - since) * 1e9, "memory_kb": memory}


def together(rounds):
    """Of the rounds of one cell: latencies of all, the median of what it cost."""
    cell = {"raw": percentiles([ms for r in rounds for ms in r["raw"]]),
            "processed": percentiles([ms for r in rounds for ms in r["processed"]]),
            "missing": sum(r["missing"] for r in rounds)}
    for key in ("cpu_percent", "sleeps_a_second", "memory_kb"):
        cell[key] = statistics.median(r[key] for r in rounds)
    return cell
