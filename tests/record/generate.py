"""A capture made here, so that the tests need no recorded one: sines, skips as of a real band, one gap."""

import math

TICK_HZ = 32768
RATES = {"eeg": (250.2, 25), "ppg": (49.88, 28), "acc": (25.22, 30)}


def payload(sensor, t0, rate, n):
    out = bytearray()
    for i in range(n):
        t = t0 + i / rate
        if sensor == "eeg":
            out.append(0)
            for amplitude, hz in ((2500, 10.0), (1200, 6.0)):
                out += int(200000 + amplitude * math.sin(2 * math.pi * hz * t)).to_bytes(3, "big", signed=True)
        elif sensor == "ppg":
            for level in (1.4e6, 1.7e6):
                out += int(level + 9000 * math.sin(2 * math.pi * 1.2 * t)).to_bytes(3, "big")
        else:
            for axis in (0, 4096, 15872):
                out += int(axis + 256 * math.sin(2 * math.pi * 0.5 * t)).to_bytes(2, "little", signed=True)
    return bytes(out)


def capture(path, seconds, gap=None):
    lines = []
    for sensor, (rate, n) in RATES.items():
        t, packet = 1.0, 0
        while t + n / rate < seconds + 1:
            end = t + n / rate
            if not gap or end <= gap[0] or end > gap[1]:
                tick = round(t * TICK_HZ).to_bytes(4, "little")
                lines.append((end - 1, f"{end - 1:.6f} {sensor} {(tick + payload(sensor, t, rate, n)).hex()}"))
            packet += 1
            t = end + (1 / rate if sensor == "eeg" and packet % 6 == 0 else 0)
    lines.sort()
    path.write_text("# linkband capture v1\n" + "\n".join(line for _, line in lines) + "\n")
    return path
