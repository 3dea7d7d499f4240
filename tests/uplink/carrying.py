"""A spool that is carried: what a test waits for, and what it compares."""

import os
import pathlib
import re
import subprocess
import sys
import time

import servers
import spool_writer

HERE = pathlib.Path(__file__).resolve().parent


def carried(uplink, bands, name="uplink"):
    """Waits until the cursor is behind all that was written."""
    want = {band.name: band.number for band in bands}
    servers.until(lambda: uplink.cursor(name) == want, f"the cursor at {want}")


def same(folder, band):
    """Every segment of the band, to the byte."""
    spooled = {path.name: path.read_bytes() for path in band.folder.iterdir()}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == spooled
    return len(spooled)


def live(tmp_path, bands, speed):
    """A spool that is written while it is carried; ended by `enough`."""
    spool = tmp_path / "spool"
    writer = subprocess.Popen([sys.executable, HERE / "spool_writer.py", spool, ",".join(bands), "13", str(speed)])
    servers.until(lambda: (spool / "bands" / bands[-1]).exists(), "the writer")
    return spool, writer


def written(spool, name):
    """The band as it lies there: its folder, and the number that the next record would have."""
    folder = spool / "bands" / name
    last = max(folder.iterdir())
    lines = last.read_text().split("\n")
    records = lines[lines.index(f"#! record {int(last.stem)}") + 1 : -2]
    band = spool_writer.Band.__new__(spool_writer.Band)
    band.name, band.folder, band.number = name, folder, int(last.stem) + len(records)
    return band


def finish(spool, writer, names, uplink):
    (spool / "enough").touch()
    assert writer.wait(servers.PATIENCE) == 0
    bands = [written(spool, name) for name in names]
    carried(uplink, bands)
    return bands


def written_at_least(uplink, band, number):
    """Waits until that many of its records were acknowledged."""
    servers.until(lambda: uplink.cursor()[band] > number, f"record {number} of {band}")
    return uplink.cursor()[band]


def bytes_of(spool):
    return sum(path.stat().st_size for path in spool.rglob("*.lbcap"))


def memory_kb(process):
    return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1])


def lasting(seconds):
    """True once so many seconds of the long form have passed; in the short one at once."""
    end = time.monotonic() + (seconds if os.environ.get("LINKBANDD_TEST_ALL") == "yes" else 0)
    return lambda: time.monotonic() >= end
