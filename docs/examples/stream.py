#!/usr/bin/env python3
"""Connect the strongest band in reach, stream for some seconds, tell what came.

usage: stream.py [SECONDS] [URL]        (needs the linkband package: clients/python)
"""

import asyncio
import collections
import sys

import linkband

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL
SENSORS = ("eeg", "ppg", "acc")


async def main():
    async with linkband.connect(URL) as band:
        # A connected band advertises no more, so no scan sees it.
        if not (await band.check_device_connection())["connected"]:
            devices = (await band.scan_devices(duration=3))["devices"]
            if not devices:
                sys.exit("No band was seen: switch it on and bring it near.")
            print("connecting", devices[0]["name"])
            await band.connect_device(address=devices[0]["address"])
        blocks = band.stream(*SENSORS)
        await band.start_streaming(sensors=SENSORS, duration=SECONDS)
        samples, lost = collections.Counter(), collections.Counter()
        async for block in blocks:
            samples[block.sensor] += len(block)
            lost[block.sensor] += block.lost
    for sensor, n in sorted(samples.items()):
        print(f"{sensor}: {n} samples, {lost[sensor]} lost")


asyncio.run(main())
