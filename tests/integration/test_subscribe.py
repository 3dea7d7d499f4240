"""What one client chooses to get, and how fast it may ask."""

import asyncio
import json
import time

import pytest
import websockets

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"
SENSORS = ["eeg", "ppg", "acc", "bat"]


async def streaming(client):
    assert (await client.command("connect_device", address=ADDRESS))["success"]
    assert (await client.command("start_streaming"))["success"]


def kinds_of(messages):
    """("raw_data", "eeg"), ("event",) …: what came."""
    return {(m["type"], m["sensor_type"]) if "sensor_type" in m else (m["type"],) for m in messages}


async def hears(client, witness):
    """What comes from here on, until the witness, who gets everything, has some of each kind."""
    start, seen = len(client.messages), len(witness.messages)
    for sensor in ("eeg", "ppg", "acc"):
        for kind in ("raw_data", "processed_data"):
            await witness.data(sensor, seen, type=kind)
    await client.command("get_recording_status")  # behind it
    return kinds_of(m for m in client.messages[start:] if m["type"] != "command_response")


def test_each_connection_begins_with_everything_and_the_reply_tells_what_is_in_force(clients):
    async def story():
        async with clients() as client:
            data = (await client.command("unsubscribe", sensors=["eeg"], kinds=["raw"]))["data"]
            assert data == {"sensors": SENSORS, "kinds": ["raw", "processed", "events"], "raw": ["ppg", "acc", "bat"],
                            "processed": ["eeg", "ppg", "acc"], "bands": [], "events": True, "device_ids": None}
            data = (await client.command("subscribe", sensors=["eeg", "acc"], kinds=["raw"]))["data"]
            assert (data["sensors"], data["kinds"]) == (["eeg", "acc"], ["raw"])
            assert (data["raw"], data["processed"], data["events"]) == (["eeg", "acc"], [], False)
            data = (await client.command("subscribe"))["data"]
            assert (data["sensors"], data["kinds"]) == (SENSORS, ["raw", "processed", "events"])
            data = (await client.command("unsubscribe", sensors=["ppg"]))["data"]
            assert data["raw"] == ["eeg", "acc", "bat"] and data["processed"] == ["eeg", "acc"] and data["events"]
            data = (await client.command("subscribe", kinds=["raw", "bands", "events"]))["data"]
            assert (data["kinds"], data["raw"], data["bands"]) == (["raw", "events", "bands"], SENSORS, ["eeg"])
            assert (await client.command("unsubscribe", sensors=["eeg"]))["data"]["bands"] == []
            data = (await client.command("subscribe", sensors=["ppg"], kinds=["bands"]))["data"]
            assert (data["sensors"], data["kinds"], data["bands"]) == ([], [], [])
            await client.command("subscribe", kinds=["bands"])
            data = (await client.command("subscribe"))["data"]
            assert data["kinds"] == ["raw", "processed", "events"], "the bands come to who names them"
            assert (await client.command("unsubscribe", sensors=["eeg", "ppg"], kinds=["raw"]))["success"]
            await client.command("subscribe", sensors=["eeg", "acc", "bat"])
            data = (await client.command("unsubscribe", kinds=["events"]))["data"]
            assert data["kinds"] == ["raw", "processed"] and data["raw"] == ["eeg", "acc", "bat"]
            await client.command("subscribe", kinds=["raw", "bands"])
            data = (await client.command("unsubscribe"))["data"]
            assert (data["sensors"], data["kinds"], data["events"]) == ([], [], False)

    run(story())


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("parameters", [
    {"sensors": []}, {"sensors": ["eeg", "emg"]}, {"sensors": "eeg"}, {"kinds": []}, {"kinds": ["raw", 1]}, {"kinds": "raw"},
    {"kinds": ["data"]}, {"kinds": {"raw": True}},
])
def test_a_choice_that_is_none_is_refused_and_changes_nothing(clients, command, parameters):
    async def story():
        async with clients() as client:
            await client.command("subscribe", sensors=["ppg"], kinds=["raw"])
            reply = await client.command(command, **parameters)
            assert reply["success"] is False and reply["data"]["error_code"] == "INVALID_PARAMETERS"
            assert reply["data"]["details"]["parameter"] in parameters
            after = (await client.command("unsubscribe", sensors=["bat"]))["data"]
            assert (after["sensors"], after["kinds"]) == (["ppg"], ["raw"])

    run(story())


def test_only_what_was_chosen_comes_and_no_other_client_notices(clients):
    async def story():
        async with clients() as chooser, clients() as other:
            await streaming(chooser)
            assert (await chooser.command("subscribe", sensors=["eeg"], kinds=["raw"]))["success"]
            assert await hears(chooser, other) == {("raw_data", "eeg")}
            await chooser.command("subscribe", sensors=["eeg"], kinds=["processed"])
            assert await hears(chooser, other) == {("processed_data", "eeg")}
            everything = await hears(other, other)
            assert {("raw_data", s) for s in ("eeg", "ppg", "acc")} <= everything
            assert {("processed_data", s) for s in ("eeg", "ppg", "acc")} <= everything
            # Back again: sequence numbers tell of no hole that was not asked for.
            start = len(other.messages)
            first = (await other.data("eeg", start))["seq"]
            await other.wait(lambda m: (m["type"], m.get("sensor_type")) == ("raw_data", "eeg") and m["seq"] == first + 6)
            seqs = [m["seq"] for m in other.messages[start:] if (m["type"], m.get("sensor_type")) == ("raw_data", "eeg")]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

    run(story())


