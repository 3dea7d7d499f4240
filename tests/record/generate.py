"""A capture made here, so that the tests need no recorded one: sines, skips as of a real band, one gap, and where it
is asked for noise as wide as a muscle's."""

import math
import random

TICK_HZ = 32768
RATES = {"eeg": (250.2, 25), "ppg": (49.88, 28), "acc": (25.22, 30)}


NOISE = 1500  # rms, 60 µV


def payload(sensor, t0, rate, n, noise=None):
    out = bytearray()
    jaw = random.Random(round(t0 * 1000))
    for i in range(n):
        t = t0 + i / rate
        if sensor == "eeg":
            out.append(0)
            for amplitude, hz in ((2500, 10.0), (1200, 6.0)):
                tense = jaw.gauss(0, NOISE) if noise and noise[0] <= t - 1 < noise[1] else 0
                out += int(200000 + amplitude * math.sin(2 * math.pi * hz * t) + tense).to_bytes(3, "big", signed=True)
        elif sensor == "ppg":
            for level in (1.4e6, 1.7e6):
                out += int(level + 9000 * math.sin(2 * math.pi * 1.2 * t)).to_bytes(3, "big")
        else:
            for axis in (0, 4096, 15872):
                out += int(axis + 256 * math.sin(2 * math.pi * 0.5 * t)).to_bytes(2, "little", signed=True)
    return bytes(out)


def capture(path, seconds, gap=None, noise=None):
    lines = []
    for sensor, (rate, n) in RATES.items():
        t, packet = 1.0, 0
        while t + n / rate < seconds + 1:
            end = t + n / rate
            if not gap or end <= gap[0] or end > gap[1]:
                tick = round(t * TICK_HZ).to_bytes(4, "little")
                lines.append((end - 1, f"{end - 1:.6f} {sensor} {(tick + payload(sensor, t, rate, n, noise)).hex()}"))
            packet += 1
            t = end + (1 / rate if sensor == "eeg" and packet % 6 == 0 else 0)
    lines.sort()
    path.write_text("# linkband capture v1\n" + "\n".join(line for _, line in lines) + "\n")
    return path
