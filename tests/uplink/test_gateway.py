"""A whole gateway: the daemon spools two bands, linkband-uplink carries them, a consumer rebuilds what the spool holds."""

import os
import pathlib
import random
import re
import signal
import subprocess
import time
import urllib.request

import pytest
import servers
from servers import BUILD

ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
BANDS = ("LXB-51A00000", "LXB-51A00001")
PACKET = re.compile(r"^[0-9.]+ (eeg|ppg|acc|bat) ", re.M)


class Daemon:
    def __init__(self, folder, *more):
        self.folder, self.spool = folder, folder / "spool"
        self.command = [BUILD / "linkbandd", "--backend", "sim", "--spool", self.spool, "--data-dir", folder / "data"]
        self.command += ["--state-dir", folder / "state", "--listen", "127.0.0.1:0", *more]
        self.start()

    def start(self):
        self.log = open(self.folder / "linkbandd.log", "a+")
        began = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(self.command, stderr=self.log)

        def port():
            text = (self.folder / "linkbandd.log").read_text()[began:]
            return int(re.search(r"listens on 127\.0\.0\.1:(\d+)", text)[1])

        self.port = servers.until(lambda: _or_none(port), "the daemon")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(servers.PATIENCE)

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.M)[1])

    def segments(self, band):
        folder = self.spool / "bands" / band
        return {path.name: path.read_text() for path in sorted(folder.iterdir())} if folder.exists() else {}

    def packets(self, band):
        return sum(len(PACKET.findall(text)) for text in self.segments(band).values())


def _or_none(function):
    try:
        return function()
    except TypeError:
        return None


@pytest.fixture
def daemon(tmp_path):
    begun = []

    def start(*more):
        begun.append(Daemon(tmp_path, *more))
        return begun[-1]

    yield start
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def connected(*bands):
    return [word for band in bands for word in ("--auto-connect", band)]


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
        segments = one.segments(band)
        last = max(segments)
        assert segments[last].endswith("#! end\n")
        lines = segments[last].split(f"#! record {int(last[:-6])}\n")[1].count("\n") - 1
        servers.until(lambda: uplink.cursor()[band] == int(last[:-6]) + lines, "the cursor at the end")
        folder, _ = rebuilt(band, (one.spool / "id").read_text().strip())
        found = {path.name: path.read_text() for path in folder.iterdir()}
        # The last line of a killed daemon may be torn: it is no line, and is not carried.
        assert found == {name: text[: text.rindex("\n") + 1] for name, text in segments.items()}
        packets = sum(len(PACKET.findall(text)) for text in found.values())
        print(f"{band}: {kills} kills, {len(found)} segments, {packets} packets, rebuilt to the byte")


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