def test_the_fast_lane_tells_ten_times_a_second_and_only_who_named_it(clients):
    async def story():
        async with clients() as listener, clients() as other:
            await listener.command("subscribe", kinds=["bands"])
            await streaming(listener)

            def told(client):
                return [m for m in client.messages if m["type"] == "band_data"]

            await listener.wait(lambda m: m["type"] == "band_data" and m["seq"] == 25)
            lane = told(listener)
            assert [m["seq"] for m in lane] == list(range(len(lane)))
            assert {(m["sample_rate"], m["sample_rate_measured"], m["sensor_type"]) for m in lane} == {(10, 10, "eeg")}
            ends = [m["data"]["timestamp"] for m in lane]
            assert all(abs(b - a - 100) < 13 for a, b in zip(ends, ends[1:])), "a tenth of the band's second each"
            powers = [m["data"]["ch1_band_powers"] for m in lane]
            assert powers[5]["alpha"] is None and powers[0]["alpha"] is None, "a second is not over"
            assert any(p["alpha"] is not None for p in powers[9:])
            assert {"raw_data", "processed_data"} & {m["type"] for m in listener.messages} == set()
            # It begins where it is asked for, and ends: what comes after a reply is another's.
            await listener.command("unsubscribe", kinds=["bands"])
            count = len(told(listener))
            await other.command("subscribe", kinds=["bands", "processed"])
            await other.wait(lambda m: m["type"] == "band_data" and m["data"]["ch2_band_powers"]["gamma"])
            await other.wait(lambda m: m["type"] == "processed_data" and m["sensor_type"] == "eeg")
            assert len(told(listener)) == count and told(other)[0]["seq"] >= count

    run(story())


def test_without_any_subscription_replies_and_own_errors_still_come(clients):
    async def story():
        async with clients() as client, clients() as other:
            await streaming(other)
            await client.command("unsubscribe")
            assert await hears(client, other) == set()
            assert (await client.command("get_streaming_status"))["data"]["is_streaming"]
            start = len(client.messages)
            reply = await client.command("connect_device", address="11:22:33:44:55:66")
            assert reply["data"]["error_code"] == "BUSY"
            await client.event("error", start, error_code="BUSY")
            await client.send("not JSON")
            await client.event("error", start, error_code="INVALID_MESSAGE")
            # An event to all is not for it.
            await other.command("insert_marker", label="here")
            await other.event("marker", label="here")
            assert (await client.command("health_check"))["success"]
            assert not [m for m in client.messages[start:] if m.get("event_type") == "marker"]

    run(story())


def test_a_burst_is_served_a_flood_is_told_busy_and_each_command_has_its_one_reply(clients):
    async def story():
        async with clients() as client, clients() as other:
            limits = (await client.command("get_server_info"))["data"]["limits"]
            burst, rate = limits["commands_burst"], limits["commands_per_second"]
            assert (burst, rate) == (500, 100)
            flood, began = 3 * burst, time.monotonic()
            for number in range(flood):
                await client.send({"command": "get_streaming_status", "id": f"flood {number}"})
            await client.wait(lambda m: m.get("id") == f"flood {flood - 1}")
            replies = [m for m in client.messages if str(m.get("id", "")).startswith("flood")]
            assert [m["id"] for m in replies] == [f"flood {n}" for n in range(flood)], "one reply each, in order"
            served = [m["success"] for m in replies]
            print(f"of {flood} commands in one go {sum(served)} were served")
            assert all(served[:burst - 10]), "a burst is served whole"
            # While it was under way a busy machine may have let some more be earned.
            assert sum(served) <= burst + rate * (time.monotonic() - began) + 10 and sum(served) < flood
            assert {m["data"]["error_code"] for m in replies if not m["success"]} == {"BUSY"}
            assert (await other.command("health_check"))["success"], "the limit is one client's, not all's"
            await asyncio.sleep(1.5)
            for number in range(100):
                assert (await client.command("get_streaming_status"))["success"], f"{number} after a rest"

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1")
def test_commands_that_wait_for_one_who_has_left_take_no_place_of_another(clients, daemon):
    """Twelve visits leave 32 scans each to wait; the places for those of ten clients are 320."""

    async def story():
        for _ in range(12):
            async with websockets.connect(daemon.url) as visitor:
                for number in range(32):
                    await visitor.send(json.dumps({"command": "scan_devices", "parameters": {"duration": 30}}))
                await visitor.send('{"command":"get_streaming_status"}')
                while json.loads(await visitor.recv()).get("command") != "get_streaming_status":
                    pass
        async with clients() as client, clients() as other:
            await client.send({"command": "scan_devices", "id": "mine"})
            await other.command("stop_scan")
            reply = await client.wait(lambda m: m.get("id") == "mine")
            assert reply["success"], reply
            assert (await client.command("connect_device", address="AA:BB:CC:DD:EE:FF"))["success"]

    run(story())
