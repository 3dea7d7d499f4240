#!/usr/bin/env python3
"""Eyes closed: how much more alpha there is than with eyes open, of each channel. The first to try with a new band.

usage: eyes_closed.py [SECONDS] [URL]         SECONDS of each, 20; a band must be connected: linkbandctl connect
"""

import asyncio
import statistics
import sys
import time

import linkband

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 20
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL
# The daemon's spectrum is of four seconds: until they are over it speaks of what was before.
SETTLE = 4
CHANNELS = ("ch1", "ch2")


async def phase(blocks, words):
    """The alpha powers of a phase, those that are known."""
    print(words, flush=True)
    begun = time.monotonic()
    powers = {channel: [] for channel in CHANNELS}
    async for block in blocks:
        passed = time.monotonic() - begun
        for channel in CHANNELS:
            alpha = block.values[f"{channel}_band_powers"]["alpha"]
            if passed > SETTLE and alpha is not None:
                powers[channel].append(alpha)
        if passed > SETTLE + SECONDS:
            return powers
    sys.exit("The stream has ended.")


async def main():
    async with linkband.connect(URL) as band:
        blocks = band.stream("eeg", kind="processed")
        await band.start_streaming(sensors=["eeg"])
        opened = await phase(blocks, "Look at one point, eyes open.")
        closed = await phase(blocks, "Close your eyes.\a")
        await band.stop_streaming()
        for channel in CHANNELS:
            if opened[channel] and closed[channel]:
                ratio = statistics.median(closed[channel]) / statistics.median(opened[channel])
                print(f"{channel}: alpha closed / open = {ratio:.2f}")
            else:
                print(f"{channel}: not known: see that the electrodes sit well")


asyncio.run(main())
