"""The examples, as a reader would run them."""

import json
import os
import re
import subprocess
import sys
import time
import wave

import pytest

import linkband
from conftest import PACKAGE

EXAMPLES = PACKAGE / "examples"
ADDRESS = "AA:BB:CC:DD:EE:FF"
SPEED = 4


def example(name, *arguments, **more):
    done = subprocess.run([sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(PACKAGE), **more})
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def daemon(daemons):
    """A quicker band."""
    return daemons("--sim", f"seed=1,radio=fast,speed={SPEED}")


@pytest.fixture
def band(daemon):
    with linkband.Band(daemon.url) as band:
        band.connect_device(address=ADDRESS)
        yield band


def test_each_has_a_test():
    tested = set(re.findall(r'[\w]+\.(?:py|ipynb)', open(__file__).read()))
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} <= tested


def test_eyes_closed_tells_a_ratio_of_each_channel(daemon, band):
    lines = example("eyes_closed.py", "1", daemon.url)
    assert [line.split(":")[0] for line in lines[2:]] == ["ch1", "ch2"]
    assert all(re.search(r"= \d+\.\d\d$|not known", line) for line in lines[2:])
    assert any("=" in line for line in lines[2:])


def test_hrv_biofeedback_shows_the_pulse(daemon, band):
    lines = example("hrv_biofeedback.py", "5", daemon.url)
    assert len(lines) > 5 and all(line.startswith(("in ", "out")) for line in lines)
    assert any(re.search(r"pulse +\d+\.\d /min", line) for line in lines)


def test_neurofeedback_sounds_by_the_share_of_alpha(daemon, band, tmp_path):
    assert example("neurofeedback.py", "2", daemon.url, "--wav", str(tmp_path / "tone.wav")) == []
    with wave.open(str(tmp_path / "tone.wav")) as sound:
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
        rate = sound.getframerate()
    loud = [i for i, sample in enumerate(samples) if abs(sample) > 6000]
    assert loud, "no alpha was known"
    # Where it is loud it is a tone between the two ends of its range.
    part = samples[loud[0]:loud[-1]]
    crossings = sum(1 for a, b in zip(part, part[1:]) if (a < 0) != (b < 0))
    assert 200 < crossings / 2 / (len(part) / rate) < 640


def test_markers_are_in_the_recording(daemon, band):
    [session] = example("markers.py", "2", daemon.url)
    assert [one["session_id"] for one in band.list_recordings()["sessions"]] == [session]


def test_the_notebook_s_cells_run_one_after_the_other(daemon, band, tmp_path):
    for module in ("mne", "pandas"):
        pytest.importorskip(module, reason=f"not installed: python3-{module}")
    blocks = band.stream("eeg")
    band.start_streaming()
    next(blocks)
    files = (event for event in band.events() if event["event_type"] == "recording_file")
    path = band.start_recording(session_name="rest")["path"]
    band.insert_marker("here")
    time.sleep(8 / SPEED)
    band.stop_recording()
    assert next(files)["data"]["state"] == "ready"
    book = json.loads((EXAMPLES / "mne.ipynb").read_text())
    assert book["nbformat"] == 4 and all(cell["outputs"] == [] for cell in book["cells"] if cell["cell_type"] == "code")
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    script = tmp_path / "cells.py"
    script.write_text("\n".join(cells) + "\nassert 0 < shares.min() and shares.max() < 1 and len(shares) == 2\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(PACKAGE), "LINKBAND_SESSION": path})
    assert done.returncode == 0, done.stderr
    assert "here" in done.stdout and "BAD" not in done.stderr
