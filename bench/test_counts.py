"""What the daemon costs stays at what docs/performance.md says: counts, the same on every machine, of calls, wake-ups and syncs."""

import asyncio
import os
import shutil
import time

import pytest

import counted
from peers import Daemon

pytestmark = [
    pytest.mark.skipif(not shutil.which("strace"), reason="not installed: strace"),
    pytest.mark.skipif("sanitizers" in os.environ.get("LINKBANDD", ""), reason="counts are of the release binary"),
]


@pytest.fixture
def daemon():
    daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast")
    yield daemon
    status, log = daemon.stop()
    assert status == 0, log


def test_a_packet_to_ten_clients_costs_a_write_for_each_client(daemon, tmp_path):
    calls = asyncio.run(counted.calls_a_packet(daemon, tmp_path / "calls"))
    print("\ncalls a packet:", {name: round(count, 2) for name, count in calls.items()})
    # 1.3 messages come of a packet, and go out together. Whether there is room is asked each 16 KiB, of which a packet
    # makes 3; and each second each peer is looked at.
    assert 9 < calls["sendmsg"] < 10.6
    assert calls["poll"] < 4
    assert calls.get("epoll_ctl", 0) < 3
    assert sum(calls.values()) <= 19


def test_only_a_recording_s_packets_are_synced_at_each_writing_and_all_files_at_the_end(daemon, tmp_path):
    async def story():
        async with counted.listening(daemon, 1) as (client,):
            await counted.stream(client)
            calls = counted.Calls(daemon.process.pid, tmp_path / "calls", "fdatasync,fstatfs")
            assert (await client.command("start_recording"))["success"]
            before = counted.packets(client)
            while counted.packets(client) < before + 70:
                await asyncio.sleep(0.05)
            assert (await client.command("stop_recording"))["success"]
            return calls.end()

    counts = asyncio.run(story())
    writings, syncs = counts["fstatfs"], counts["fdatasync"]
    print(f"\n{writings} writings, {syncs} syncs")
    assert writings > 5
    # EEG, PPG, ACC, battery, markers and processed at the end; on a slow machine after 10 s, too.
    assert writings + 5 <= syncs <= writings + 12


def test_an_idle_client_costs_one_wake_up_a_second_at_most(daemon, tmp_path):
    async def story():
        async with counted.listening(daemon, 1):
            # The first look finds what came with the handshake; then it rests.
            await asyncio.sleep(2.5)
            calls, began = counted.Calls(daemon.process.pid, tmp_path / "calls"), time.monotonic()
            await asyncio.sleep(5)
            return calls.end(), time.monotonic() - began

    counts, seconds = asyncio.run(story())
    print(f"\nin {seconds:.1f} s: {counts}")
    waits = counts.get("epoll_wait", 0) + counts.get("epoll_pwait", 0)  # the second is newer libuv's
    assert 1 <= waits <= seconds + 2
