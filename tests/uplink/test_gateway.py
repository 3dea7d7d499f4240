"""A whole gateway: the daemon spools two bands, linkband-uplink carries them, a consumer rebuilds what the spool holds."""

import os
import pathlib
import random
import signal
import subprocess
import time

import servers
from gateway import PACKET, connected
from servers import BUILD

ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
BANDS = ("LXB-51A00000", "LXB-51A00001")


def test_bands_of_a_killed_daemon_arrive_whole(daemon, cluster, uplinks, rebuilt):
    one = daemon("--sim", "bands=2,speed=20", "--max-bands", "2", *connected(*BANDS))
    servers.until(lambda: (one.spool / "cursors").exists(), "the spool")
    uplink = uplinks(one.spool, cluster.url)
    chance = random.Random(14)
    kills = 20 if ALL else 3
    for _ in range(kills):
        before = [one.packets(band) for band in BANDS]
        servers.until(lambda: all(one.packets(band) > n for band, n in zip(BANDS, before)), "packets of both bands")
        time.sleep(chance.uniform(0, 0.5))  # at any time
        one.end(signal.SIGKILL)
        one.start()
    before = [one.packets(band) for band in BANDS]
    servers.until(lambda: all(one.packets(band) > n + 200 for band, n in zip(BANDS, before)), "packets of both bands")
    assert one.end() == 0
    for band in BANDS:
        segments, end = one.segments(band), one.next_record(band)
        servers.until(lambda: uplink.cursor()[band] == end, "the cursor at the end")
        folder, _ = rebuilt(band, one.id())
        found = {path.name: path.read_text() for path in folder.iterdir()}
        # The last line of a killed daemon may be torn: it is no line, and is not carried.
        assert found == {name: text[: text.rindex("\n") + 1] for name, text in segments.items()}
        packets = sum(len(PACKET.findall(text)) for text in found.values())
        assert packets == one.packets(band)
        print(f"{band}: {kills} kills, {len(found)} segments; {one.packets(band)} packets spooled, {packets} arrived")


def test_a_segment_is_processed_as_a_capture(daemon):
    one = daemon("--sim", "speed=40", *connected(BANDS[0]))
    servers.until(lambda: len(one.segments(BANDS[0])) >= 3, "three segments")
    assert one.end() == 0
    for name, text in one.segments(BANDS[0]).items():
        path = one.spool / "bands" / BANDS[0] / name
        done = subprocess.run([BUILD / "linkbandd", "process", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        packets = text.count(" eeg ")
        # A band's first packets of a segment make samples at once: its clock's state is in the head.
        assert packets - 2 <= done.stdout.count('"type":"raw_data","sensor_type":"eeg"') <= packets, name


def test_the_spool_has_all_though_nobody_streams_and_tells_what_is_unread(daemon):
    one = daemon("--sim", "speed=20", *connected(BANDS[0]))
    servers.until(lambda: one.packets(BANDS[0]) > 300, "packets")
    assert one.metric("linkbandd_spool_writable") == 1
    assert one.metric("linkbandd_spool_lost_records_total") == 0
    (one.spool / "cursors" / "late").write_text(f"{BANDS[0]} 1\n")
    servers.until(lambda: one.metric("linkbandd_spool_unread_bytes") > 0, "what is unread told", 30)
    assert one.metric("linkbandd_spool_oldest_unread_timestamp_seconds") > time.time() - 3600
    assert one.end() == 0


def test_a_spool_that_cannot_be_is_told_and_everything_else_goes_on(daemon, tmp_path):
    (tmp_path / "spool").write_text("a file")
    one = daemon("--sim", "speed=20")
    assert "spool" in (tmp_path / "linkbandd.log").read_text()
    assert "name another with --spool" in (tmp_path / "linkbandd.log").read_text()
    assert one.end() == 0
    assert pathlib.Path(tmp_path / "spool").read_text() == "a file"
