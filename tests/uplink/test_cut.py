"""The link cut or slow: what the spool kept arrives whole, and little of it twice."""

import os
import time

import pytest
import servers
import spool_writer
from carrying import bytes_of, carried, finish, lasting, live, memory_kb, same

SERVERS = 1
ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"


def test_what_came_while_the_link_was_cut_is_sent_once_it_is_whole(way, uplinks, rebuilt, tmp_path):
    names = ("LXB-0000000C", "LXB-0000000D")
    spool, writer = live(tmp_path, names, 10)
    uplink = uplinks(spool, way.url)
    servers.until(lambda: all(uplink.cursor()[name] > 50 for name in names), "the first acknowledgements")
    way.cut()
    begun, before, memory, size = time.monotonic(), way.carried, memory_kb(uplink.process), bytes_of(spool)
    over = lasting(600)
    servers.until(lambda: bytes_of(spool) > size + 300_000 and over(), "a cut", 700)
    behind, kept = uplink.cursor(), bytes_of(spool) - size
    grown, lasted = memory_kb(uplink.process) / memory, time.monotonic() - begun
    way.mend()
    bands = finish(spool, writer, names, uplink)
    for band in bands:
        folder, told = rebuilt(band.name)
        same(folder, band)
        assert "missing" not in told
    print(f"cut for {lasted:.0f} s: {kept} bytes kept, cursors {behind}; {way.carried - before} bytes carried after it, "
          f"{[band.number - 1 for band in bands]} records, all rebuilt; memory × {grown:.2f}; told:\n{uplink.told()}")
    assert grown < 1.5
    assert uplink.told().count("tried again") <= 4, "once for each reason"


@pytest.mark.skipif(not ALL, reason="only in scripts/test --all")
def test_over_a_slow_link_all_arrives_and_little_of_it_twice(way, cluster, uplinks, rebuilt, tmp_path):
    bands, before = spool_writer.fill(tmp_path / "spool", 80, ("LXB-0000000E",)), cluster.stored_bytes()
    way.rate = 5_000  # a second and more for each message of those that are under way
    uplink = uplinks(tmp_path / "spool", way.url)
    carried(uplink, bands)
    folder, _ = rebuilt(bands[0].name)
    same(folder, bands[0])
    twice = way.carried / (cluster.stored_bytes() - before)
    print(f"{way.carried} bytes carried, {twice:.2f} times what is stored\n{uplink.told()}")
    assert twice < 1.3
