"""One round of a relay: packets at the bands' own pace to more and more clients, how late their frames came, what it cost."""

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
WARM = 6
# Until clients that came are part of what goes on.
JOIN = 1
COSTS = ("cpu_percent", "sleeps_a_second", "memory_kb")
KIND = re.compile(r'^(\d+) (\d+) \d+ \{"type": ?"(\w+)", ?"sensor_type": ?"(\w+)"(?:, ?"device_id": ?"([^"]+)")?')


# `of`: (band's name, sensor), None and `any` where the relay does not tell.
Frame = collections.namedtuple("Frame", "ns client kind of")


class Listener:
    def __init__(self, port, count, into):
        self.into = pathlib.Path(into)
        self.process = subprocess.Popen([relays.BUILD / "bench_listener", str(port), str(count), self.into],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "open\n"

    def end(self):
        """A Frame for each that is data."""
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        rows = [KIND.match(line) for line in self.into.read_text(errors="replace").splitlines()]
        return [Frame(int(m[1]), (self.into, int(m[2])), m[3], (m[5], m[4])) for m in rows if m]


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


def fits(of, wanted):
    return all(mine in (None, "any", its) for mine, its in zip(of, wanted))


def of_raw(frames, sent, of_whom, since, until):
    """ms, and how many never came. A packet makes one raw frame: the last one of a sensor is its last packet's, and so back."""
    late, missing = [], 0
    by_client = collections.defaultdict(list)
    for frame in frames:
        if frame.kind == "raw_data":
            by_client[frame.client, frame.of].append(frame.ns)
    for (_, of), got in by_client.items():
        packets = [ns for ns, whom in zip(sent, of_whom) if fits(of, whom)]
        pairs = [(a, b) for a, b in zip(reversed(packets), reversed(got)) if since <= a < until]
        missing += sum(since <= ns < until for ns in packets) - len(pairs)
        late += [(b - a) / 1e6 for a, b in pairs]
    return late, missing


def of_processed(frames, sent, of_whom, since, until):
    """A processed frame is made as a packet of its sensor comes, which was the newest then."""
    late = []
    times = collections.defaultdict(list)
    for ns, whom in zip(sent, of_whom):
        for of in (whom, (None, whom[1])):
            times[of].append(ns)
    for frame in frames:
        if frame.kind == "processed_data":
            at = bisect.bisect_right(times[frame.of], frame.ns) - 1
            if at >= 0 and since <= times[frame.of][at] < until:
                late.append((frame.ns - times[frame.of][at]) / 1e6)
    return late


@contextlib.contextmanager
def streaming(relay, folder, way, seconds, under=(), bands=1):
    """The world, the relay on it and whose each row is of what is being played, once its stream has begun."""
    world = relays.World(folder, bands)
    started = None
    try:
        started = relay(world, way, under)
        started.begin()
        rows, of_whom = world.rows(seconds)
        begun = time.monotonic()
        world.fake.play(rows=rows)
        started.begun()
        yield world, started, of_whom, begun
    finally:
        if started:
            started.stop()
        world.close()


Window = collections.namedtuple("Window", "since until cpu_percent sleeps_a_second memory_kb")


def watch(started, seconds):
    pid = started.pid
    since, before = time.monotonic_ns(), used(pid)
    time.sleep(seconds)
    after, until = used(pid), time.monotonic_ns()
    memory = int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
    return Window(since, until, 100 * (after[0] - before[0]) / (until - since),
                  (after[1] - before[1]) / (until - since) * 1e9, memory)


def heard_by(stream, folder, clients, seconds, look, warm=WARM):
    """Clients come in addition to those that are there, and all stay until the end. What `look(started, seconds)` sees with
    each count of them, the frames that each who came heard, and when each packet was sent."""
    world, started, _, begun = stream
    listeners, seen = [], []
    for n, count in enumerate(clients):
        listeners.append(Listener(started.port, count - sum(clients[n - 1:n]), folder / f"frames{n}"))
        time.sleep(max(JOIN, begun + warm - time.monotonic()))
        seen.append(look(started, seconds))
    sent = played(world.fake)
    time.sleep(0.5)
    return seen, [listener.end() for listener in listeners], sent


def length(clients, seconds, warm=WARM):
    """Seconds of packets that this needs."""
    return warm + (seconds + JOIN) * len(clients) + 1


def measure(relay, folder, way, bands, clients, seconds):
    """{clients: {"raw": [ms], "processed": [ms], "missing", "cpu_percent", "sleeps_a_second", "memory_kb"}}"""
    frames, found = [], {}
    with streaming(relay, folder, way, length(clients, seconds), bands=bands) as stream:
        windows, heard, sent = heard_by(stream, folder, clients, seconds, watch)
    for count, window, more in zip(clients, windows, heard):
        frames += more
        found[count] = in_window(window, frames, sent, stream[2])
    return found


def in_window(window, frames, sent, of_whom):
    raw, missing = of_raw(frames, sent, of_whom, window.since, window.until)
    return {"raw": raw, "processed": of_processed(frames, sent, of_whom, window.since, window.until), "missing": missing,
            **{key: getattr(window, key) for key in COSTS}}


def together(rounds):
    """Of the rounds of one cell: latencies of all, the median of what it cost."""
    cell = {"raw": percentiles([ms for r in rounds for ms in r["raw"]]),
            "processed": percentiles([ms for r in rounds for ms in r["processed"]]),
            "missing": sum(r["missing"] for r in rounds)}
    for key in COSTS:
        cell[key] = statistics.median(r[key] for r in rounds)
    return cell
