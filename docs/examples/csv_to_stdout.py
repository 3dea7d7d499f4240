#!/usr/bin/env python3
"""The EEG of a band that streams, as CSV on stdout, until interrupted or the stream ends.

usage: csv_to_stdout.py [URL] > eeg.csv        (needs the linkband package: clients/python)
"""

import asyncio
import sys

import linkband

URL = sys.argv[1] if len(sys.argv) > 1 else linkband.DEFAULT_URL


async def main():
    print("timestamp_ms,ch1_uV,ch2_uV,leadoff_ch1,leadoff_ch2")
    async with linkband.connect(URL) as band:
        async for block in band.stream("eeg"):
            if block.lost or block.missed:
                print(f"{block.lost} samples lost, {block.missed} messages missed", file=sys.stderr)
            for s in block.values:
                print(s["timestamp"], s["ch1"], s["ch2"], int(s["leadoff_ch1"]), int(s["leadoff_ch2"]), sep=",")


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
