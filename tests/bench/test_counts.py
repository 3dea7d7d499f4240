"""What the daemon costs stays at what docs/performance.md says: counts, the same on every machine, of calls, wake-ups and syncs."""

import asyncio
import os
import shutil

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


def test_a_packet_to_ten_clients_costs_a_look_and_a_write_for_each_message_and_client(daemon, tmp_path):
    calls = asyncio.run(counted.calls_a_packet(daemon, tmp_path / "calls"))
    print("\ncalls a packet:", {name: round(count, 2) for name, count in calls.items()})
    # 1.3 messages come of a packet; the odd poller's turn is what a socket without room costs.
    assert 10 < calls["sendto"] < 15
    assert calls.get("epoll_ctl", 0) < 3
    assert sum(calls.values()) <= 36
