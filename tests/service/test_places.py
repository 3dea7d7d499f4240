"""Where recordings go: never onto the disk beneath a stick that is not there, and looking makes no directory."""

import os
import pathlib
import shlex
import signal
import subprocess
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def start(tmp_path, data_dir, before=None):
    """The log of a daemon that records there, once it has started; what is to be done before is, in its own name space of mounts."""
    daemon = f"exec {LINKBANDD} --backend sim --listen 127.0.0.1:0 --state-dir {tmp_path}/state --data-dir {shlex.quote(str(data_dir))}"
    command = [*NAMESPACE, "sh", "-ec", f"{before}; {daemon}"] if before else ["sh", "-ec", daemon]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    first = process.stderr.readline()
    while " listens on " not in first:
        line = process.stderr.readline()
        assert line, first
        first += line
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(90) == 0
    return first + rest


@pytest.fixture(scope="module")
def fstab(tmp_path_factory):
    if subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0 or not pathlib.Path("/etc/fstab").exists():
        pytest.skip("no name spaces of mounts for this user, or no /etc/fstab")
    directory = tmp_path_factory.mktemp("mounts")
    (directory / "stick").mkdir()
    (directory / "fstab").write_text(f"# of a test\nLABEL=none {directory}/stick\text4 nofail 0 0\n")
    return directory


def test_a_stick_of_fstab_that_is_not_there_is_not_recorded_beneath(fstab, tmp_path):
    log = start(tmp_path, fstab / "stick" / "eeg", f"mount --bind {fstab}/fstab /etc/fstab")
    assert f"nothing can be recorded: Nothing is mounted at {fstab}/stick"[:100] in log
    assert not list((fstab / "stick").iterdir())


def test_one_that_is_there_is(fstab, tmp_path):
    log = start(tmp_path, fstab / "stick" / "eeg",
                f"mount --bind {fstab}/fstab /etc/fstab; mount -t tmpfs none {fstab}/stick")
    assert "recorded" not in log and "mounted" not in log


def test_one_let_into_a_sandbox_is_still_not_there(fstab, tmp_path):
    """ReadWritePaths= makes a mount of the empty directory."""
    log = start(tmp_path, fstab / "stick",
                f"mount --bind {fstab}/fstab /etc/fstab; mount --bind {fstab}/stick {fstab}/stick")
    assert "nothing can be recorded: Nothing is mounted at" in log


def test_a_neighbour_of_a_stick_is_no_stick(fstab, tmp_path):
    log = start(tmp_path, f"{fstab}/stick2/eeg", f"mount --bind {fstab}/fstab /etc/fstab")
    assert "recorded" not in log and (fstab / "stick2/eeg").is_dir()


@pytest.mark.parametrize("place", ["/mnt", "/media", "/run/media"])
def test_nothing_is_made_where_sticks_are_mounted(tmp_path, place):
    """Where a desktop mounts a stick its directory is there only while the stick is."""
    stick = pathlib.Path(place) / f"linkbandd-{uuid.uuid4()}"
    if not os.path.isdir(place) or os.stat(place).st_dev != os.stat("/").st_dev:
        stick = pathlib.Path("/mnt") / stick.name
    try:
        log = start(tmp_path, stick / "eeg")
        assert f"nothing can be recorded: {stick}/eeg is not there, nor is anything mounted above it" in log
        assert not stick.exists()
    finally:
        for made in (stick / "eeg", stick):
            if made.exists():
                made.rmdir()


def test_naming_a_session_makes_no_data_directory(tmp_path):
    for arguments in (["process", "20260131T120000Z_x"], ["export", "20260131T120000Z_x", "--format", "csv"]):
        done = subprocess.run([LINKBANDD, *arguments, "--data-dir", tmp_path / "data"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stderr
    assert not (tmp_path / "data").exists()
