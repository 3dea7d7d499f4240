"""The accelerometer's figures of bands against NumPy and SciPy on the raw counts; the errors are printed."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import signal

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
sys.path.insert(0, str(ROOT / "tests" / "data"))
from recordings import CAPTURES, name  # noqa: E402

STATES = [(0.02, "stationary"), (0.08, "sitting"), (0.40, "walking"), (np.inf, "running")]


@pytest.mark.parametrize("path", CAPTURES, ids=name)
def test_figures_are_those_of_the_raw_counts(path):
    output = subprocess.run([LINKBANDD, "process", path], check=True, capture_output=True, timeout=60).stdout
    messages = [m for m in map(json.loads, output.splitlines()) if m["sensor_type"] == "acc"]
    told = [m["data"] for m in messages if m["type"] == "processed_data"]
    raw = [[s[axis] for axis in "xyz"] for m in messages if m["type"] == "raw_data" for s in m["data"]]
    g = np.array(raw) / 16384
    weight = 1 - np.exp(-2 * np.pi * 0.3 / 25.22)
    gravity = g[0] + signal.lfilter([weight], [1, weight - 1], g - g[0], axis=0)
    size = np.linalg.norm(g, axis=1)
    bob = np.abs(size - size[0] - signal.lfilter([weight], [1, weight - 1], size - size[0]))
    movement = np.linalg.norm(g - gravity, axis=1)
    change = np.abs(np.diff(g, axis=0, prepend=np.nan))
    worst, at, means = 0.0, 0, []
    for k, data in enumerate(told):
        part = slice(at, at + len(data["timestamps"]))
        at = part.stop
        means.append(bob[part].mean())
        expected = [movement[part].mean(), movement[part].std(), movement[part].max(), *np.nanmean(change[part], axis=0)]
        names = ["avg_movement", "std_movement", "max_movement", "x_change", "y_change", "z_change"]
        worst = max(worst, np.abs(np.subtract([data[n] for n in names], expected)).max())
        assert np.allclose(np.transpose([data[axis] for axis in "xyz"]), g[part], atol=1e-5)
        assert np.allclose(data["magnitude"], np.linalg.norm(g[part], axis=1), atol=1e-5)
        recent = np.mean(means[-3:])  # what tilt does not change
        if min(abs(recent - limit) for limit, _ in STATES) > 1e-3:
            state = next(name for limit, name in STATES if recent < limit)
            assert data["activity_state"] == (state if k >= 2 else None)
        x, y, z = gravity[part][-1]
        if data["pitch"] is not None:
            assert data["max_movement"] < 0.05
            assert abs(data["pitch"] - np.degrees(np.arctan2(-x, np.hypot(y, z)))) < 0.5
            assert abs(data["roll"] - np.degrees(np.arctan2(y, z))) < 0.5
            assert abs(data["nod"] - np.degrees(np.arctan2(z, x))) < 0.5
            assert abs(data["tilt"] - np.degrees(np.arctan2(y, np.hypot(x, z)))) < 0.5
        else:
            assert data["max_movement"] >= 0.05
    states = sorted({d["activity_state"] or "null" for d in told})
    print(f"{path.stem}: {len(told)} seconds, worst error {worst:.6f} g, states {', '.join(states)}")
    assert at > 100 and worst < 2e-4
