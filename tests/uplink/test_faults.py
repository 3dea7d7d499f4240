"""The disk full, the server stuck: what was spooled arrives whole, and who listens to the daemon notices nothing."""

import asyncio
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

import pytest
import servers
from carrying import bytes_of, lasting, memory_kb
from gateway import connected

sys.path.insert(0, str(servers.ROOT / "tests/integration"))
import peers  # noqa: E402

SERVERS = 1
ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
BANDS = ("LXB-51A00000", "LXB-51A00001")
A_SEGMENT = 1000  # records at most: a minute's
MISSING = r"{band}/.*: records (\d+) to (\d+) are missing"


class SmallDisk:
    """A tmpfs in a mount namespace of its own, seen through the process that holds it."""

    def __init__(self, place, megabytes):
        place.mkdir()
        own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        script = f'mount -t tmpfs -o size={megabytes}m,mode=0755 none "{place}" && echo there && exec cat'
        self.holder = subprocess.Popen([*own, "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.there = self.holder.stdout.readline() == "there\n"
        self.path = pathlib.Path(f"/proc/{self.holder.pid}/root{place}")

    def fill(self):
        """To the last byte, also of what was given back meanwhile."""
        with open(self.path / "ballast", "ab", buffering=0) as ballast:
            for size in (1 << 20, 4096):
                try:
                    while ballast.write(bytes(size)):
                        pass
                except OSError:
                    pass
        return True

    def empty(self):
        (self.path / "ballast").unlink()

    def close(self):
        self.holder.communicate()


@pytest.fixture
def small_disk(tmp_path):
    made = SmallDisk(tmp_path / "small", 400)
    if not made.there:
        pytest.skip("no tmpfs can be mounted in a namespace of its own here")
    yield made
    made.close()


def test_a_full_disk_is_told_and_what_was_acknowledged_is_there(small_disk, daemon, cluster, uplinks, rebuilt):
    one = daemon("--sim", "bands=2,speed=20", "--max-bands", "2", *connected(*BANDS), spool=small_disk.path)
    servers.until(lambda: (one.spool / "cursors").exists(), "the spool")
    uplink = uplinks(one.spool, cluster.url)
    servers.until(lambda: all(uplink.cursor()[band] > 200 for band in BANDS), "the first acknowledgements")
    servers.until(lambda: small_disk.fill() and one.metric("linkbandd_spool_writable") == 0, "a full disk")
    assert "it is tried again" in one.told()
    before = uplink.cursor()
    uplink.end(kill=True)
    uplink.start()
    over = lasting(60)
    servers.until(lambda: small_disk.fill() and uplink.told().count("connected") == 2 and over(), "a minute of it", 120)
    assert all(uplink.cursor()[band] >= before[band] for band in BANDS), "a cursor is whole or as it was"
    small_disk.empty()
    servers.until(lambda: one.metric("linkbandd_spool_writable") == 1, "the disk taken again")
    before = uplink.cursor()
    servers.until(lambda: all(uplink.cursor()[band] > before[band] + 100 for band in BANDS), "what comes after it")
    lost, segments = (one.metric(f"linkbandd_spool_lost_{what}_total") for what in ("records", "segments"))
    assert one.end() == 0
    missing = 0
    for band in BANDS:
        servers.until(lambda: uplink.cursor()[band] == one.next_record(band), "the cursor at the end")
        folder, told = rebuilt(band, one.id())
        found = {path.name: path.read_text() for path in folder.iterdir()}
        assert found == {**found, **one.segments(band)}
        missing += sum(int(last) - int(first) + 1 for first, last in re.findall(MISSING.format(band=band), told))
        print(f"{band}: {len(one.segments(band))} segments still there, {len(found)} arrived")
    print(f"{lost:.0f} records never came to the disk, {segments:.0f} segments went unread, {missing} records missing\n{one.told()}\n{uplink.told()}")
    assert lost <= missing <= lost + segments * A_SEGMENT


async def round_trips(client):
    """Milliseconds from a command to its reply."""
    found = []
    for _ in range(100):
        begun = time.monotonic_ns()
        await client.command("get_server_info")
        found.append((time.monotonic_ns() - begun) / 1e6)
        await asyncio.sleep(0.01)
    return statistics.median(found)


async def meanwhile(true, what, seconds=servers.PATIENCE):
    return await asyncio.to_thread(servers.until, true, what, seconds)


def test_clients_notice_nothing_of_a_server_that_takes_nothing(daemon, cluster, uplinks):
    bands, speed = (8, 20) if ALL else (2, 20)
    names = [f"LXB-51A0000{n}" for n in range(bands)]
    one = daemon("--sim", f"bands={bands},speed={speed}", "--max-bands", str(bands), "--spool-size", "16", *connected(*names))
    uplink, server = uplinks(one.spool, cluster.url, "--site", "blocked"), cluster.servers[0].process

    def backlog():
        """In 200 kB; in the long form, which goes on until the spool is full, by what went then."""
        return one.metric("linkbandd_spool_lost_segments_total") / 30 if ALL else bytes_of(one.spool) / 200_000

    async def grows():
        before = backlog()
        await meanwhile(lambda: backlog() > before + 1, "a backlog", 300)
        return [memory_kb(one.process), memory_kb(uplink.process)]

    async def story():
        client = peers.Client(await peers.websockets.connect(f"ws://127.0.0.1:{one.port}/ws", max_size=2**20))
        await meanwhile(lambda: all(uplink.cursor()[name] > 200 for name in names), "the first acknowledgements")
        free = [await round_trips(client)]
        server.send_signal(signal.SIGSTOP)
        try:
            before, memory, later = uplink.cursor(), await grows(), await grows()
            blocked, spool = [await round_trips(client) for _ in range(3)], one.metric("linkbandd_spool_bytes")
        finally:
            server.send_signal(signal.SIGCONT)
        await meanwhile(lambda: all(uplink.cursor()[name] > before[name] + 500 for name in names), "the server again")
        free.append(await round_trips(client))
        await client.close()
        # What else this machine does meanwhile is not the daemon's.
        return min(blocked) / max(free), [b / a for a, b in zip(memory, later)], spool

    slower, grown, spool = asyncio.run(story())
    assert one.end() == 0
    print(f"with the server stopped a reply takes {slower:.2f} times as long, daemon and uplink × {grown[0]:.2f} and {grown[1]:.2f} memory; "
          f"spool {spool / 1e6:.1f} MB\n{one.told()}\n{uplink.told()}")
    assert slower < 3
    assert max(grown) < 1.5
    assert spool < 17e6
