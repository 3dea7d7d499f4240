"""PPG with beats of known times, and the least error that any method can reach on it.

A pulse is placed at a fixed delay from its beat (systole's upstroke keeps it), in units of
`width` = min(1, mean RR / 0.8 s): a systolic wave (Gaussian, sd 75 ms before its top at 170 ms and
130 ms after) and a dicrotic wave at 450 ms (sd 90 ms, height 0.35 with sd 0.03 from beat to beat).
Breathing at 0.25 Hz moves the baseline by ±0.6 of a pulse and the height of whole beats by ±8 %; besides, the
baseline drifts by 0.02 of a pulse a second. Noise is white.

The intervals have the variability of healthy adults at rest, SDNN 50 ms and RMSSD 42 ms at a mean
RR of 926 ms (Nunan 2010, 44 studies), in proportion to the mean RR: breath 2.5 %, a wave of 0.1 Hz
4.7 %, white 1.1 % (rms). RMSSD is then about 97, 48, 29, 17 and 11 ms at 40, 60, 80, 110, 140 bpm.
"""
import numpy as np

FS = 49.88
BREATH_HZ, SLOW_HZ = 0.25, 0.1
BREATH, SLOW, WHITE = 0.025, 0.0466, 0.0108
UPSTROKE = 0.095  # the steepest point, in units of width


def wave(x, dicrotic=0.35):
    rise = np.where(x < 0.17, 0.075, 0.13)
    return np.exp(-0.5 * ((x - 0.17) / rise) ** 2) + dicrotic * np.exp(-0.5 * ((x - 0.45) / 0.09) ** 2)


def make_beats(rng, bpm, length_s, size=1.0):
    mean = 60.0 / bpm
    phase = rng.uniform(0, 2 * np.pi, 2)
    beats = [-2.0 - rng.uniform(0, mean)]
    while beats[-1] < length_s + 2.0:
        t = beats[-1]
        off = (BREATH * np.sqrt(2) * np.sin(2 * np.pi * BREATH_HZ * t + phase[0])
               + SLOW * np.sqrt(2) * np.sin(2 * np.pi * SLOW_HZ * t + phase[1])
               + WHITE * rng.standard_normal())
        beats.append(t + mean * (1 + size * off))
    return np.array(beats), phase[0]


def render(rng, beats, bpm, snr_db, sign, phase, length_s, heights=None):
    """Counts of one channel. SNR: variance of the pulse to that of the noise, both as sampled."""
    width = min(1.0, 60.0 / bpm / 0.8)
    t = np.arange(int(length_s * FS)) / FS
    breath = np.sin(2 * np.pi * BREATH_HZ * t + phase)
    pulse = np.zeros(len(t))
    for beat, own in zip(beats, np.ones(len(beats)) if heights is None else heights):
        near = slice(*np.searchsorted(t, (beat - width, beat + 2 * width)))
        height = own * (1 + 0.08 * np.sin(2 * np.pi * BREATH_HZ * beat + phase))
        shape = wave((t[near] - beat) / width, 0.35 + 0.03 * rng.standard_normal())
        pulse[near] += height * shape
    noise = rng.standard_normal(len(t)) * np.sqrt(np.var(pulse) / 10 ** (snr_db / 10))
    return np.round(1.5e6 + 3000 * (sign * (pulse + noise) + 0.6 * breath + 0.02 * t))


def simulate(rng, bpm, snr_db, sign, length_s=125.0, size=1.0):
    beats, phase = make_beats(rng, bpm, length_s, size)
    return render(rng, beats, bpm, snr_db, sign, phase, length_s), beats


def disturb(rng, beats, every, missed=False):
    """Every so many beats one comes 25 to 40 % early and low, with a pause after it; or none comes.

    Returns the times, the heights, and which intervals (by the beat they end at) are normal.
    """
    beats, heights = beats.copy(), np.ones(len(beats))
    normal = np.ones(len(beats), bool)
    for i in range(every, len(beats) - 2, every):
        if missed:
            heights[i] = 0.0
        else:
            beats[i] -= rng.uniform(0.25, 0.4) * (beats[i] - beats[i - 1])
            heights[i] = rng.uniform(0.4, 0.8)
        normal[i:i + 2] = False
    return beats, heights, normal
