"""PPG with beats of known times, and the least error that any method can reach on it.

A pulse is placed at a fixed delay from its beat (systole's upstroke keeps it), in units of
`width` = min(1, mean RR / 0.8 s): a systolic wave (Gaussian, sd 75 ms before its top at 170 ms and
130 ms after) and a dicrotic wave at 450 ms (sd 90 ms, height 0.35 with sd 0.03 from beat to beat).
Breathing at 0.25 Hz moves the baseline by ±0.6 of a pulse and the height of whole beats by ±8 %; besides, the
baseline drifts by 0.02 of a pulse a second. Noise is white. SNR is the variance of the pulse,
without baseline, to that of the noise as sampled, up to 25 Hz; counted within 0.5 to 8 Hz, where
the pulse is, the same signal has IN_BAND_DB more.

The intervals have the variability of healthy adults at rest, SDNN 50 ms and RMSSD 42 ms at a mean
RR of 926 ms (Nunan 2010, 44 studies), in proportion to the mean RR: breath 2.5 %, a wave of 0.1 Hz
4.7 %, white 1.1 % (rms). RMSSD is then about 97, 48, 29, 17 and 11 ms at 40, 60, 80, 110, 140 bpm.
"""
import numpy as np

FS = 49.88
BREATH_HZ, SLOW_HZ = 0.25, 0.1
BREATH, SLOW, WHITE = 0.025, 0.0466, 0.0108
IN_BAND_DB = 10 * np.log10(FS / 2 / 7.5)
UPSTROKE = 0.095  # the steepest point, in units of width


def wave(x, dicrotic=0.35):
    """Height of a pulse x widths after its beat."""
    rise = np.where(x < 0.17, 0.075, 0.13)
    return np.exp(-0.5 * ((x - 0.17) / rise) ** 2) + dicrotic * np.exp(-0.5 * ((x - 0.45) / 0.09) ** 2)


def make_beats(rng, bpm, length_s, size=1.0):
    """Times in s from before 0 to after length_s, and the phase of the breath."""
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
    """Counts of one channel; sign: do they rise with blood. `heights` multiply the pulses."""
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
    """Counts, and the times of the beats. `size` multiplies the variability."""
    beats, phase = make_beats(rng, bpm, length_s, size)
    return render(rng, beats, bpm, snr_db, sign, phase, length_s), beats


def jitter_bound(bpm, snr_db):
    """Cramér-Rao bound of a beat's time, s: shape known, height, level and slope of the line not.

    No other beat tells anything of this one's time, so no method can do better on this noise.
    """
    period = 60.0 / bpm
    width = min(1.0, period / 0.8)
    fine = np.arange(0, period, 1e-3)
    train = sum(wave((fine + k * period) / width) for k in range(-2, 4))
    noise = np.var(train) / 10 ** (snr_db / 10)
    bounds = []
    for phase in np.arange(8) / 8:
        n = np.arange(-np.floor(0.3 * period * FS), np.floor(0.7 * period * FS)) + phase
        x = n / FS / width + UPSTROKE
        late = (wave(x - 1e-4) - wave(x + 1e-4)) / (2e-4 * width)
        others = np.stack([wave(x), np.ones(len(x)), n], axis=1)
        own = late - others @ np.linalg.lstsq(others, late, rcond=None)[0]
        bounds.append(noise / (own @ own))
    return np.sqrt(np.mean(bounds))


def least_error(bpm, snr_db, runs=300):
    """90th percentile of the error of RMSSD and SDNN over 60 s, %, that this jitter leaves.

    Beat times are as exact as the bound allows, none is missed, the jitter's size is known
    exactly and what it adds on average is taken off: what remains is chance.
    """
    rng = np.random.default_rng([bpm, snr_db])
    sigma = jitter_bound(bpm, snr_db) * 1000
    errors = []
    for _ in range(runs):
        beats, _ = make_beats(rng, bpm, 59.0)
        beats = beats[beats >= 0] * 1000
        found = beats + sigma * rng.standard_normal(len(beats))
        steps = np.mean(np.diff(found, 2) ** 2) - 6 * sigma**2
        spread = np.diff(found).var(ddof=1) - 2 * sigma**2
        errors.append((abs(np.sqrt(max(steps, 0) / np.mean(np.diff(beats, 2) ** 2)) - 1),
                       abs(np.sqrt(max(spread, 0) / np.diff(beats).var(ddof=1)) - 1)))
    return np.percentile(errors, 90, axis=0) * 100


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
