"""Recordings with the delays of a radio added: where in time their samples are put."""

import json
import pathlib
import random
import subprocess

import numpy as np
import pytest

import decoder
from test_process import LINKBANDD, name  # its path leads to the recordings
from recordings import EEG, REAL_BANDS, SIMULATED

# Those that go on long enough after the 20 s.
LONG = [SIMULATED, *(p for p in REAL_BANDS if p.stem in ("session_20250526_094443", "session_20250624_175525")), *EEG]
START_MS = 946684800000.0  # of a version 1 capture


def delayed(packets, seed):
    """The capture with 0 to 60 ms added to each packet, in the order they then come; the delays."""
    dice = random.Random(seed)
    rows = [(float(p.arrival) + dice.uniform(0, 0.060), i) for i, p in enumerate(packets)]
    return sorted(rows)


def times(lines, path):
    path.write_text("".join(lines))
    out = subprocess.run([LINKBANDD, "process", path], check=True, capture_output=True).stdout
    told = {"eeg": [], "ppg": [], "acc": []}
    for line in out.splitlines():
        if b'"raw_data"' in line[:30]:
            message = json.loads(line)
            told[message["sensor_type"]].append(message["data"][0]["timestamp"])
    return told


def ticks_ms(packets):
    """Of each packet's first sample, on the band's counter; PPG and ACC on the line through them."""
    at = np.array([p.tick for p in packets]) / decoder.TICK_HZ * 1e3
    if packets[0].sensor == "eeg":
        return at
    number = np.cumsum([0] + [len(a.samples) + b.lost for a, b in zip(packets, packets[1:])])
    return np.polyval(np.polyfit(number, at, 1), number)


@pytest.mark.parametrize("path", LONG, ids=name)
def test_sample_times_are_within_2_ms_from_20_s_on(path, tmp_path):
    payloads = [l.split() for l in open(path) if not l.startswith("#") and len(l.split()) == 3]
    packets = decoder.read(path)
    assert len(packets) == len(payloads)
    of = {s: [i for i, p in enumerate(packets) if p.sensor == s] for s in ("eeg", "ppg", "acc")}
    # A capture's arrival is the packet's end by the band's own clock: that is where ticks lie.
    eeg = [packets[i] for i in of["eeg"]]
    ends = [float(p.arrival) * 1e3 - len(p.samples) / decoder.RATE["eeg"] * 1e3 for p in eeg]
    zero = np.median(np.array(ends) - ticks_ms(eeg))
    worst = dict.fromkeys(of, 0.0)
    for seed in range(8):
        rows = delayed(packets, seed)
        lines = [f"{at:.6f} {payloads[i][1]} {payloads[i][2]}\n" for at, i in rows]
        told = times(lines, tmp_path / "delayed.lbcap")
        least = min(
            (at - float(packets[i].arrival)) * 1e3
            for at, i in rows
            if packets[i].sensor == "eeg" and at < 20
        )
        for sensor, numbers in of.items():
            if not numbers:
                continue
            got = np.array(told[sensor])
            assert len(got) == len(numbers) and np.all(np.diff(got) > 0)
            truth = START_MS + zero + ticks_ms([packets[i] for i in numbers])
            error = got - truth - least
            if sensor == "eeg":
                mapping = got, error
            else:  # from the line through their ticks, put in time as the EEG beside them is
                error -= np.interp(got, *mapping)
            late = np.array([float(packets[i].arrival) > 20 for i in numbers])
            worst[sensor] = max(worst[sensor], np.abs(error[late]).max())
    print(f"{path.stem}: worst " + ", ".join(f"{s} {w:.2f} ms" for s, w in worst.items() if of[s]))
    assert max(worst.values()) < 2
