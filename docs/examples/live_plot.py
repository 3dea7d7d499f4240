#!/usr/bin/env python3
"""A live plot of the EEG of a band that streams (needs matplotlib and the linkband package: clients/python).

usage: live_plot.py [URL] [--save FILE]     with --save: one picture of the first 5 s, and end
"""

import asyncio
import collections
import sys

import matplotlib

saving = "--save" in sys.argv
if saving:
    matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import linkband  # noqa: E402

urls = [a for a in sys.argv[1:] if a.startswith(("ws://", "wss://"))]
URL = urls[0] if urls else linkband.DEFAULT_URL
WINDOW_MS = 5000

times, ch1, ch2 = (collections.deque() for _ in range(3))


def take(block):
    times.extend(block["timestamp"])
    ch1.extend(block["ch1"])
    ch2.extend(block["ch2"])
    while times and times[-1] - times[0] > WINDOW_MS:
        for column in (times, ch1, ch2):
            column.popleft()


def draw(axes):
    seconds = [(t - times[-1]) / 1000 for t in times]
    for axis, channel, name in zip(axes, (ch1, ch2), ("channel 1", "channel 2")):
        axis.clear()
        axis.plot(seconds, channel, linewidth=0.8)
        axis.set_ylabel(f"{name} (µV)")
    axes[-1].set_xlabel("time (s)")


async def main():
    figure, axes = plt.subplots(2, sharex=True, layout="constrained")
    async with linkband.connect(URL) as band:
        async for block in band.stream("eeg"):
            take(block)
            if saving and times[-1] - times[0] < WINDOW_MS * 0.95:
                continue
            draw(axes)
            if saving:
                figure.savefig(sys.argv[sys.argv.index("--save") + 1])
                return
            plt.pause(0.001)


asyncio.run(main())
