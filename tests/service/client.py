#!/usr/bin/python3
"""A client in the guest.

    client.py stream SECONDS [URL]    connects the band, streams, prints how many samples of each sensor came
    client.py watch SECONDS [URL]     prints the samples that come without asking for any
    client.py record SECONDS          streams, records, prints the session's name
"""

import asyncio
import collections
import json
import sys
import time

import websockets

ADDRESS = "C0:26:30:03:F0:11"


async def command(ws, counts, name, **parameters):
    await ws.send(json.dumps({"type": "command", "command": name, "parameters": parameters, "id": name}))
    deadline = time.monotonic() + 40
    while True:
        message = json.loads(await asyncio.wait_for(ws.recv(), deadline - time.monotonic()))
        count(message, counts)
        if message["type"] == "command_response" and message.get("id") == name:
            if not message["success"]:
                sys.exit(f"{name}: {message['message']}")
            return message["data"]


def count(message, counts):
    if message["type"] == "raw_data":
        counts[message["sensor_type"]] += len(message["data"])


async def listen(ws, counts, seconds):
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            count(json.loads(await asyncio.wait_for(ws.recv(), left)), counts)
        except asyncio.TimeoutError:
            return


async def main(action, seconds, url="ws://127.0.0.1:8121/ws"):
    counts = collections.Counter()
    async with websockets.connect(url, max_size=2**20, open_timeout=30) as ws:
        if action != "watch":
            await command(ws, counts, "scan_devices", duration=4)
            await command(ws, counts, "connect_device", address=ADDRESS)
            await command(ws, counts, "start_streaming")
        if action == "record":
            await command(ws, counts, "start_recording")
        await listen(ws, counts, float(seconds))
        if action == "record":
            print(json.dumps(await command(ws, counts, "stop_recording")))
    print(" ".join(f"{sensor}={n}" for sensor, n in sorted(counts.items())))


asyncio.run(main(*sys.argv[1:]))
