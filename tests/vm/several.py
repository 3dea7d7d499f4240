"""Stories of three bands on two adapters: each fault on one of them, the others go on.

The third band is held by holder.py, so that its link has the handle that its adapter gives to a second one. The fault is
always on the band that has an adapter for itself: it comes back on that one, whose first handle is free.
"""

import asyncio
import socket
import time

import rounds
from rounds import log, open_client, wait

SENSORS = ("eeg", "ppg", "acc")


class Band:
    def __init__(self, n):
        self.name, self.address = f"LXB-0263004{n}", f"C0:26:30:04:F0:1{n}"
        self.truth, self.processes, self.held = f"/tmp/truth-{n}", (f"band{n}", f"holder{n}"), n == 2

    def start(self, machine):
        band, holder = self.processes
        machine.spawn(band, str(rounds.HERE / "band.py"), self.name, self.address, self.truth, *["--held"] * self.held)
        if self.held:
            assert wait(self.is_on, rounds.PATIENCE), f"{self.name} did not come up"
            machine.spawn(holder, str(rounds.HERE / "holder.py"), self.address)
            assert wait(lambda: "held" in open(self.truth).read(), rounds.PATIENCE), f"{self.name} is not held"

    def is_on(self):
        return rounds.os.path.exists(self.truth) and "power on" in open(self.truth).read()

    def order(self, *words):
        log(f"{self.name}:", *words)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(" ".join(map(str, words)).encode(), f"/tmp/band-{self.name}")


BANDS = [Band(n) for n in range(3)]


def end(machine):
    for name in ["btvirt", "band"] + [name for band in BANDS for name in band.processes]:
        machine.kill(name)
    for band in BANDS:
        rounds.pathlib.Path(band.truth).unlink(missing_ok=True)


def of_several(function):
    """A story; who comes next finds the machine as it was."""
    async def run(machine, daemon):
        try:
            return await function(machine, daemon)
        finally:
            end(machine)

    run.__name__ = function.__name__
    return rounds.story(run)


async def begin(machine, daemon):
    """Three bands, all streaming over one daemon; the client, the band alone on its adapter, the others, the adapters."""
    daemon.stop()
    end(machine)
    machine.start_air(adapters=2)
    assert wait(lambda: len(machine.powered()) == 2, 15), machine.powered()
    for band in BANDS:
        band.start(machine)
    adapters = [word for address in sorted(machine.powered().values()) for word in ("--adapter", address)]
    daemon.arguments = ("--max-bands", "4", "--max-bands-per-adapter", "2", *adapters)
    daemon.start()
    client = await open_client()
    assert (await client.command("subscribe", kinds=["raw", "events"]))["success"]  # the guest is slow enough
    for band in BANDS:
        reply = await client.command("connect_device", 60, address=band.address)
        assert reply["success"], reply
    assert (await client.command("start_streaming", 60))["success"]
    for band in BANDS:
        for sensor in SENSORS:
            await data_of(client, band, sensor, 30)
    listed = (await client.command("list_devices"))["data"]["devices"]
    by = {device["device_id"]: device["adapter"] for device in listed}
    alone = [band for band in BANDS if list(by.values()).count(by[band.name]) == 1]
    assert len(alone) == 1, by
    return client, alone[0], [band for band in BANDS if band != alone[0]], by


async def data_of(client, band, sensor, seconds, start=0):
    return await client.wait(
        lambda m: m["type"] == "raw_data" and m["sensor_type"] == sensor and m["device_id"] == band.name,
        seconds, start, f"{sensor} of {band.name}")


async def hold_sensor(client, band, sensor, start):
    """Each packet sent came once and in order, but for those that the client itself was too slow for, as `seq` tells; how
    many came."""
    def sent():
        return [first % 2**15 if sensor == "acc" else first for _, _, first, _, _ in rounds.Truth(band.truth).of(sensor)]

    def rows():
        place = {first: n for n, first in enumerate(sent())}
        return [(place[rounds.sample_number(sensor, m["data"][0])], m["seq"]) for _, m in client.raw(sensor, start, band.name)]

    until = len(sent()) - 1
    deadline = time.monotonic() + 30
    while rows()[-1][0] < until and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    got = rows()
    assert got[-1][0] >= until, f"{band.name} {sensor}: the last {until - got[-1][0]} packets never came"
    for (a, seq), (b, next_seq) in zip(got, got[1:]):
        assert b - a == next_seq - seq > 0, f"{band.name} {sensor}: packet {b} after {a}, seq {next_seq} after {seq}"
    return len(got)


