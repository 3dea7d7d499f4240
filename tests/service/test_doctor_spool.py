"""linkbandd doctor of a spool: where it is, how full, who reads it how far behind, and what to do."""

import os
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
sys.path.insert(0, str(ROOT / "tests/uplink"))

import spool_writer  # noqa: E402

NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def doctor(*options, before=()):
    """{subject: its lines}, those of the spool; a fault has its command in the line."""
    command = [*before, LINKBANDD, "doctor", "--backend", "sim", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    text = done.stdout.replace("\n       ", " ")
    found = {}
    for line in text.splitlines():
        found.setdefault(line.split()[1], []).append(line)
    assert done.returncode == (1 if "WRONG" in text else 0)
    return {what: "\n".join(lines) for what, lines in found.items()}


HOUR = 3600


class Spool:
    """Two minutes of a band, an hour old."""

    def __init__(self, path):
        (band,) = spool_writer.fill(path, 120)
        self.path, self.band, self.end = path, band.name, band.number
        for segment in band.folder.iterdir():
            os.utime(segment, (time.time() - HOUR,) * 2)

    def read_up_to(self, number, name="uplink"):
        (self.path / "cursors" / name).write_text(f"{self.band} {number}\n")


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def test_without_one_there_is_nothing_to_say():
    assert "none is kept" in doctor()["spool"]


def test_one_that_nobody_reads(spool):
    told = doctor("--spool", spool.path, "--spool-age", 5)
    assert told["spool"].startswith("ok") and " MB of 4.3 GB in " in told["spool"]
    assert "nobody reads" in told["reader"] and "5 h" in told["reader"]


def test_readers_are_told_by_name_with_how_far_they_are_behind(spool):
    spool.read_up_to(spool.end, "done")
    spool.read_up_to(spool.end - 1, "late")
    done, late = doctor("--spool", spool.path)["reader"].split("\n")
    assert done.startswith("ok") and "done has had all" in done
    assert late.startswith("WRONG") and "late is 60 min behind: 0.3 MB since 20" in late
    assert "journalctl -u linkband-uplink" in late and f"rm '{spool.path}/cursors/late'" in late
    os.utime(max((spool.path / "bands" / spool.band).iterdir()))
    assert "late keeps up" in doctor("--spool", spool.path)["reader"]


def test_what_is_unread_and_nearly_as_much_as_it_holds(spool):
    with open(min((spool.path / "bands" / spool.band).iterdir()), "a") as segment:
        segment.truncate(14 << 20)
    spool.read_up_to(1)
    told = doctor("--spool", spool.path, "--spool-size", 16)["spool"]
    assert told.startswith("WRONG") and "the oldest goes, unread" in told and "spool-size" in told
    spool.read_up_to(spool.end)
    assert doctor("--spool", spool.path, "--spool-size", 16)["spool"].startswith("ok")


def test_a_disk_that_is_nearly_full(tmp_path):
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0:
        pytest.skip("no name spaces of mounts for this user")
    (tmp_path / "disk").mkdir()
    mounted = [*NAMESPACE, "sh", "-ec", f"mount -t tmpfs -o size=300m none {tmp_path}/disk; mkdir -p {tmp_path}/disk/spool/bands; exec \"$@\"", "sh"]
    told = doctor("--spool", tmp_path / "disk" / "spool", before=mounted)["disk"]
    assert f"free at {tmp_path}/disk/spool; below 268.4 MB the oldest of the spool goes, unread or not" in told
    assert "df -h" in told
    assert "of the spool" not in doctor("--spool", tmp_path / "disk" / "spool", "--spool-size", 16, before=mounted)["disk"]


def test_a_cursor_that_is_not_read(spool):
    """A link is not followed, whoever asks; of rights that two users have: tests/uplink/test_two_users.py."""
    spool.read_up_to(spool.end, "elsewhere.part")
    (spool.path / "cursors" / "uplink").symlink_to("elsewhere.part")
    told = doctor("--spool", spool.path)["reader"]
    assert told.startswith("WRONG") and "uplink counts as having nothing" in told and "chmod 640" in told


def test_a_place_where_it_cannot_be(tmp_path):
    assert "mkdir -p" in doctor("--spool", tmp_path / "a" / "spool")["spool"]
    assert "it will be in" in doctor("--spool", tmp_path / "spool")["spool"]
    (tmp_path / "file").write_text("")
    assert doctor("--spool", tmp_path / "file")["spool"].startswith("WRONG")


def test_it_changes_nothing(spool):
    spool.read_up_to(1)
    before = {path: path.stat() for path in spool.path.rglob("*")}
    doctor("--spool", spool.path, "--spool-age", 1, "--spool-size", 16)
    after = {path: path.stat() for path in spool.path.rglob("*")}
    assert before.keys() == after.keys()
    assert all(before[path].st_mtime_ns == after[path].st_mtime_ns for path in before)
