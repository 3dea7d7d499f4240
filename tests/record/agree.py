"""What the files of a session must agree on: packets, CSV and BDF. Used on recordings of a probe and of the daemon."""

import calendar
import csv

import numpy as np
from scipy.interpolate import CubicSpline

import bdf

SAMPLES = {"eeg": 25, "ppg": 28, "acc": 30}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def column(table, name):
    return np.array([float(row[name]) for row in table])


def packets(path):
    """Those of the three sensors, as they came: one that the air repeated is there twice."""
    for line in path.read_text().splitlines():
        word = line.split()
        if word and not line.startswith("#") and word[1] in SAMPLES:
            yield word[1], bytes.fromhex(word[2])


def once(packets):
    """Without the repetitions."""
    last = {}
    for sensor, payload in packets:
        if last.get(sensor) != payload:
            yield sensor, payload
        last[sensor] = payload


def counts_of(sensor, payload):
    """The samples of a packet by the layouts of the band alone."""
    body = payload[4:]
    if sensor == "eeg":
        for i in range(0, len(body), 7):
            yield tuple(int.from_bytes(body[i + 1 + 3 * c:i + 4 + 3 * c], "big", signed=True) for c in (0, 1))
    elif sensor == "ppg":
        for i in range(0, len(body), 6):
            yield tuple(int.from_bytes(body[i + 3 * c:i + 3 + 3 * c], "big") for c in (0, 1))
    else:
        for i in range(0, len(body), 6):
            yield tuple(int.from_bytes(body[i + 2 * c:i + 2 + 2 * c], "little", signed=True) for c in (0, 1, 2))


UV = 4.033 / 12 / 8388607 * 1e6
COLUMNS = {"eeg": ("ch1", "ch2"), "ppg": ("red", "ir"), "acc": ("x", "y", "z")}
LABELS = {"eeg": ("EEG ch1", "EEG ch2"), "ppg": ("PPG red", "PPG ir"), "acc": ("ACC x", "ACC y", "ACC z")}
SCALE = {"eeg": UV, "ppg": 1, "acc": 1 / 16384}


def every_sample_of_a_packet_is_in_the_csv_once(folder):
    for sensor, names in COLUMNS.items():
        sent = np.array([c for s, p in once(packets(folder / "packets.lbcap")) if s == sensor for c in counts_of(s, p)])
        table = rows(folder / f"{sensor}.csv")
        assert len(sent) == len(table), (sensor, len(sent), len(table))
        if not len(sent):
            continue
        for i, name in enumerate(names):
            got = column(table, name) / (UV if sensor == "eeg" else 1)
            assert np.array_equal(np.rint(got), sent[:, i]), (sensor, name)
        stamps = column(table, "timestamp")
        assert np.all(np.diff(stamps) > 0), sensor
        print(f"    {sensor}: {len(sent)} samples in packets and CSV, equal")


def mended(stamps, value):
    """The CSV has the band's false zeros, the BDF has what is between their neighbours, 20 ms apart at most."""
    good = np.flatnonzero(value != 0)
    zero = [i for i in np.flatnonzero(value == 0) if len(good) and np.min(np.abs(value[good])) > 100]
    value = value.copy()
    for i in zero:
        before, after = good[good < i], good[good > i]
        if len(before) and len(after) and after[0] - before[-1] <= 6:
            a, b = before[-1], after[0]
            value[i] = value[a] + (value[b] - value[a]) * (i - a) / (b - a)
    return value


def start_of(file):
    date, clock = file.start.split()
    day, month, year = map(int, date.split("."))
    return 1000 * calendar.timegm((2000 + year, month, day, *map(int, clock.split("."))))


def flagged(table, word):
    """Spans of rows with this word, 150 ms apart or less as one: from the first row to the end of the last."""
    spans = []
    for row in table:
        if word in row["flags"].split(" "):
            ms = float(row["timestamp"])
            if spans and ms - spans[-1][1] <= 150:
                spans[-1][1] = ms + 4
            else:
                spans.append([ms, ms + 4])
    return spans


