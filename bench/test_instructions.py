"""A packet costs as many instructions as it did: counted by callgrind, so the same on a fast machine and a slow one.

A change that costs more, or less, on purpose says so by `bench/keep`, which writes bench/kept.json anew.
"""

import os
import shutil

import pytest

import costs
import kept
import relays

pytestmark = [
    pytest.mark.skipif(not shutil.which("valgrind"), reason="not installed: valgrind"),
    pytest.mark.skipif("sanitizers" in os.environ.get("LINKBANDD", ""), reason="counts are of the release binary"),
]
TOLERANCE = 0.03
# Of a stream five to eleven seconds old: the heart's windows of ten fill later, and docs/performance.md tells what they cost.
LIVE_MAX = 260_000


def same_toolchain():
    here, there = kept.toolchain(relays.BUILD), kept.load()["toolchain"]
    if here != there:
        print(f"\nNOT HELD: instructions, kept of {there}, this is {here}")
    return here == there


def test_a_packet_takes_as_many_instructions_as_were_kept(tmp_path):
    found, were = costs.instructions_of_process(tmp_path), kept.load()["process"]
    print("\nof a packet:", {name: round(count) for name, count in found.items()})
    assert all(found[name] > 0 for name in were), found
    if same_toolchain():
        now, before = sum(found.values()), sum(were.values())
        assert abs(now / before - 1) <= TOLERANCE, f"{now:.0f} a packet, {before} were kept: {were}; if meant, bench/keep"


def test_a_packet_to_ten_clients_takes_no_more_than_promised_and_an_allocation_a_message(tmp_path):
    found = costs.instructions_a_packet(relays.Ours, tmp_path, "start", 1, (10,), seconds=6, warm=5)[10]
    print("\nof a packet:", found["instructions"], found["stages"])
    assert found["allocations_a_message"] < 1.05
    if same_toolchain():
        assert found["instructions"] <= LIVE_MAX * (1 + TOLERANCE)
