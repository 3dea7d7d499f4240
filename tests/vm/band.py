#!/usr/bin/python3
"""A Link Band on btvirt's air: HCI and ATT over its socket, the real UUIDs, layouts, rates and skips.

    band.py NAME ADDRESS TRUTH [--rate 250|500] [--socket PATH] [--held]

Every packet is unlike every other: its samples count. What was sent goes to TRUTH, a line each: monotonic seconds,
sensor, number of its first sample, samples, tick. `--held`: its first link is one that nothing goes over: btvirt passes
data on with its sender's handle, so where an adapter has two links, both ends must have the same handle (holder.py). Commands come by datagram on the socket /tmp/band-NAME (bandctl):

    drop RR S     disconnects with HCI reason RR (08: supervision timeout), advertises again after S seconds
    off S         as drop 15, and the counter begins at 0 after S seconds: switched off and on
    deaf          answers nothing and sends nothing for as long as this link lasts: dead, and no event tells
    deaf next     so from the beginning of the next link: services are never resolved
    sleep S       the counter has gone on by S seconds: as long the host slept
    mute SENSOR   sends nothing of it (`all`: of any), until unmute or, with `until-subscribed`, a new subscription
    unmute
    hide / show   stops and starts advertising
    burst N       N EEG packets of one sample in a row
    eager WHEN    a packet of one sample as a sensor is subscribed to, `after` the answer to that or `before` it; `no`: none
"""

import argparse
import os
import select
import socket
import struct
import time

TICK_HZ = 32768
PRIMARY, CHARACTERISTIC, CCC = (struct.pack("<H", u) for u in (0x2800, 0x2803, 0x2902))
READ, WRITE, NOTIFY = 0x02, 0x08, 0x10
NOT_FOUND, INVALID_HANDLE, NOT_SUPPORTED = 0x0A, 0x01, 0x06


def short(uuid):
    return struct.pack("<H", uuid)


def long(uuid):
    return bytes.fromhex(uuid.replace("-", ""))[::-1]


class Attributes:
    """The GATT server's table: handles from 1, each a type and a value."""

    def __init__(self):
        self.table = {}
        self.services = []  # [first, last, uuid]
        self.values = {}  # name → handle of the value
        self.subscriptions = {}  # name → handle of the CCC descriptor

    def add(self, kind, value):
        self.table[len(self.table) + 1] = [kind, value]
        if self.services:
            self.services[-1][1] = len(self.table)
        return len(self.table)

    def service(self, uuid):
        handle = len(self.table) + 1
        self.services.append([handle, handle, uuid])
        self.add(PRIMARY, uuid)

    def characteristic(self, name, uuid, properties, value=b""):
        declaration = self.add(CHARACTERISTIC, b"")
        self.values[name] = self.add(uuid, value)
        self.table[declaration][1] = bytes([properties]) + short(self.values[name]) + uuid
        if properties & NOTIFY:
            self.subscriptions[name] = self.add(CCC, b"\0\0")

    def is_subscribed(self, name):
        return self.table[self.subscriptions[name]][1][0] & 1

    def unsubscribe_all(self):
        for handle in self.subscriptions.values():
            self.table[handle][1] = b"\0\0"

    def between(self, first, last):
        return ((h, *self.table[h]) for h in sorted(self.table) if first <= h <= last)


def band_attributes(name):
    table = Attributes()
    table.service(short(0x1800))
    # What BlueZ takes for the band's name once it is connected; not what it advertised.
    table.characteristic("gap name", short(0x2A00), READ, b"Link Band")
    table.service(short(0x1801))
    table.service(long("df7b5d95-3afe-00a1-084c-b50895ef4f95"))
    table.characteristic("eeg", long("00ab4d15-66b4-0d8a-824f-8d6f8966c6e5"), NOTIFY)
    table.characteristic("control", long("0065cacb-9e52-21bf-a849-99a80d83830e"), WRITE)
    table.service(long("1cc50ec0-6967-9d84-a243-c2267f924d1f"))
    table.characteristic("ppg", long("6c739642-23ba-818b-2045-bfe8970263f6"), NOTIFY)
    table.service(long("75c276c3-8f97-20bc-a143-b354244886d4"))
    table.characteristic("acc", long("d3d46a35-4394-e9aa-5a43-e7921120aaed"), NOTIFY)
    table.service(short(0x180F))
    table.characteristic("bat", short(0x2A19), READ | NOTIFY, bytes([87]))
    table.service(short(0x180A))
    table.characteristic("firmware", short(0x2A26), READ, b"2.0.7")
    return table


