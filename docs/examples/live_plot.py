#!/usr/bin/env python3
"""A live plot of the EEG of a band that streams (needs the websockets and matplotlib packages).

usage: live_plot.py [URL] [--save FILE]     with --save: one picture of the first 5 s, and end
"""

import asyncio
import collections
import json
import sys

import matplotlib

saving = "--save" in sys.argv
if saving:
    matplotlib.use("Agg")
import matplotlib.pyplot as plt
import websockets

urls = [a for a in sys.argv[1:] if a.startswith("ws://")]
URL = urls[0] if urls else "ws://localhost:8121/ws"
WINDOW_MS = 5000

times, ch1, ch2 = (collections.deque() for _ in range(3))


def take(samples):
    for s in samples:
        times.append(s["timestamp"])
        ch1.append(s["ch1"])
        ch2.append(s["ch2"])
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
    async with websockets.connect(URL) as ws:
        async for text in ws:
            message = json.loads(text)
            if message["type"] != "raw_data" or message["sensor_type"] != "eeg":
                continue
            take(message["data"])
            if saving and times[-1] - times[0] < WINDOW_MS * 0.95:
                continue
            draw(axes)
            if saving:
                figure.savefig(sys.argv[sys.argv.index("--save") + 1])
                return
            plt.pause(0.001)


asyncio.run(main())