def flags_are_the_annotations(folder):
    """Each span of eeg.csv's flags is one of the BDF's, and the reverse, to half a sample. Returns how many of each."""
    file = bdf.read(folder / "session.bdf")
    table = rows(folder / "eeg.csv")
    stamps = column(table, "timestamp")
    told = {}
    for word, text in [("leadoff_ch1", "BAD_leadoff ch1"), ("leadoff_ch2", "BAD_leadoff ch2"),
                       ("saturated", "BAD_saturated"), ("zero", "BAD_zero"), ("muscle", "BAD_muscle")]:
        spans = flagged(table, word)
        bad = [[start_of(file) + 1000 * a[0], start_of(file) + 1000 * (a[0] + (a[1] or 0))] for a in file.annotations if a[2] == text]
        if word == "muscle":  # a half second may begin or end where no row is
            bad = [span for span in bad if np.any((stamps >= span[0]) & (stamps < span[1]))]
        assert len(spans) == len(bad), (word, spans, bad)
        assert np.allclose(spans, bad, atol=2 if word != "muscle" else 20), (word, spans, bad)
        told[word] = len(spans)
    blinks = [start_of(file) + 1000 * a[0] for a in file.annotations if a[2] == "blink"]
    near = np.array([any(-200 <= ms - blink < 200 for blink in blinks) for ms in stamps])
    got = np.array(["blink" in row["flags"].split(" ") for row in table])
    edge = np.array([any(abs(abs(ms - blink) - 200) < 0.2 for blink in blinks) for ms in stamps])
    assert np.array_equal(near | edge, got | edge)
    told["blink"] = len(blinks)
    return told


def bdf_is_the_csv_on_an_even_grid(folder):
    file = bdf.read(folder / "session.bdf")
    start_ms = start_of(file)
    for sensor, names in COLUMNS.items():
        table = rows(folder / f"{sensor}.csv")
        if not table:
            continue
        stamps = column(table, "timestamp")
        for name, label in zip(names, LABELS[sensor]):
            one = file.signals[label]
            grid = start_ms + np.arange(len(one.physical)) * 1000 / one.rate
            value = column(table, name) * (1 / 16384 if sensor == "acc" else 1)
            if sensor == "eeg":
                value = mended(stamps, value)
            # Linear interpolation, by another's code, is within the second difference of a cubic.
            inside = (grid > stamps[2]) & (grid < stamps[-3])
            at = np.clip(np.searchsorted(stamps, grid), 2, len(stamps) - 2)
            # Away from gaps: at their edges the cubic leans on the samples of one side.
            even = np.diff(stamps) < 1000 / one.rate + 20
            inside &= even[at - 2] & even[at - 1] & even[np.minimum(at, len(even) - 1)]
            straight = np.interp(grid, stamps, value)
            spread = np.max([np.abs(value[at + k] - straight) for k in (-2, -1, 0, 1)], axis=0)
            error = np.abs(one.physical - straight)[inside]
            assert np.all(error <= spread[inside] + SCALE[sensor]), (label, error.max())
            curve = (one.physical - CubicSpline(stamps, value)(grid))[inside]
            # Where a grid point falls on a sample it is that sample.
            offset = np.abs(stamps[:, None] - grid[np.clip(np.searchsorted(grid, stamps)[:, None] + [-1, 0], 0,
                                                           len(grid) - 1)])
            hit = np.argwhere(offset < 0.02)
            index = np.clip(np.searchsorted(grid, stamps), 0, len(grid) - 1)
            worst = 0
            for row, side in hit:
                g = np.clip(index[row] + (-1, 0)[side], 0, len(grid) - 1)
                step = np.max(np.abs(np.diff(value[max(row - 2, 0):row + 3])))
                worst = max(worst, (abs(one.physical[g] - value[row]) - 0.02 * step) / SCALE[sensor])
            print(f"    {label}: {one.rate:g} Hz, {one.unit}, at {len(hit)} common instants ≤ {worst:.2f} counts off; "
                  f"{np.sqrt(np.mean(curve ** 2)):.4g} {one.unit} rms, "
                  f"{np.max(np.abs(curve)):.4g} at most from SciPy's spline through the CSV")
            assert worst <= 1.5, (label, worst)
    return file
