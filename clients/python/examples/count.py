#!/usr/bin/env python3
"""Connect the strongest band, stream for some seconds, tell what came.

usage: count.py [SECONDS] [URL]
"""

import asyncio
import collections
import sys

import linkband

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL


async def main():
    async with linkband.connect(URL) as band:
        if not band.device_info["connected"]:
            devices = (await band.scan_devices(duration=3))["devices"]
            if not devices:
                sys.exit("No band was seen: switch it on and bring it near.")
            await band.connect_device(address=devices[0]["address"])
        blocks = band.stream("eeg", "ppg", "acc")
        await band.start_streaming(sensors=["eeg", "ppg", "acc"], duration=SECONDS)
        samples = collections.Counter()
        async for block in blocks:
            samples[block.sensor] += len(block)
        for sensor, n in sorted(samples.items()):
            print(f"{sensor}: {n} samples")
        print(f"{blocks.lost} samples lost, {blocks.missed} messages missed")


asyncio.run(main())
