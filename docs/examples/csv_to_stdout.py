#!/usr/bin/env python3
"""The EEG of a band that streams, as CSV on stdout, until interrupted or the stream ends.

usage: csv_to_stdout.py [URL] > eeg.csv        (needs the websockets package)
"""

import asyncio
import json
import sys

import websockets

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:8121/ws"


async def main():
    print("timestamp_ms,ch1_uV,ch2_uV,leadoff_ch1,leadoff_ch2")
    async with websockets.connect(URL) as ws:
        async for text in ws:
            message = json.loads(text)
            if message.get("event_type") == "stream_stopped":
                break
            if message["type"] != "raw_data" or message["sensor_type"] != "eeg":
                continue
            if message["lost"]:
                print(f"{message['lost']} samples lost", file=sys.stderr)
            for s in message["data"]:
                print(s["timestamp"], s["ch1"], s["ch2"], int(s["leadoff_ch1"]), int(s["leadoff_ch2"]), sep=",")


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