class Sensor:
    """Its samples count from 0 at the band's power-on; a packet is due when its last sample is taken."""

    def __init__(self, name, rate, count, sample, skip_one_in=0):
        self.name, self.rate, self.count, self.sample, self.skip_one_in = name, rate, count, sample, skip_one_in
        self.number = self.packets = 0

    def due(self):
        return (self.number + self.count) / self.rate

    def next(self, count=None):
        """The next packet: the number of its first sample, how many there are, its tick, its bytes."""
        count = count or self.count
        self.packets += 1
        if self.skip_one_in and self.packets % self.skip_one_in == 0:
            self.number += 1  # taken by nobody, as the real band does
        first = self.number
        self.number += count
        tick = round(first / self.rate * TICK_HZ) % 2**32
        return first, count, tick, struct.pack("<I", tick) + b"".join(self.sample(n) for n in range(first, first + count))


def eeg_sample(n):
    return b"\0" + (n % 2**23).to_bytes(3, "big") + (-n % 2**24).to_bytes(3, "big")


def ppg_sample(n):
    return (n % 2**24).to_bytes(3, "big") + ((n + 1000) % 2**24).to_bytes(3, "big")


def acc_sample(n):
    return struct.pack("<3h", n % 2**15, -(n % 2**15), 16384)


