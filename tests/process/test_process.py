"""`linkbandd process` on captures of bands, simulated and real, held against an independent decoder."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "data")]
import decoder  # noqa: E402
from recordings import CAPTURES, name  # noqa: E402

ROOT = HERE.parent.parent
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
# EEG samples that the bands skipped themselves.
SKIPPED = {
    "simulated": 94,
    "session_20250526_094443": 174,
    "session_20250624_141623": 13,
    "session_20250624_172058": 28,
    "session_20250624_175525": 149,
}


def process(path, *options):
    return subprocess.run(
        [LINKBANDD, "process", str(path), *options], check=True, capture_output=True, timeout=60
    ).stdout


def messages(output, sensor):
    found = [json.loads(line) for line in output.splitlines()]
    return [m for m in found if m["type"] == "raw_data" and m["sensor_type"] == sensor]


@pytest.fixture(scope="module", params=CAPTURES, ids=name)
def capture(request):
    return request.param


@pytest.fixture(scope="module")
def output(capture):
    return process(capture)


@pytest.mark.parametrize("sensor", ["eeg", "ppg", "acc"])
def test_every_sample_of_the_capture_is_given_back(capture, output, sensor):
    packets = [p for p in decoder.read(capture) if p.sensor == sensor]
    told = messages(output, sensor)
    assert [len(m["data"]) for m in told] == [len(p.samples) for p in packets]
    worst = 0.0
    for message, packet in zip(told, packets):
        for got, counts in zip(message["data"], packet.samples):
            assert set(got) == {"timestamp", *counts}
            for field, count in counts.items():
                if field in ("ch1", "ch2"):
                    worst = max(worst, abs(got[field] - decoder.microvolts(count)))
                else:
                    assert got[field] == count
    print(f"{sensor}: {len(packets)} packets, worst error {worst:.6f} µV")
    assert worst <= 0.001


@pytest.mark.parametrize("sensor", ["eeg", "ppg", "acc"])
def test_lost_is_what_the_ticks_say(capture, output, sensor):
    packets = [p for p in decoder.read(capture) if p.sensor == sensor]
    lost = [m["lost"] for m in messages(output, sensor)]
    assert lost == [p.lost for p in packets]
    if sensor != "acc":
        assert sum(lost) == (SKIPPED[capture.stem] if sensor == "eeg" else 0)


@pytest.mark.parametrize("sensor", ["eeg", "ppg", "acc"])
def test_timestamps_strictly_increase_and_are_uniform_inside_a_packet(output, sensor):
    last = 0.0
    for message in messages(output, sensor):
        times = [sample["timestamp"] for sample in message["data"]]
        steps = [b - a for a, b in zip(times, times[1:])]
        assert times[0] > last and min(steps) > 0
        assert max(steps) - min(steps) < 0.003  # three decimals are told
        last = times[-1]


def test_the_measured_rate_is_null_before_the_fit_and_near_the_nominal_after(output):
    for sensor, nominal in (("eeg", 250), ("ppg", 50), ("acc", 25)):
        rates = [m["sample_rate_measured"] for m in messages(output, sensor)]
        assert rates[0] is None
        assert all(abs(rate / nominal - 1) < 0.015 for rate in rates if rate is not None)
        assert {m["sample_rate"] for m in messages(output, sensor)} == {nominal}


def test_two_runs_are_equal_to_the_byte(capture, output):
    assert process(capture) == output


def test_start_moves_the_times_and_nothing_else(capture, output):
    moved = process(capture, "--start", "2001-01-01T00:00:00Z")
    year = 366 * 86400e3
    for sensor in ("eeg", "ppg", "acc"):
        for a, b in zip(messages(output, sensor), messages(moved, sensor)):
            assert (a["seq"], a["lost"], len(a["data"])) == (b["seq"], b["lost"], len(b["data"]))
            assert abs(b["data"][0]["timestamp"] - a["data"][0]["timestamp"] - year) < 0.002
