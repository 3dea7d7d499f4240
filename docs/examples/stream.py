#!/usr/bin/env python3
"""Scan, connect the first band seen, stream for some seconds, tell what came.

usage: stream.py [SECONDS] [URL]        (needs the websockets package)
"""

import asyncio
import collections
import json
import sys

import websockets

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
URL = sys.argv[2] if len(sys.argv) > 2 else "ws://localhost:8121/ws"


async def command(ws, name, **parameters):
    """Sends a command and returns its reply; data that comes meanwhile is counted."""
    await ws.send(json.dumps({"type": "command", "command": name, "parameters": parameters}))
    while True:
        message = json.loads(await ws.recv())
        count(message)
        if message["type"] == "command_response" and message["command"] == name:
            if not message["success"]:
                sys.exit(message["message"])
            return message["data"]


samples = collections.Counter()
lost = collections.Counter()


def count(message):
    if message["type"] == "raw_data":
        samples[message["sensor_type"]] += len(message["data"])
        lost[message["sensor_type"]] += message["lost"]


async def main():
    async with websockets.connect(URL) as ws:
        # A connected band advertises no more, so no scan sees it.
        if not (await command(ws, "check_device_connection"))["connected"]:
            devices = (await command(ws, "scan_devices", duration=3))["devices"]
            if not devices:
                sys.exit("No band was seen: switch it on and bring it near.")
            print("connecting", devices[0]["name"])
            await command(ws, "connect_device", address=devices[0]["address"])
        await command(ws, "start_streaming", duration=SECONDS)
        while True:
            message = json.loads(await ws.recv())
            count(message)
            if message.get("event_type") == "stream_stopped":
                break
    for sensor, n in sorted(samples.items()):
        print(f"{sensor}: {n} samples, {lost[sensor]} lost")


asyncio.run(main())