class Band:
    def __init__(self, name, address, truth, rate, air, held=False):
        self.name, self.rate, self.held = name, rate, held
        self.address = bytes.fromhex(address.replace(":", ""))[::-1]
        self.attributes = band_attributes(name)
        self.truth = open(truth, "a", buffering=1)
        self.air = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.air.connect(air)
        self.orders = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"/tmp/band-{name}"
        if os.path.exists(path):
            os.unlink(path)
        self.orders.bind(path)
        self.handle = None
        self.mtu, self.acl_mtu, self.credits, self.buffers = 23, 27, 1, 1
        self.received, self.acl, self.out = b"", b"", []
        self.flowing = False  # `start` was written
        self.deaf = self.deaf_next = self.rebooting = False
        self.muted, self.until_subscribed = set(), False
        self.eager = "no"
        self.shown, self.show_at = True, None
        self.power_on()

    def power_on(self):
        self.zero = time.monotonic()
        self.sensors = [
            Sensor("eeg", self.rate * 1.0008, 25, eeg_sample, skip_one_in=6),
            Sensor("ppg", 49.88, 28, ppg_sample),
            Sensor("acc", 25.22, 30, acc_sample),
        ]
        self.log("power on")

    def log(self, *words):
        self.truth.write(f"# {time.monotonic():.6f} {' '.join(map(str, words))}\n")

    # ---- HCI

    def command(self, opcode, parameters=b""):
        self.air.sendall(b"\x01" + struct.pack("<HB", opcode, len(parameters)) + parameters)

    def advertise(self, on):
        self.command(0x200A, bytes([on]))

    def begin(self):
        name = self.name.encode()
        data = b"\x02\x01\x06" + bytes([len(name) + 1, 0x09]) + name
        self.command(0x0C03)  # reset
        self.command(0x0C01, b"\xff" * 8)
        self.command(0x2001, b"\xff" * 8)
        self.command(0x2002)  # its buffers
        self.command(0x2005, self.address)
        self.command(0x2006, struct.pack("<HHBBB6sBB", 0x20, 0x20, 0, 1, 0, bytes(6), 7, 0))
        self.command(0x2008, bytes([len(data)]) + data.ljust(31, b"\0"))
        self.advertise(True)

    def feed(self, data):
        self.received += data
        while len(self.received) >= 5:
            kind = self.received[0]
            size = 3 + self.received[2] if kind == 4 else 5 + struct.unpack_from("<H", self.received, 3)[0]
            if len(self.received) < size:
                return
            packet, self.received = self.received[1:size], self.received[size:]
            self.on_event(packet[0], packet[2:]) if kind == 4 else self.on_acl(packet)

    def on_event(self, code, data):
        if code == 0x0E and data[1:4] == short(0x2002) + b"\0":
            self.acl_mtu = struct.unpack_from("<H", data, 4)[0] or 27
            self.credits = self.buffers = data[6] or 1
        elif code == 0x13:
            self.credits += sum(struct.unpack_from("<H", data, 3 + 4 * i)[0] for i in range(data[0]))
            self.flush()
        elif code == 0x05 and struct.unpack_from("<H", data, 1)[0] == self.handle:
            self.on_disconnected(data[3])
        elif code == 0x3E and data[0] == 1 and data[1] == 0 and self.held:
            self.held = False
            self.log("held")
        elif code == 0x3E and data[0] == 1 and data[1] == 0:
            self.handle = struct.unpack_from("<H", data, 2)[0] & 0xFFF
            self.deaf, self.deaf_next = self.deaf_next, False
            self.log("connected")

    def on_disconnected(self, reason):
        self.log(f"disconnected {reason:02x}")
        self.handle, self.acl, self.mtu = None, b"", 23
        self.out.clear()
        self.credits = self.buffers  # what was under way is not confirmed any more
        self.flowing = self.deaf = False
        self.attributes.unsubscribe_all()
        if self.shown:
            self.advertise(True)

    def on_acl(self, packet):
        flags = struct.unpack_from("<H", packet)[0] >> 12
        self.acl = (self.acl if flags & 3 == 1 else b"") + packet[4:]
        if len(self.acl) < 4:
            return
        size, channel = struct.unpack_from("<HH", self.acl)
        if len(self.acl) < 4 + size:
            return
        data, self.acl = self.acl[4 : 4 + size], b""
        if self.deaf:
            return
        if channel == 4:
            self.on_att(data)
        elif channel == 6 and data[0] == 1:
            self.send(6, b"\x05\x05")  # pairing is not supported
        elif channel == 5 and data[0] in (0x14, 0x17):
            self.send(5, bytes([1, data[1], 2, 0, 0, 0]))

    def send(self, channel, data):
        if self.handle is None:
            return
        data = struct.pack("<HH", len(data), channel) + data
        flags = 0
        while data:
            piece, data = data[: self.acl_mtu], data[self.acl_mtu :]
            self.out.append(b"\x02" + struct.pack("<HH", self.handle | flags, len(piece)) + piece)
            flags = 0x1000
        self.flush()

    def flush(self):
        while self.out and self.credits > 0:
            self.credits -= 1
            self.air.sendall(self.out.pop(0))

    # ---- ATT

    def on_att(self, data):
        opcode = data[0]
        if opcode == 0x02:
            self.mtu = min(517, struct.unpack_from("<H", data, 1)[0])
            self.send(4, b"\x03" + short(517))
        elif opcode in (0x10, 0x08, 0x04):
            self.list(opcode, *struct.unpack_from("<HH", data, 1), data[5:])
        elif opcode == 0x06:
            self.find(*struct.unpack_from("<HHH", data, 1), data[7:])
        elif opcode in (0x0A, 0x0C):
            self.read(opcode, *struct.unpack("<HH", data[1:5].ljust(4, b"\0")))
        elif opcode in (0x12, 0x52):
            self.write(opcode, struct.unpack_from("<H", data, 1)[0], data[3:])
        elif opcode != 0x1E and not opcode & 0x41:
            self.refuse(opcode, 0, NOT_SUPPORTED)

    def refuse(self, opcode, handle, code):
        self.send(4, bytes([1, opcode]) + short(handle) + bytes([code]))

    def list(self, opcode, first, last, kind):
        """Read By Group Type, Read By Type, Find Information: entries of one length, as many as fit."""
        if opcode == 0x10:
            rows = [short(a) + short(b) + u for a, b, u in self.attributes.services if first <= a <= last and kind == PRIMARY]
        elif opcode == 0x08:
            rows = [short(h) + v[: min(self.mtu - 4, 253)] for h, k, v in self.attributes.between(first, last) if k == kind]
        else:
            rows = [short(h) + k for h, k, _ in self.attributes.between(first, last)]
        if not rows:
            self.refuse(opcode, first, NOT_FOUND)
            return
        size, fitting = len(rows[0]), []
        for row in rows:
            if len(row) != size or 2 + size * (len(fitting) + 1) > self.mtu:
                break
            fitting.append(row)
        head = bytes([opcode + 1, (1 if size == 4 else 2) if opcode == 0x04 else size])
        self.send(4, head + b"".join(fitting))

    def find(self, first, last, kind, value):
        rows = [short(a) + short(b) for a, b, u in self.attributes.services if kind == 0x2800 and first <= a <= last and u == value]
        self.send(4, b"\x07" + b"".join(rows)) if rows else self.refuse(0x06, first, NOT_FOUND)

    def read(self, opcode, handle, offset):
        if handle in self.attributes.table:
            value = self.attributes.table[handle][1]
            self.send(4, bytes([opcode + 1]) + value[offset if opcode == 0x0C else 0 :][: self.mtu - 1])
        else:
            self.refuse(opcode, handle, INVALID_HANDLE)

    def write(self, opcode, handle, value):
        if handle not in self.attributes.table:
            self.refuse(opcode, handle, INVALID_HANDLE)
            return
        self.attributes.table[handle][1] = value
        if handle == self.attributes.values["control"]:
            self.log("control", value)
            self.flowing = value == b"start"
        name = next((n for n, h in self.attributes.subscriptions.items() if h == handle), None)
        if name:
            self.on_subscription(name, value)
        if opcode == 0x12:
            self.send(4, b"\x13")
        if name and value[0] & 1:
            self.hasten("after", name)

    def on_subscription(self, name, value):
        self.log("ccc", name, value.hex())
        if self.until_subscribed and value[0] & 1:
            self.muted.discard(name)
        if value[0] & 1:
            self.hasten("before", name)

    def hasten(self, when, name):
        for sensor in self.sensors:
            if sensor.name == name and self.eager == when:
                self.send_packet(sensor, 1)

    # ---- what a band does

    def notify(self, name, value):
        if self.handle is None or not self.attributes.is_subscribed(name):
            return False
        self.send(4, b"\x1b" + short(self.attributes.values[name]) + value[: self.mtu - 3])
        return True

    def send_packet(self, sensor, count=None):
        first, count, tick, data = sensor.next(count)
        silent = self.deaf or sensor.name in self.muted or (sensor.name == "eeg" and not self.flowing)
        if not silent and self.notify(sensor.name, data):
            self.truth.write(f"{time.monotonic():.6f} {sensor.name} {first} {count} {tick}\n")

    def go(self, reason, seconds):
        self.shown, self.show_at = False, time.monotonic() + seconds
        if self.handle is None:
            self.advertise(False)
        else:
            self.command(0x0406, struct.pack("<HB", self.handle, reason))

    def obey(self, order, *words):
        self.log("order", order, *words)
        if order == "drop":
            self.go(int(words[0], 16), float(words[1]))
        elif order == "off":
            self.go(0x15, float(words[0]))
            self.rebooting = True
        elif order == "deaf":
            self.deaf = not words
            self.deaf_next = bool(words)
        elif order == "sleep":
            self.zero -= float(words[0])
            for sensor in self.sensors:
                sensor.number += round(float(words[0]) * sensor.rate)
        elif order == "mute":
            self.muted = {s.name for s in self.sensors} if words[0] == "all" else {words[0]}
            self.until_subscribed = "until-subscribed" in words
        elif order == "unmute":
            self.muted = set()
        elif order == "eager":
            self.eager = words[0]
        elif order in ("hide", "show"):
            self.shown = order == "show"
            self.log("shown" if self.shown else "hidden")
            self.advertise(self.shown)
        elif order == "burst":
            for _ in range(int(words[0])):
                self.send_packet(self.sensors[0], 1)

    def come_back(self):
        self.shown, self.show_at = True, None
        if self.rebooting:
            self.rebooting = False
            self.power_on()
        self.log("shown")
        self.advertise(True)

    def run(self):
        self.begin()
        beacon = time.monotonic()
        while True:
            now = time.monotonic()
            if self.show_at and now >= self.show_at:
                self.come_back()
            # btvirt tells of an advertiser once each time it is switched on.
            if now >= beacon and self.shown and self.handle is None:
                self.advertise(False)
                self.advertise(True)
            beacon = beacon + 1 if now >= beacon else beacon
            for sensor in self.sensors:
                while self.zero + sensor.due() <= time.monotonic():
                    self.send_packet(sensor)
            wake = min([beacon, self.show_at or beacon] + [self.zero + s.due() for s in self.sensors])
            readable, _, _ = select.select([self.air, self.orders], [], [], max(0, wake - time.monotonic()))
            if self.air in readable:
                data = self.air.recv(65536)
                if not data:
                    return
                self.feed(data)
            if self.orders in readable:
                self.obey(*self.orders.recv(256).decode().split())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("address")
    parser.add_argument("truth")
    parser.add_argument("--rate", type=float, default=250)
    parser.add_argument("--socket", default="/tmp/bt-server-le")
    parser.add_argument("--held", action="store_true")
    arguments = parser.parse_args()
    Band(arguments.name, arguments.address, arguments.truth, arguments.rate, arguments.socket, arguments.held).run()
