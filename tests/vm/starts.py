"""Starts of a stream, again and again over one link: is a packet lost between a subscription and the first one read of it?

The band sends as it would; or also at once as it is subscribed to, `after` its answer to that, or `before` it. What it
sent is its truth, what came is the client's.
"""

import asyncio
import collections
import time

import rounds
from rounds import log, open_client, wait

SENSORS = ("eeg", "ppg", "acc")


def key(sensor, first):
    return first % 2**15 if sensor == "acc" else first


def subscriptions(sensor, since):
    """Of each time that the band was subscribed to: how eager it was, and what it sent, by the first sample's number."""
    periods, eager = [], "no"
    for row in map(str.split, open("/tmp/truth")):
        if float(row[row[0] == "#"]) < since:
            continue
        if row[0] != "#" and row[1] == sensor and periods:
            periods[-1][1].append(key(sensor, int(row[2])))
        elif row[2:4] == ["order", "eager"]:
            eager = row[4]
        elif row[2:4] == ["ccc", sensor] and int(row[4][:2], 16) & 1:
            periods.append((eager, []))
    return periods


def came(client, sensor):
    """In order; taken from the left as they are found, for the numbers of ACC come around."""
    return collections.deque(rounds.sample_number(sensor, m["data"][0]) for _, m in client.raw(sensor))


def missing(sent, got):
    """Before the first that came, all of them where none did, and after it; not what was under way at the stop."""
    there = []
    for number in sent:
        there.append(bool(got) and got[0] == number)
        if there[-1]:
            got.popleft()
    if True not in there:
        return len(there), 0
    first, last = there.index(True), len(there) - there[::-1].index(True)
    return first, there[first:last].count(False)


def count_lost(client, since):
    """By how eager the band was: subscriptions, packets, those lost before the first that came and after it."""
    found = collections.defaultdict(lambda: dict.fromkeys(("subscriptions", "packets", "lost_first", "lost_later"), 0))
    for sensor in SENSORS:
        got = came(client, sensor)
        for manner, sent in subscriptions(sensor, since):
            first, later = missing(sent, got)
            for name, count in zip(found[manner], (1, len(sent), first, later)):
                found[manner][name] += count
            if later or (first and manner != "before"):
                log(f"{sensor}, {manner}: of {len(sent)} packets {first} were lost at first, {later} later")
        assert not got, f"{sensor}: {len(got)} came that were not sent, or out of order"
    return dict(found)


class Subscribed:
    """What the band is subscribed to now, by its truth as it grows."""

    def __init__(self):
        self.file, self.sensors = open("/tmp/truth"), set()

    def to_nothing(self):
        for row in map(str.split, self.file):
            if row[2:3] == ["ccc"] and row[3] in SENSORS:
                self.sensors.add(row[3])
                if not int(row[4][:2], 16) & 1:
                    self.sensors.discard(row[3])
        return not self.sensors


async def start_and_stop(client):
    start = len(client.messages)
    reply = await client.command("start_streaming")
    assert reply["success"], reply
    for sensor in SENSORS:
        await client.data(sensor, rounds.PATIENCE, start)
    reply = await client.command("stop_streaming")
    assert reply["success"], reply


def is_told(message):
    """Of an outage or a sensor that brings nothing: so a machine that stood still, as an emulated one does."""
    data = message.get("data", {})
    return message.get("event_type") == "device_disconnected" or (
        message.get("event_type") == "sensor_status" and data["state"] == "silent")


async def so_many_starts(machine, count, manners, settled=True):
    """`settled`: each after bluetoothd has ended the subscriptions of the one before."""
    client, began, subscribed = await open_client(), time.monotonic(), Subscribed()
    assert (await client.command("subscribe", kinds=["raw", "events"]))["success"]
    await rounds.connect(client)
    for n in range(count):
        if n % 100 == 0:
            log(f"start {n}", count_lost(client, began))
        machine.order("eager", manners[n % len(manners)])
        await start_and_stop(client)
        if settled:
            await asyncio.to_thread(wait, subscribed.to_nothing, rounds.PATIENCE, "the end of all subscriptions")
    machine.order("eager", "no")
    told, found = sum(is_told(m) for _, m in client.messages), count_lost(client, began)
    for manner in set(manners) - {"before"}:
        assert told or found[manner]["lost_first"] == found[manner]["lost_later"] == 0, found
    return {"starts": count, "seconds_a_start": round((time.monotonic() - began) / count, 2), "told": told, **found}


@rounds.story
async def thirty_starts(machine, daemon):
    """What the band sends before its answer only an acquired socket misses: bluetoothd makes it at the answer."""
    found = await so_many_starts(machine, 30, ("no", "after", "before"))
    assert (found["before"]["lost_first"] > 0) == ("acquire" in daemon.arguments), found
    return found


@rounds.story
async def a_thousand_starts(machine, daemon):
    return await so_many_starts(machine, 1000, ("no", "after"))


a_thousand_starts.limit_s = 7200
