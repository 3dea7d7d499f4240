"""What is told of the bands there are: by list_devices, and of each by device_info."""

import asyncio

import pytest
import websockets

from peers import Client, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
SIM = ("--backend", "sim", "--sim")


async def open_client(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20))


async def listed(client):
    return (await client.command("list_devices"))["data"]["devices"]


async def close(*clients):
    for client in clients:
        await client.close()
        validate(client.messages)


@pytest.mark.arguments(*SIM, "seed=1,drop-at=4:1000")
def test_who_comes_during_an_outage_learns_of_it(daemon):
    async def story():
        first = await open_client(daemon)
        info = (await first.event("device_info"))["data"]
        assert info["link"] == "idle" and info["server"]["backend"] == "sim" and await listed(first) == []
        assert (await first.command("connect_device", address=ADDRESS))["success"]
        assert (await first.command("check_device_connection"))["data"]["link"] == "connected"
        (band,) = await listed(first)
        name = band["device_id"]
        assert band["link"] == "connected" and band["address"] == ADDRESS and not band["is_streaming"]
        assert band["battery_level"] is not None and band["signal_strength"] is not None
        await first.event("device_disconnected", reason="link_lost", seconds=30)
        late = await open_client(daemon)
        info = (await late.event("device_info"))["data"]
        assert info["link"] == "waiting" and info["device_id"] == name and not info["connected"]
        (band,) = await listed(late)
        assert band["link"] == "waiting" and band["device_id"] == name
        assert band["battery_level"] is None and band["signal_strength"] is None
        assert (await late.command("disconnect_device"))["success"]
        assert await listed(late) == []
        await close(first, late)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,absent=1000")
def test_a_band_that_is_being_connected_is_listed_as_it_was_named(daemon):
    async def story():
        first, other = await open_client(daemon), await open_client(daemon)
        pending = asyncio.ensure_future(first.command("connect_device", address=ADDRESS))
        while not (bands := await listed(other)):
            await asyncio.sleep(0.05)
        assert [(band["link"], band["address"], band["device_id"]) for band in bands] == [("connecting", ADDRESS, None)]
        assert (await other.command("disconnect_device"))["success"]
        assert (await pending)["data"]["error_code"] == "CANCELLED"
        assert await listed(other) == []
        await close(first, other)

    run(story())
