#!/usr/bin/env python3
"""HRV biofeedback: breathe with the bar, six times a minute, and see the pulse swing with it.

usage: hrv_biofeedback.py [SECONDS] [URL]         (120; a band must be connected: linkbandctl connect)
"""

import asyncio
import math
import sys
import time

import linkband

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 120
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL
BREATH_S = 10


def shown(value, form):
    return "unknown" if value is None else format(value, form)


async def main():
    begun = time.monotonic()
    async with linkband.connect(URL) as band:
        blocks = band.stream("ppg", kind="processed")
        await band.start_streaming(sensors=["ppg", "acc"], duration=SECONDS)
        async for block in blocks:
            passed = time.monotonic() - begun
            full = (1 - math.cos(2 * math.pi * passed / BREATH_S)) / 2
            breath = "in " if passed % BREATH_S < BREATH_S / 2 else "out"
            # The interval of the last beat swings with the breath where heart and breath go together.
            last = block.values["rr_intervals"][-1] if block.values["rr_intervals"] else None
            print(f"{breath} {'#' * round(20 * full):20}  pulse {shown(block.values['bpm'], '5.1f')} /min  "
                  f"last beat {shown(last, '4.0f')} ms  RMSSD {shown(block.values['rmssd'], '4.0f')} ms", flush=True)


asyncio.run(main())
