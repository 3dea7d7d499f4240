"""linkband-lsl against the real liblsl: the one that npm's lsl.js brings for x86-64, or LINKBAND_LSL's."""

import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tarfile

import pytest

from conftest import PACKAGE, ROOT

TESTS = pathlib.Path(__file__).resolve().parent
PINNED = "lsl.js@1.1.2"
SHA256 = "13f1ba640400ceca418737417cbee832f884a7aa061a7caee236ea9895f32f6a"
MAPPED = ["--map-root-user"] if os.geteuid() else []
# Discovery is by multicast: a network of its own, in which nobody else answers.
NETWORK = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && exec \"$@\""
LONG = os.environ.get("LINKBANDD_TEST_ALL") == "yes"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if os.environ.get("LINKBAND_LSL"):
        return os.environ["LINKBAND_LSL"]
    if platform.machine() != "x86_64":
        pytest.skip("liblsl is fetched for x86-64 only: name one by LINKBAND_LSL")
    kept = ROOT / "build" / "lsl" / "liblsl64.so"
    if not kept.exists():
        if not shutil.which("npm"):
            pytest.skip("not installed: npm, which fetches liblsl; or name one by LINKBAND_LSL")
        fetched = tmp_path_factory.mktemp("lsl")
        done = subprocess.run(["npm", "pack", "--silent", PINNED], cwd=fetched, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            pytest.skip(f"npm can't fetch {PINNED}: {done.stderr.strip().splitlines()[-1:]}")
        with tarfile.open(fetched / done.stdout.strip()) as packed:
            content = packed.extractfile("package/prebuilt/liblsl64.so").read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.replace(kept)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == SHA256, f"{kept} is not what {PINNED} has"
    return str(kept)


def lsl(*arguments, **more):
    return subprocess.run([sys.executable, "-m", "linkband.lsl", *arguments], capture_output=True, text=True,
                          timeout=120, env={**os.environ, "PYTHONPATH": str(PACKAGE), **more})


def test_each_sample_comes_once_and_markers_go_both_ways(library):
    command = ["unshare", "--net", *MAPPED, "sh", "-c", NETWORK, "sh", sys.executable, TESTS / "story_lsl.py",
               "600" if LONG else "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900 if LONG else 240, cwd=TESTS,
                          env={**os.environ, "LINKBAND_LSL": library})
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_library_it_says_what_to_do():
    for arguments, more in ((["--library", "/nonexistent.so"], {}), ([], {"LINKBAND_LSL": "/nonexistent.so"})):
        done = lsl(*arguments, **more)
        assert done.returncode == 1 and "LINKBAND_LSL" in done.stderr and "/nonexistent.so" in done.stderr
    done = lsl("--library", "libc.so.6")
    assert done.returncode == 1 and "no liblsl" in done.stderr


def test_without_a_daemon_it_ends_with_3(library):
    assert lsl("--url", "ws://127.0.0.1:1/ws", "--library", library).returncode == 3
