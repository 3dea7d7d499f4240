"""The EEG's figures against SciPy on the same samples.

The reference is SciPy's alone: its notch, its windowed-sinc taps, its Welch, on the samples that go
in. Prints the errors and writes build/dsp-report.txt, which docs/dsp.md quotes. PROBE: build/dsp_probe.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import signal

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = pathlib.Path(os.environ.get("PROBE", ROOT / "build" / "dsp_probe"))
sys.path[:0] = [str(ROOT / "tests" / "data"), str(ROOT / "tests" / "process")]
import decoder  # noqa: E402
from recordings import EEG, name  # noqa: E402

EDGES = [(1, 4), (4, 8), (8, 13), (13, 30), (30, 45)]
report = []


def say(line):
    print(line)
    report.append(line)


@pytest.fixture(scope="module", autouse=True)
def written_report():
    yield
    (PROBE.parent / "dsp-report.txt").write_text("\n".join(report) + "\n")


def probe(x, fs=250, rate=None, mains=50, gaps=(), other=None):
    """Features of channel 1 = x, channel 2 = other (else x too); the samples at `gaps` are lost."""
    other = x if other is None else other
    lines = ["gap 1\n" if i in gaps else f"{x[i]:.9f} {other[i]:.9f} 0\n" for i in range(len(x))]
    run = subprocess.run([PROBE, str(mains), str(fs), str(rate or fs)], input="".join(lines),
                         capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in run.stdout.splitlines()]


def is_valid(message, channel=0):
    """It rests on the whole window of four seconds, delta too."""
    whole = message["seconds"][channel] == 4 and message["bands2" if channel else "bands"][0] is not None
    return whole and (channel == 1 or message["db"][0] is not None)


def joined(messages, key):
    return np.array([v for m in messages for v in m[key]], dtype=float)


def brain(seconds, fs, seed=1):
    rng = np.random.default_rng(seed)
    n = int(seconds * fs)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    f = np.fft.rfftfreq(n, 1 / fs)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(f, 1)) * (f < 60), n)
    return 8 * pink / pink.std() + 8 * np.sin(2 * np.pi * 10.3 * np.arange(n) / fs)


def sine(hz, seconds, rate, amplitude):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def taps(fs):
    low = signal.firwin(fs + 1, 46.9, window=("kaiser", 5.653), fs=fs)
    return low - signal.windows.hann(fs + 1) / (fs // 2)


def notched(x, fs, mains=50):
    b, a = signal.iirnotch(mains, 30, fs)
    return signal.lfilter(b, a, x - x[0])


def welch(x, fs):
    return signal.welch(x, fs, window="hann", nperseg=2 * fs, noverlap=fs)


def welch_bands(x, fs):
    f, p = welch(x, fs)
    return np.array([p[(f >= lo) & (f < hi)].sum() * f[1] for lo, hi in EDGES])


def window(k, fs):
    """The four seconds that message k speaks of."""
    end = (k + 1) * fs // 2
    return slice(end - 4 * fs, end)


def worst(ours, reference):
    return np.max(np.abs(np.asarray(ours) / reference - 1))


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("dc", [0, 1e3, 80e3, 180e3])
def test_filters_and_spectra_are_scipys_at_any_dc(fs, dc):
    x = brain(20, fs) + dc
    out = probe(x, fs)
    ours, t = joined(out, "x"), joined(out, "t")
    y = notched(x, fs)
    rms = np.sqrt(np.mean((ours - np.convolve(y, taps(fs))[fs // 2:][: len(ours)]) ** 2))
    assert len(ours) > 18 * fs and np.allclose(t, np.arange(len(t)) * 1000 / fs, atol=1e-3)
    valid = [k for k, m in enumerate(out) if is_valid(m)]
    assert valid == list(range(7, len(out))) and len(out) >= 39
    bands = max(worst(out[k]["bands"], welch_bands(y[window(k, fs)], fs)) for k in valid)
    last = len(out) - 1
    f, p = welch(y[window(last, fs)], fs)
    density = np.abs(np.array(out[last]["db"]) - 10 * np.log10(p[2:91])).max()
    say(f"{fs} Hz, {dc / 1e3:g} mV: filters {rms:.2e} µV rms, band powers {100 * bands:.5f} %, density {density:.5f} dB")
    assert np.allclose(out[last]["frequencies"], f[2:91])
    assert rms <= 0.05 and bands <= 0.01 and density <= 0.04


@pytest.mark.parametrize("fs", [250, 500])
def test_an_offset_that_drifts_by_180_mv_costs_no_precision(fs):
    x = brain(60, fs) + np.linspace(0, 180e3, 60 * fs)
    ours = joined(probe(x, fs), "x")
    reference = np.convolve(notched(x, fs), taps(fs))[fs // 2:][: len(ours)]
    rms = np.sqrt(np.mean((ours - reference)[2 * fs:] ** 2))
    say(f"{fs} Hz, drift of 180 mV in a minute: filters {rms:.5f} µV rms")
    assert rms <= 0.05


@pytest.mark.parametrize("fs", [250, 500])
def test_the_filters_have_the_response_they_are_said_to_have(fs):
    gains = {}
    for hz in (0.3, 1, 2, 10, 30, 45, 55):
        x = sine(hz, 40, fs, 20)
        part = joined(probe(x, fs), "x")[10 * fs:30 * fs]
        gains[hz] = part.std() / x[10 * fs:30 * fs].std()
    say(f"{fs} Hz, gain: " + ", ".join(f"{hz:g} Hz {gain:.4f}" for hz, gain in gains.items()))
    assert gains[0.3] < 0.15 and abs(gains[1] - 0.5) < 0.01
    assert all(abs(gains[hz] - 1) < 0.02 for hz in (2, 10, 30)) and gains[55] < 0.001
    assert gains[45] > 0.95


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("mains", [0, 100])
def test_the_bands_skips_cost_little(fs, mains):
    x = brain(60, fs) + 5000 + sine(50, 60, fs, mains)
    gaps = set(range(100, len(x), fs * 3 // 5))  # 1.67 a second
    out, y = probe(x, fs, gaps=gaps), notched(x, fs)
    valid = [k for k, m in enumerate(out) if is_valid(m) and k >= 16]
    assert len(valid) > 90 and sum(m["interpolated"] for m in out) >= len(gaps) - 2
    ours = np.array([out[k]["bands"] for k in valid])
    full = np.array([welch_bands(y[window(k, fs)], fs) for k in valid])
    mean, one = worst(ours.mean(0), full.mean(0)), worst(ours, full)
    say(f"{fs} Hz, skips, {mains} µV of mains: mean {100 * mean:.3f} %, worst window {100 * one:.3f} %")
    assert one <= 0.03


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("hz,band", [(2, 0), (6, 1), (10, 2), (20, 3), (38, 4)])
def test_a_sine_lands_in_its_band_with_its_power(fs, hz, band):
    last = probe(sine(hz, 10, fs, 10) + 3000, fs)[-1]
    power = last["bands"]
    say(f"{fs} Hz, 10 µV at {hz} Hz: {power[band]:.3f} µV² of 50, {sum(power) - power[band]:.4f} elsewhere")
    assert abs(power[band] / 50 - 1) <= 0.02 and sum(power) - power[band] < 0.5
    assert last["relative"][band] > 0.99 and abs(last["total"] / 50 - 1) <= 0.02


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("mains", [50, 60])
@pytest.mark.parametrize("off", [0, 0.2, -0.2])
def test_mains_are_gone_after_five_seconds(fs, mains, off):
    rate = fs * 1.0008  # as a real band's
    clean = brain(12, fs) + 3000
    hum = sine(mains + off, 12, rate, 100)[: len(clean)]
    without, out = probe(clean, fs, rate, mains), probe(clean + hum, fs, rate, mains)
    late = joined(out, "t") > 5000
    left = np.abs(joined(out, "x") - joined(without, "x"))[late].max()
    bands = worst(out[-1]["bands"], without[-1]["bands"])
    say(f"{fs} Hz, 100 µV of mains at {mains + off:g} Hz: {left:.5f} µV left, band powers {100 * bands:.4f} %, "
        f"sqi {out[-1]['sqi'][0]:.2f} {out[-1]['quality']}")
    # The band-pass alone leaves 0.003 µV of 50 Hz (next test): less is the notch's doing.
    assert left < (1e-4 if off == 0 else 1) and bands <= 0.01
    # What was taken off is told all the same: 71 µV rms, by the formula of docs/dsp.md.
    assert out[-1]["quality"] == "poor" and abs(out[-1]["sqi"][0] - 1 / 3) < 0.02
    assert without[-1]["quality"] == "good" and out[-1]["indices"] == [None] * 6


def test_a_notch_at_the_wrong_frequency_is_not_taken_for_a_right_one():
    x = brain(12, 250) + 3000
    hum = sine(50, 12, 250, 100)
    difference = joined(probe(x + hum, mains=60), "x") - joined(probe(x, mains=60), "x")
    left = np.abs(difference)[5 * 250:].max()
    say(f"50 Hz through --mains 60: {left:.3f} µV left")
    assert left > 1e-3


def spoilt(kind, clean, fs, at):
    x = clean.copy()
    if kind == "blink":
        x[at:at + fs // 4] += 250 * np.hanning(fs // 4)
    elif kind == "zero":
        x[at] = 0
    else:
        x[at:at + fs // 6] = 336083.4 if kind == "saturation" else -336083.4
    return x


def second_bands(x, fs, ends):
    """Bands of the seconds that end there: SciPy's periodograms, averaged."""
    parts = [x[round(end / 1000 * fs) - fs + 1:][:fs] for end in ends]
    f, p = signal.periodogram(np.array(parts), fs, "hann", detrend="constant")
    return np.array([p[:, (f >= lo) & (f < hi)].sum(1).mean() for lo, hi in EDGES])


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("kind", ["blink", "saturation", "negative saturation", "zero"])
def test_an_artefact_spoils_its_own_windows_only(fs, kind):
    clean = brain(24, fs) + 5000
    x = spoilt(kind, clean, fs, 12 * fs + fs // 8)  # all of it in the half second 24
    a, b = probe(clean, fs), probe(x, fs, other=clean)
    void = [k for k, m in enumerate(b) if not is_valid(m) and k >= 7]
    later = max(worst(b[k]["bands"], a[k]["bands"]) for k in range(34, len(b)))
    say(f"{fs} Hz, {kind}: void windows {void}, later ones differ by {100 * later:.5f} %")
    assert void[:8] == ([] if kind == "zero" else list(range(24, 32)))
    assert len(void) <= 8 + (kind == "blink")  # its margin of 0.15 s
    assert later < 0.01 and all(is_valid(m, 1) for m in b[7:])
    assert np.nanmax(np.abs(joined(b, "x"))) < 400
    assert (b[24]["quality"] == "good") == (kind == "zero") and b[26]["quality"] == "good"
    assert b[26]["blinks" if kind == "blink" else "ends"] == [] or kind != "blink"


@pytest.mark.parametrize("fs", [250, 500])
def test_a_blink_spoils_only_what_is_slow(fs):
    clean = brain(24, fs) + 5000
    x = spoilt("blink", clean, fs, 12 * fs + fs // 8)
    told, y = probe(x, fs), notched(clean, fs)
    told_at = [blink for m in told for blink in m["blinks"]]
    assert len(told_at) == 1 and abs(told_at[0] - 12250) < 60
    low, high = [], []
    for k in range(24, 32):
        m = told[k]
        assert m["db"][13] is None and m["db"][14] is not None  # 7.5 and 8 Hz
        assert 2 <= m["seconds"][0] <= 9 and m["artefacts"] == (1 if k in (24, 25) else 0)
        low.append(np.array(m["bands"][:2]) / second_bands(y, fs, m["ends"])[:2])
        high.append(np.array(m["bands"][2:]) / welch_bands(y[window(k, fs)], fs)[2:])
    say(f"{fs} Hz, a blink of 250 µV: delta and theta of the free seconds within {100 * worst(low, 1):.2f} %, "
        f"alpha to gamma of the whole window within {100 * worst(high, 1):.2f} %")
    assert worst(low, 1) < 0.05 and worst(high, 1) < 0.12


def test_indices_are_ratios_of_linear_power():
    x = brain(12, 250) + 5000
    last = probe(x, other=1.5 * brain(12, 250, seed=2))[-1]
    _, theta, alpha, beta, gamma = welch_bands(notched(x, 250)[window(23, 250)], 250)
    other = welch_bands(notched(1.5 * brain(12, 250, seed=2), 250)[window(23, 250)], 250)[2]
    expected = [beta / (alpha + theta), alpha / (alpha + beta), (beta + gamma) / (alpha + theta), theta / alpha,
                (alpha + theta) / gamma, (alpha - other) / (alpha + other)]
    error = worst(last["indices"], expected)
    say(f"indices: {100 * error:.5f} %")
    assert error < 1e-3 and last["quality"] == "good"


@pytest.mark.parametrize("path", EEG, ids=name)
@pytest.mark.parametrize("channel", [0, 1])
def test_real_eeg_has_scipys_powers(channel, path):
    samples = [sample for packet in decoder.read(path) for sample in packet.samples]
    x = np.array([decoder.microvolts(sample[f"ch{channel + 1}"]) for sample in samples])
    out, y = probe(x), notched(x, 250)
    valid = [k for k, m in enumerate(out) if is_valid(m)]
    full = np.array([welch_bands(y[window(k, 250)], 250) for k in valid])
    ours = np.array([out[k]["bands"] for k in valid])
    points = np.abs([out[k]["relative"] for k in valid] - full / full.sum(1, keepdims=True)).max()
    say(f"real EEG, channel {channel + 1}: {len(valid)} of {len(out) - 7} windows, relative powers within "
        f"{100 * points:.4f} points, absolute {100 * worst(ours, full):.4f} %")
    assert len(valid) > 0.7 * len(out) and points <= 0.02 and worst(ours, full) <= 0.01
