"""A fresh link's EEG goes on at once; a band of which nothing comes so is started in the order that is known to work."""

import asyncio

import pytest
import websockets

from peers import Client, Daemon, run

ADDRESS = "AA:BB:CC:DD:EE:FF"
# What that order keeps still for, s: 1.2 of quiet, then 0.3 before each but the first of four.
STILL = 1.2 + 3 * 0.3


@pytest.fixture
def daemons():
    running = []

    def start(sim):
        running.append(Daemon("--backend", "sim", "--sim", "seed=1,radio=fast," + sim))
        return running[-1]

    yield start
    for daemon in running:
        daemon.process.kill()
        daemon.process.communicate()


async def started(client, connect=True):
    """Seconds from the start to its reply; all sensors have to come after it, and none to be silent."""
    if connect:
        assert (await client.command("connect_device", address=ADDRESS))["success"]
    start, begun = len(client.messages), asyncio.get_running_loop().time()
    reply = await client.command("start_streaming")
    seconds = asyncio.get_running_loop().time() - begun
    assert reply["success"] and reply["data"]["sensors"] == ["eeg", "ppg", "acc", "bat"], reply
    for sensor in ("eeg", "ppg", "acc"):
        await client.data(sensor, start)
    assert not [m for m in client.messages[start:] if m.get("event_type") == "sensor_status"]
    return seconds


def test_a_band_that_takes_it_is_started_without_the_pauses_and_so_again_after_an_outage(daemons):
    daemon = daemons("drop-at=6:1")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await started(client)
        back = await client.event("stream_started", resumed=True, seconds=60)
        await client.data("acc", client.messages.index(back))
        await client.close()

    run(story())
    assert "known order" not in daemon.stop()[1]


def test_one_that_needs_the_order_gets_it_and_is_remembered(daemons):
    daemon = daemons("orderly=1")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        first = await started(client)
        assert first > 1 + STILL
        assert (await client.command("disconnect_device"))["success"]
        second = await started(client)
        assert second > STILL - 0.3  # its battery was on before
        await client.close()

    run(story())
    log = daemon.stop()[1]
    assert log.count("nothing came of eeg at once: from now on it is started in the known order") == 1


def test_a_sensor_that_alone_is_silent_disturbs_no_other_and_is_remembered(daemons):
    daemon = daemons("silent=ppg")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        assert (await client.command("connect_device", address=ADDRESS))["success"]
        assert (await client.command("start_streaming"))["success"]
        await client.event("sensor_status", state="silent", sensor_type="ppg", seconds=60)
        heard = [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg"]
        assert len(heard) > 20 and all(m["lost"] <= 1 for m in heard[1:])
        await client.close()

    run(story())
    assert daemon.stop()[1].count("nothing came of ppg at once") == 1
