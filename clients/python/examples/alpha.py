#!/usr/bin/env python3
"""Eyes closed: alpha's share of the EEG's power, as the daemon computes it, twice a second.

usage: alpha.py [SECONDS] [URL]         (a band must be connected: linkbandctl connect)
"""

import asyncio
import sys

import linkband

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 30
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL


async def main():
    async with linkband.connect(URL) as band:
        blocks = band.stream("eeg", kind="processed")
        await band.start_streaming(sensors=["eeg"], duration=SECONDS)
        async for block in blocks:
            alpha = block.values["ch1_relative_powers"]["alpha"]
            print("unknown" if alpha is None else f"{alpha:6.1%} " + "#" * round(50 * alpha), flush=True)


asyncio.run(main())
