#!/usr/bin/python3
"""What a user would write: a band's EEG by bleak, filtered by SciPy, as JSON to all clients of a websockets server.

python_relay.py NAME, on the bus of $DBUS_SYSTEM_BUS_ADDRESS; prints the port it listens on, then `ready`.
"""

import asyncio
import json
import struct
import sys

import bleak
import numpy
import websockets
from scipy import signal

CONTROL = "0065cacb-9e52-21bf-a849-99a80d83830e"
SENSORS = {
    "eeg": "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5",
    "ppg": "6c739642-23ba-818b-2045-bfe8970263f6",
    "acc": "d3d46a35-4394-e9aa-5a43-e7921120aaed",
}
RATE, WINDOW, EVERY = 250, 1000, 125
UV_A_COUNT = 4.033e6 / 12 / (2**23 - 1)

clients = set()


def send(message):
    websockets.broadcast(clients, json.dumps(message))


def signed24(data):
    return int.from_bytes(data, "big", signed=True)


class Eeg:
    def __init__(self):
        self.sos = signal.butter(4, (1, 45), "bandpass", fs=RATE, output="sos")
        self.state = [signal.sosfilt_zi(self.sos) * 0 for _ in range(2)]
        self.window = numpy.zeros((2, WINDOW))
        self.since = 0

    def take(self, data):
        tick, = struct.unpack_from("<I", data)
        rows = [data[i:i + 7] for i in range(4, len(data) - 6, 7)]
        uv = numpy.array([[signed24(row[1:4]), signed24(row[4:7])] for row in rows]).T * UV_A_COUNT
        send({"type": "raw_data", "sensor_type": "eeg", "timestamp": tick / 32.768,
              "data": [{"ch1": a, "ch2": b, "leadoff": row[0]} for a, b, row in zip(*uv, rows)]})
        self.filter(uv)

    def filter(self, uv):
        filtered = []
        for c in range(2):
            out, self.state[c] = signal.sosfilt(self.sos, uv[c], zi=self.state[c])
            filtered.append(out)
        count = uv.shape[1]
        self.window = numpy.hstack([self.window[:, count:], filtered])
        self.since += count
        if self.since >= EVERY:
            self.since -= EVERY
            self.tell()

    def tell(self):
        frequencies, power = signal.welch(self.window, RATE, nperseg=500)
        send({"type": "processed_data", "sensor_type": "eeg", "frequencies": frequencies[2:91].tolist(),
              "power": power[:, 2:91].tolist(), "filtered": self.window[:, -EVERY:].tolist()})


def take_numbers(sensor, form):
    def take(data):
        tick, = struct.unpack_from("<I", data)
        send({"type": "raw_data", "sensor_type": sensor, "timestamp": tick / 32.768,
              "data": [values for values in struct.iter_unpack(form, data[4:])]})
    return take


async def client(socket, *_):
    clients.add(socket)
    try:
        await socket.wait_closed()
    finally:
        clients.discard(socket)


async def main(name):
    server = await websockets.serve(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    band = await bleak.BleakScanner.find_device_by_filter(lambda d, _: d.name == name, timeout=10)
    takes = {"eeg": Eeg().take, "ppg": take_numbers("ppg", ">HBHB"), "acc": take_numbers("acc", "<hhh")}
    async with bleak.BleakClient(band) as link:
        for sensor, uuid in SENSORS.items():
            await link.start_notify(uuid, lambda _, data, take=takes[sensor]: take(bytes(data)))
        await link.write_gatt_char(CONTROL, b"start", response=True)
        print("ready", flush=True)
        await asyncio.Future()


asyncio.run(main(sys.argv[1]))
