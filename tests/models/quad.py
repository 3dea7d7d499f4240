"""A capture of the made-up band of model_quad.c, each sample of which is known."""

import struct

TICK_HZ, RATE, COUNT = 10000, 256, 12
UUID = "9c7e000{}-3d5a-4f1b-8b2e-5e6f7a8b9c0d"


def count(channel, index):
    """Raw count of sample `index` since power-on: another slope for each channel, over its whole range."""
    return (index * (37 + 1000 * channel) + 5000 * channel) % 65536 - 32768


def tick(number):
    """Of packet `number`: the counter wraps while the test runs."""
    return ((1 << 24) - 20000 + round(number * COUNT * TICK_HZ / RATE)) % (1 << 24)


def packet(number, channel, off=0):
    counts = [count(channel, number * COUNT + i) for i in range(COUNT)]
    return tick(number).to_bytes(3, "big") + bytes([off]) + struct.pack(f">{COUNT}h", *counts)


def arrival(number):
    return (number + 1) * COUNT / RATE


def capture(packets, lost=()):
    """Of so many packets a channel, but for (number, channel) in `lost`."""
    lines = ["# linkband capture v2", "#! start 2026-01-31T12:00:00.000000Z", "#! model quad",
             "#! device QUAD-0001 C0:11:22:33:44:77 -", "#! link up 0.000000 0 1769860800000000", "#! stream 0.000000 eeg,bat",
             "0.001000 bat 57"]
    for number in range(packets):
        for channel in range(4):
            if (number, channel) not in lost:
                name = f"eeg:{channel}" if channel else "eeg"
                lines.append(f"{arrival(number) + channel / 1e4:.6f} {name} {packet(number, channel, off=channel == 2).hex()}")
    return "\n".join(lines) + "\n"
