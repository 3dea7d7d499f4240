"""The EEG's figures against SciPy on the same samples; the errors are printed. PROBE: build/dsp_probe."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
from scipy import signal

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("PROBE", ROOT / "build" / "dsp_probe")
DATA = ROOT.parent / "shared/data/eeg/rest_fp1_fp2.csv"
EDGES = [(1, 4), (4, 8), (8, 13), (13, 30), (30, 45)]


def probe(x, fs=250, rate=None, mains=50, gaps=()):
    lines = []
    for i, v in enumerate(x):
        if i in gaps:
            lines.append("gap 1\n")
        else:
            lines.append(f"{v:.9f} {v:.9f} 0\n")
    run = subprocess.run([PROBE, str(mains), str(fs), str(rate or fs)], input="".join(lines),
                         capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in run.stdout.splitlines()]


def brain(seconds, fs, seed=1):
    rng = np.random.default_rng(seed)
    n = int(seconds * fs)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    f = np.fft.rfftfreq(n, 1 / fs)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(f, 1)) * (f < 60), n)
    return 8 * pink / pink.std() + 8 * np.sin(2 * np.pi * 10.3 * np.arange(n) / fs)


def report(text):
    print(text)
    with open(pathlib.Path(PROBE).parent / "dsp-report.txt", "a") as file:
        file.write(text + "\n")


def taps(fs):
    half = fs // 2
    low = signal.firwin(fs + 1, 46.9, window=("kaiser", 5.653), fs=fs)
    return low - signal.windows.hann(fs + 1) / half


def notched(x, fs, mains=50):
    b, a = signal.iirnotch(mains, 30, fs)
    return signal.lfilter(b, a, x - x[0])


def welch_bands(x, fs):
    f, p = signal.welch(x, fs, nperseg=2 * fs, noverlap=fs)
    return np.array([p[(f >= lo) & (f < hi)].sum() * f[1] for lo, hi in EDGES])


@pytest.mark.parametrize("fs", [250, 500])
@pytest.mark.parametrize("dc", [0, 1e3, 80e3, 180e3])
def test_filters_and_band_powers_are_scipys_at_any_dc(fs, dc):
    x = brain(20, fs) + dc
    out = probe(x, fs)
    ours = np.concatenate([m["x"] for m in out])
    t = np.concatenate([m["t"] for m in out])
    y = notched(x, fs)
    reference = np.convolve(y, taps(fs))[fs // 2:][: len(ours)]
    rms = np.sqrt(np.mean((ours - reference) ** 2))
    assert np.allclose(t, np.arange(len(t)) * 1000 / fs, atol=1e-3)
    worst = 0
    for k, m in enumerate(out):
        if m["bands"][0] >= 0:
            end = (k + 1) * fs // 2
            worst = max(worst, np.max(np.abs(np.array(m["bands"]) / welch_bands(y[end - 4 * fs:end], fs) - 1)))
    report(f"{fs} Hz, {dc / 1e3:g} mV: filter error {rms:.5f} µV rms, band powers {100 * worst:.4f} %")
    assert rms <= 0.05 and 0 < worst <= 0.01


@pytest.mark.parametrize("mains", [0, 100])
def test_the_bands_skips_cost_little(mains):
    fs = 250
    x = brain(60, fs) + 5000 + mains * np.sin(2 * np.pi * 50 * np.arange(60 * fs) / fs)
    gaps = set(range(100, len(x), 150))
    full, skipped = probe(x), probe(x, gaps=gaps)
    count = min(len(full), len(skipped))
    a = np.array([m["bands"] for m in full[:count]])
    b = np.array([m["bands"] for m in skipped[:count]])
    ok = (a[:, 0] >= 0) & (b[:, 0] >= 0)
    ok[:16] = False
    error = np.abs(b[ok].mean(0) / a[ok].mean(0) - 1)
    worst = np.abs(b[ok] / a[ok] - 1).max()
    report(f"skips, {mains} µV of mains: mean {100 * error.max():.3f} %, one window {100 * worst:.3f} %")
    assert ok.sum() > 60 and error.max() <= 0.03


@pytest.mark.parametrize("hz,band", [(2, 0), (6, 1), (10, 2), (20, 3), (38, 4)])
def test_a_sine_lands_in_its_band_with_its_power(hz, band):
    x = 10 * np.sin(2 * np.pi * hz * np.arange(10 * 250) / 250) + 3000
    power = probe(x)[-1]["bands"]
    report(f"{hz} Hz: {power[band]:.3f} µV² of 50")
    assert abs(power[band] / 50 - 1) < 0.02


@pytest.mark.parametrize("mains", [50, 60])
@pytest.mark.parametrize("off", [0, 0.2, -0.2])
def test_mains_are_gone_after_five_seconds(mains, off):
    x = 100 * np.sin(2 * np.pi * (mains + off) * np.arange(2500) / 250.2) + 3000
    out = probe(x, rate=250.2, mains=mains)
    left = max(np.abs(v) for m in out for v, t in zip(m["x"], m["t"]) if t > 5000)
    report(f"mains {mains + off:g} Hz: {left:.4f} µV left, sqi {out[-1]['sqi'][0]:.2f} {out[-1]['quality']}")
    assert left < 1 and out[-1]["quality"] == "poor"


@pytest.mark.parametrize("what", ["blink", "saturation", "zero"])
def test_an_artefact_spoils_its_own_windows_only(what):
    fs = 250
    clean = brain(24, fs) + 5000
    x = clean.copy()
    at = 12 * fs + 30
    if what == "blink":
        x[at:at + 60] += 250 * np.hanning(60)
    else:
        x[at:at + (1 if what == "zero" else 40)] = 336083.4 if what == "saturation" else 0
    a, b = probe(clean), probe(x)
    void = [k for k, m in enumerate(b) if m["bands"][0] < 0 and k >= 8]
    later = max(np.max(np.abs(np.array(a[k]["bands"]) / b[k]["bands"] - 1)) for k in range(34, 48))
    report(f"{what}: void windows {void}, later windows differ by {100 * later:.4f} %")
    assert void == ([] if what == "zero" else list(range(24, 32 + (what == "blink")))) or set(void) <= set(range(24, 33))
    assert (len(void) == 0) == (what == "zero") and later < 0.01
    assert max(abs(v) for m in b for v in m["x"] if v < 1e8) < 400


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_real_eeg_has_scipys_relative_powers():
    x = np.loadtxt(DATA, delimiter=",", skiprows=1)[: 60 * 250, 0]
    out, y, worst, n = probe(x), notched(x, 250), 0, 0
    for k, m in enumerate(out):
        if m["bands"][0] >= 0:
            ours, ref = np.array(m["bands"]), welch_bands(x[(k + 1) * 125 - 1000:(k + 1) * 125], 250)
            worst, n = max(worst, np.abs(ours / ours.sum() - ref / ref.sum()).max()), n + 1
    report(f"real EEG: {n} of {len(out)} windows, relative powers within {100 * worst:.3f} points")
    assert n > 50 and worst < 0.02
