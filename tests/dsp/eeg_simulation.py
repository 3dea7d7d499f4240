"""EEG of a head that blinks, bites and sways, each part known exactly: for the report of test_eeg_worn.py.

Sources of the shapes: background with a spectrum of 1/f^x, x from 1 to 2 (Donoghue 2020), alpha in bursts (van Ede 2018);
a blink of 0.2 to 0.4 s, steep rise and slower fall, at the forehead 60 to 300 µV (VanderWerf 2003); muscle of 20 to
110 Hz, flat (Goncharova 2003); an electrode that pops: a step that decays; sway of the cable, under 1 Hz; mains.
"""

import numpy as np


def background(rng, seconds, fs, exponent=1.4, rms=9.0, alpha=9.0, hz=10.3):
    """µV: 1/f to 1/f², and alpha that comes in bursts of a second or two."""
    n = int(seconds * fs)
    f = np.fft.rfftfreq(n, 1 / fs)
    shape = np.maximum(f, 0.8) ** (-exponent / 2) * (f > 0.1)
    pink = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n)
    slow = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * (f < 0.7), n)
    swell = np.clip(slow / slow.std() + 0.8, 0.15, 2.5)
    phase = 2 * np.pi * np.cumsum(hz + 0.3 * slow / slow.std()) / fs
    noise = rng.standard_normal(n) * 0.25  # the amplifier's own
    return rms * pink / pink.std() + alpha * swell * np.sin(phase) + noise


def add_blinks(rng, x, fs, per_minute, lo, hi):
    """Adds them in place and gives the seconds of their peaks."""
    peaks, at = [], 60 / per_minute * rng.uniform(0.3, 1)
    while at < len(x) / fs - 1:
        length = rng.uniform(0.22, 0.38)
        rise = length * rng.uniform(0.35, 0.45)
        t = np.arange(int(length * fs)) / fs
        up = np.sin(np.pi / 2 * np.clip(t / rise, 0, 1)) ** 2
        down = np.cos(np.pi / 2 * np.clip((t - rise) / (length - rise), 0, 1)) ** 2
        start = int(at * fs)
        x[start:start + len(t)] += rng.uniform(lo, hi) * np.minimum(up, down)
        peaks.append(at + rise)
        at += 60 / per_minute * rng.uniform(0.6, 1.4)
    return np.array(peaks)


def muscle(rng, n, fs, rms):
    """µV, 20 to 110 Hz, as it stays up."""
    f = np.fft.rfftfreq(n, 1 / fs)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * ((f > 20) & (f < 110)), n)
    return rms * noise / noise.std()


def pops(rng, n, fs, every, uv=3000):
    out, t = np.zeros(n), np.arange(n) / fs
    for at in np.arange(every, n / fs - 1, every):
        out += np.where(t >= at, rng.choice([-1, 1]) * uv * np.exp(-(t - at) / rng.uniform(0.15, 0.6)), 0)
    return out


def sway(n, fs, uv=75, hz=0.4):
    return uv * np.sin(2 * np.pi * hz * np.arange(n) / fs)


def mains(rng, n, fs, uv, hz=50):
    """That drifts by a tenth of a hertz and a third of its size."""
    t = np.arange(n) / fs
    phase = 2 * np.pi * np.cumsum(hz + 0.1 * np.sin(2 * np.pi * t / 23)) / fs
    return uv * (1 + 0.3 * np.sin(2 * np.pi * t / 31 + rng.uniform(0, 6))) * np.sin(phase)


def lost_packets(seconds, fs, every):
    """The samples of one packet each `every` seconds."""
    return {i for at in np.arange(every, seconds, every) for i in range(int(at * fs), int(at * fs) + 25)}