async def hold_whole(client, bands, start):
    """Of these nothing is missing from `start` on, and their links stayed; how many packets came."""
    counts = {}
    for band in bands:
        for sensor in SENSORS:
            counts[sensor] = counts.get(sensor, 0) + await hold_sensor(client, band, sensor, start)
        assert all(m["lost"] <= 1 for _, m in client.raw("eeg", start, band.name)[1:]), f"{band.name} has a gap"
        told = [m for _, m in client.messages[start:] if m["type"] == "event" and m.get("device_id") == band.name]
        ends = [m["event_type"] for m in told if m["event_type"] in ("device_disconnected", "stream_stopped")]
        assert not ends, (band.name, ends)
    return counts


async def fault_on_one(machine, daemon, fault, reason, seconds):
    """It is back, and the others never noticed."""
    client, one, others, by = await begin(machine, daemon)
    start, began = len(client.messages), time.monotonic()
    fault(one)
    await client.event("device_disconnected", 40, start, device_id=one.name, reason=reason)
    await client.event("stream_started", seconds, start, device_id=one.name, resumed=True)
    index = next(i for i, (_, m) in enumerate(client.messages) if i >= start and m.get("event_type") == "stream_started")
    at, _ = await data_of(client, one, "eeg", 20, index)
    await asyncio.sleep(2)
    facts = {"streams_after_s": round(at - began, 2), "others": await hold_whole(client, others, start), "adapters": by}
    return facts


@of_several
async def one_of_three_times_out(machine, daemon):
    return await fault_on_one(machine, daemon, lambda band: band.order("drop", "08", 2), "link_lost", 40)


@of_several
async def one_of_three_is_switched_off_and_on(machine, daemon):
    return await fault_on_one(machine, daemon, lambda band: band.order("off", 3), "link_lost", 40)


@of_several
async def one_of_three_dies_silently(machine, daemon):
    return await fault_on_one(machine, daemon, lambda band: band.order("deaf"), "silent", 100)


@of_several
async def one_of_three_is_silent(machine, daemon):
    return await fault_on_one(machine, daemon, lambda band: band.order("mute", "all", "until-subscribed"), "silent", 100)


@of_several
async def one_sensor_of_one_of_three_is_silent(machine, daemon):
    client, first, others, _ = await begin(machine, daemon)
    start, began = len(client.messages), time.monotonic()
    first.order("mute", "ppg", "until-subscribed")
    await client.event("sensor_status", 20, start, sensor_type="ppg", state="silent", device_id=first.name)
    at, _ = await client.event("sensor_status", 40, start, sensor_type="ppg", state="flowing", device_id=first.name)
    facts = {"flows_after_s": round(at - began, 2), "others": await hold_whole(client, others, start)}
    return facts


@of_several
async def one_of_two_adapters_is_switched_off(machine, daemon):
    """Its band waits, for the other carries as many as it may; the bands of the other never noticed."""
    client, one, others, by = await begin(machine, daemon)
    start, began = len(client.messages), time.monotonic()
    path = f"/org/bluez/{by[one.name]}"
    machine.power(False, path)
    _, lost = await client.event("device_disconnected", 20, start, device_id=one.name)
    await asyncio.sleep(3)
    machine.power(True, path)
    at, _ = await client.event("stream_started", 60, start, device_id=one.name, resumed=True)
    facts = {"streams_after_s": round(at - began, 2), "others": await hold_whole(client, others, start)}
    facts["reason"] = lost["data"]["reason"]
    return facts


@of_several
async def another_than_the_three_is_not_there(machine, daemon):
    """The attempt takes its time, at nobody's cost."""
    client, *_ = await begin(machine, daemon)
    start, began = len(client.messages), time.monotonic()
    reply = await client.command("connect_device", 60, address="C0:FF:EE:00:00:01")
    assert reply["data"]["error_code"] == "DEVICE_NOT_FOUND", reply
    facts = {"answered_after_s": round(time.monotonic() - began, 2), "others": await hold_whole(client, BANDS, start)}
    return facts
