"""What clients are told of a stream is kept to its end: which sensors, how many samples, resumed or not, and that it ended."""

import asyncio
import datetime

import pytest

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"
NAME = "LXB-51A00000"
SIM = ("--backend", "sim", "--sim")


async def connected(client):
    assert (await client.command("connect_device", address=ADDRESS))["success"]


async def streaming(client, *sensors):
    await connected(client)
    assert (await client.command("start_streaming", sensors=sensors))["success"]
    for sensor in sensors:
        await client.data(sensor)


def samples_of(client, sensor, start=0):
    messages = [m for m in client.messages[start:] if m["type"] == "raw_data" and m["sensor_type"] == sensor]
    return sum(len(m["data"]) for m in messages), sum(m["lost"] for m in messages)


def milliseconds(iso):
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() * 1000


@pytest.mark.arguments(*SIM, "seed=1,radio=fast", "--auto-connect", "LXB-AWAY0001")
def test_a_promised_stream_that_another_connect_takes_over_is_told_to_stop(clients):
    async def story():
        async with clients() as asker, clients() as other, clients() as listener:
            reply = await asker.command("start_streaming", sensors=["eeg"])
            assert reply["success"] and reply["data"]["state"] == "waiting"
            await connected(other)
            stopped = await listener.event("stream_stopped")
            assert stopped["data"] == {"device_id": "LXB-AWAY0001", "sensors": ["eeg"],
                                       "reason": "device_disconnected", "will_resume": False}
            await listener.event("device_connected", device_id=NAME)
            assert (await asker.command("get_streaming_status"))["data"]["state"] == "idle"

    run(story())


@pytest.mark.arguments(*SIM, "seed=1")
def test_a_stop_names_and_counts_what_streamed_not_what_was_about_to(clients):
    async def story():
        async with clients() as client, clients() as listener:
            await streaming(client, "eeg")
            await client.send({"command": "start_streaming", "parameters": {"sensors": ["acc", "ppg"]}})
            reply = await client.command("stop_streaming")
            assert reply["data"]["sensors"] == ["eeg"] and list(reply["data"]["samples"]) == ["eeg"]
            stopped = await listener.event("stream_stopped")
            assert stopped["data"]["sensors"] == ["eeg"] and stopped["data"]["device_id"] == NAME

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,refuse=acc")
def test_a_reconfiguration_that_fails_names_what_it_ended(clients):
    async def story():
        async with clients() as client:
            await streaming(client, "eeg")
            reply = await client.command("start_streaming", sensors=["acc"])
            assert reply["data"]["error_code"] == "STREAMING_ERROR"
            stopped = await client.event("stream_stopped")
            assert stopped["data"]["sensors"] == ["eeg"] and stopped["data"]["reason"] == "error"

    run(story())


def test_the_end_of_a_disconnected_bands_stream_names_the_band(clients):
    async def story():
        async with clients() as client:
            await streaming(client, "eeg")
            assert (await client.command("disconnect_device"))["success"]
            stopped = await client.event("stream_stopped", reason="device_disconnected")
            assert stopped["data"]["device_id"] == NAME and stopped["data"]["sensors"] == ["eeg"]

    run(story())


def test_a_stop_counts_just_the_samples_that_were_sent(clients):
    """However often a sensor left the stream meanwhile, and whatever a recording had of it before."""
    async def story():
        async with clients() as client:
            await connected(client)
            assert (await client.command("start_recording", sensors=["eeg"]))["success"]
            await asyncio.sleep(3)  # a second of EEG at least, which is the recording's alone
            start = len(client.messages)
            assert (await client.command("start_streaming", sensors=["eeg", "ppg"]))["success"]
            assert (await client.command("stop_recording"))["success"]
            assert (await client.command("start_streaming", sensors=["ppg"]))["success"]
            assert (await client.command("start_streaming", sensors=["eeg", "ppg"]))["success"]
            await client.data("eeg", len(client.messages))
            reply = (await client.command("stop_streaming"))["data"]
            for sensor in ("eeg", "ppg"):
                assert (reply["samples"][sensor], reply["lost"][sensor]) == samples_of(client, sensor, start)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,drop-at=5:15")
def test_a_first_start_in_an_outage_is_none_resumed(clients):
    async def story():
        async with clients() as client:
            await connected(client)
            await client.event("device_disconnected", will_reconnect=True)
            assert (await client.command("start_streaming", sensors=["eeg"]))["data"]["state"] == "waiting"
            assert (await client.event("device_connected", resumed=True))
            assert (await client.event("stream_started"))["data"]["resumed"] is False
            assert (await client.data("eeg"))["lost"] == 0

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,drop-at=12:15")
def test_what_a_stream_missed_before_its_stop_in_an_outage_is_told_by_the_next(clients):
    async def story():
        async with clients() as client:
            await streaming(client, "eeg")
            await client.event("device_disconnected", will_reconnect=True)
            await asyncio.sleep(2)
            last = [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg"][-1]
            stop = await client.command("stop_streaming")
            missed = (milliseconds(stop["timestamp"]) - last["data"][-1]["timestamp"]) / 4
            start = len(client.messages)
            assert (await client.command("start_streaming", sensors=["eeg"]))["data"]["state"] == "waiting"
            assert (await client.event("stream_started", start))["data"]["resumed"] is False
            first = await client.data("eeg", start)
            print(f"{missed:.0f} missed before the stop, {first['lost']} told")
            assert 400 < missed and abs(first["lost"] - missed) < 50
            assert (await client.data("eeg", len(client.messages)))["lost"] == 0

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,absent=1000")
def test_a_connect_that_is_undone_is_told_to_those_who_only_listen(clients):
    async def story():
        async with clients() as asker, clients() as other, clients() as listener:
            await asker.send({"command": "connect_device", "parameters": {"address": ADDRESS}, "id": 1})
            await asker.command("check_device_connection")  # behind it
            assert (await other.command("disconnect_device"))["success"]
            failed = await listener.event("device_connection_failed")
            assert failed["data"]["error_code"] == "CANCELLED" and failed["data"]["will_retry"] is False
            assert failed["data"]["address"] == ADDRESS
            await asker.event("device_connection_failed", error_code="CANCELLED")
            assert not [m for m in asker.messages if m.get("event_type") == "error"]

    run(story())
