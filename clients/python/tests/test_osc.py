"""linkband-osc against liblo's oscdump."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

import linkband
from conftest import PACKAGE
from linkband.osc import of_acc, of_eeg, of_ppg
from linkband.osc.encoder import message
from peers import free_port

ADDRESS = "AA:BB:CC:DD:EE:FF"
# What oscdump prints of a message: its time, the address, the types, the values.
LINE = re.compile(r"^\S+ (/\S+) (\w+) (.*)$")


def test_messages_are_as_the_standard_has_them():
    assert message("/a") == b"/a\0\0,\0\0\0"
    assert message("/oscillator/4/frequency", 440.0) == b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"
    assert message("/foo", 1000, -1, "hello", 1.234, 5.678) == (
        b"/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d")


def test_what_is_not_known_is_not_sent():
    unknown = dict.fromkeys(("delta", "theta", "alpha", "beta", "gamma"))
    half = {**dict.fromkeys(unknown, 1.0), "delta": None}
    full = dict.fromkeys(unknown, 0.5)
    data = {"ch1_band_powers": unknown, "ch2_band_powers": half, "ch1_relative_powers": full,
            "ch2_relative_powers": unknown, "blinks": [1000.0]}
    assert list(of_eeg(data, 1500.0)) == [("/eeg/ch1/relative", [0.5] * 5), ("/blink", [0.5])]
    assert not list(of_ppg({"bpm": None}, 0)) and not list(of_acc({"nod": None, "tilt": 1.0}, 0))
    assert list(of_ppg({"bpm": 61}, 0)) == [("/bpm", [61.0])]


def test_oscdump_reads_bands_pulse_blinks_and_tilt(daemons):
    daemon = daemons("--sim", "seed=1,radio=fast,speed=4")
    if not shutil.which("oscdump"):
        pytest.skip("not installed: liblo-tools")
    port = free_port()
    dump = subprocess.Popen(["stdbuf", "-oL", "oscdump", str(port)], stdout=subprocess.PIPE, text=True)
    osc = subprocess.Popen([sys.executable, "-m", "linkband.osc", f"127.0.0.1:{port}", "--start"],
                           env={**os.environ, "PYTHONPATH": str(PACKAGE), "LINKBAND_URL": daemon.url})
    try:
        with linkband.Band(daemon.url) as band:
            device = band.connect_device(address=ADDRESS)["device_id"]
            wanted = {f"/linkband/{device}{end}": types for end, types in (
                ("/eeg/ch1/bands", "fffff"), ("/eeg/ch2/relative", "fffff"), ("/bpm", "f"), ("/tilt", "ff"),
                ("/blink", "f"))}
            deadline = time.monotonic() + 90
            for line in dump.stdout:
                address, types, values = LINE.match(line).groups()
                assert len(values.split()) == len(types)
                if address.endswith("/bpm"):
                    assert 30 < float(values) < 220
                if address.endswith("/relative"):
                    assert sum(map(float, values.split())) == pytest.approx(1, abs=1e-3)
                if address in wanted:
                    assert types == wanted.pop(address)
                if not wanted:
                    break
                assert time.monotonic() < deadline, wanted
        osc.send_signal(signal.SIGTERM)
        assert osc.wait(30) == 143
    finally:
        for process in (osc, dump):
            process.kill()
            process.communicate()


def test_wrong_use_and_no_daemon():
    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "linkband.osc", *arguments], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(PACKAGE)}, timeout=60)

    assert "HOST:PORT" in run("nowhere").stderr and run("nowhere").returncode == 2
    assert run("--url", "ws://127.0.0.1:1/ws").returncode == 3
