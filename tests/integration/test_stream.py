"""From a scan to samples, as a newcomer goes it."""

import asyncio
import time

import pytest

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"


def test_the_first_thing_told_is_the_state_of_the_band(clients):
    async def story():
        async with clients() as client:
            first = await client.wait(lambda m: True)
            assert first["event_type"] == "device_info"
            assert first["data"]["connected"] is False
            assert first["data"]["server"]["name"] == "linkbandd"
            await client.event("bluetooth_status", available=True, powered=True)

    run(story())


def test_scan_connect_stream_stop_disconnect(clients):
    async def story():
        async with clients() as client:
            reply = await client.command("scan_devices", duration=2)
            assert reply["success"]
            assert ADDRESS in [d["address"] for d in reply["data"]["devices"]]
            reply = await client.command("connect_device", address=ADDRESS.lower())
            assert reply["success"] and reply["data"]["address"] == ADDRESS
            await client.event("device_connected", address=ADDRESS)
            await client.data("bat")
            start = len(client.messages)
            reply = await client.command("start_streaming", sensors=["eeg", "ppg", "acc"])
            assert reply["success"] and reply["data"]["sample_rate"] == 250
            for sensor in ("eeg", "ppg", "acc"):
                message = await client.data(sensor, start)
                times = [s["timestamp"] for s in message["data"]]
                assert times == sorted(set(times))
            kinds = [m["type"] for m in client.messages[start:]]
            started = [m.get("event_type") for m in client.messages].index("stream_started")
            assert kinds.index("raw_data") + start > started
            reply = await client.command("stop_streaming")
            assert reply["success"] and reply["data"]["samples"]["eeg"] > 0
            await client.event("stream_stopped", reason="user_request")
            reply = await client.command("disconnect_device")
            assert reply["success"]
            await client.event("device_disconnected", reason="user_request", will_reconnect=False)

    run(story())


def test_commands_in_one_go_as_the_guide_sends_them(clients):
    async def story():
        async with clients() as client:
            await client.send({"type": "command", "command": "scan_devices"})
            await client.event("scan_result", status="scanning")
            await client.send(
                {"type": "command", "command": "connect_device", "parameters": {"address": ADDRESS}}
            )
            await client.send({"type": "command", "command": "start_streaming"})
            await client.data("eeg")
            order = [m.get("event_type") or m.get("command") for m in client.messages]
            assert order.index("scan_devices") < order.index("connect_device")
            assert order.index("connect_device") < order.index("device_connected")
            assert order.index("device_connected") < order.index("start_streaming")
            assert order.index("start_streaming") < order.index("stream_started")

    run(story())


@pytest.mark.parametrize("rate", [125, 62.5])
def test_half_and_a_quarter_of_the_rate_come_as_asked(clients, rate):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            reply = await client.command("start_streaming", sensors=["eeg"], sample_rate=rate)
            assert reply["success"] and reply["data"]["sample_rate"] == rate
            await client.wait(lambda m: m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["seq"] == 20)
            eeg = [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg"]
            assert all(m["sample_rate"] == rate for m in eeg)
            count = sum(len(m["data"]) + m["lost"] for m in eeg)
            first, last = eeg[0]["data"][0]["timestamp"], eeg[-1]["data"][-1]["timestamp"]
            assert abs((count - 1) / (last - first) * 1000 - rate) < 2
            reply = await client.command("start_streaming", sensors=["eeg"], sample_rate=300)
            assert not reply["success"]
            assert reply["data"]["error_code"] == "INVALID_PARAMETERS"
            assert reply["data"]["details"]["allowed"] == [250, 125, 62.5]

    run(story())


@pytest.mark.parametrize(
    "message",
    ["", "hello", "[]", "1", '{"type":"command"}', '{"command":5}', '{"a":01}', "{} {}", '{"a":"\\u0000"}'],
)
def test_what_is_no_command_gets_one_error_to_the_sender_and_the_socket_stays(clients, message):
    async def story():
        async with clients() as client, clients() as other:
            await client.event("bluetooth_status")
            start = len(client.messages)
            await client.send(message)
            error = await client.event("error", start)
            assert error["data"]["error_code"] == "INVALID_MESSAGE"
            reply = await client.command("health_check")
            assert reply["success"]
            assert not [m for m in other.messages if m.get("event_type") == "error"]

    run(story())


@pytest.mark.parametrize("command", ["start_streaming", "disconnect_device", "stop_streaming"])
def test_without_a_band(clients, command):
    async def story():
        async with clients() as client:
            reply = await client.command(command)
            if command == "start_streaming":
                assert reply["data"]["error_code"] == "NOT_CONNECTED"
            else:
                assert reply["success"]

    run(story())


def test_an_unknown_command_and_ignored_parameters(clients):
    async def story():
        async with clients() as client:
            reply = await client.command("fly")
            assert reply["data"]["error_code"] == "UNKNOWN_COMMAND"
            reply = await client.command("get_streaming_status", colour="blue")
            assert reply["success"] and "colour" in reply["message"]
            reply = await client.command("start_recording", session_name="x")
            assert reply["data"]["error_code"] == "NOT_CONNECTED"

    run(story())


def test_health_check_echoes_the_id_as_it_came(clients):
    async def story():
        async with clients() as client:
            for id in ("1700000000000", 7, -2.5, 2**53, "ü\n"):
                start = len(client.messages)
                await client.send({"type": "health_check", "id": id})
                answer = await client.wait(lambda m: m["type"] == "health_check_response", start=start)
                assert answer["id"] == id and type(answer["id"]) is type(id)

    run(story())


def test_a_marker_reaches_everyone(clients):
    async def story():
        async with clients() as client, clients() as other:
            now = round(time.time() * 1000)
            reply = await client.command("insert_marker", label="eyes closed", timestamp=now)
            assert reply["data"]["timestamp"] == now
            event = await other.event("marker", label="eyes closed")
            assert event["data"]["timestamp"] == now

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1,radio=fast", "--auto-connect", "lxb-51a00000")
def test_auto_connect_streams_without_being_asked(clients):
    async def story():
        async with clients() as client:
            for sensor in ("eeg", "ppg", "acc"):
                await client.data(sensor)
            reply = await client.command("disconnect_device")
            assert reply["success"]
            await client.event("device_disconnected", reason="user_request", will_reconnect=False)
            start = len(client.messages)
            await asyncio.sleep(2)
            assert not [m for m in client.messages[start:] if m.get("event_type") == "device_connected"]

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1,radio=fast,skip=0,drop-at=10:1")
def test_a_lost_link_comes_back_and_the_gap_is_told(clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_streaming")
            await client.event("device_disconnected", reason="link_lost", will_reconnect=True)
            await client.event("stream_stopped", will_resume=True)
            await client.event("device_connected", resumed=True)
            await client.event("stream_started", resumed=True)
            start = len(client.messages)
            gap = await client.wait(
                lambda m: m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["lost"] > 25, 10
            )
            eeg = [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg"]
            before = eeg[eeg.index(gap) - 1]["data"][-1]["timestamp"]
            missing = (gap["data"][0]["timestamp"] - before) * 0.2502 - 1
            print(f"lost {gap['lost']}, by the timestamps {missing:.1f}")
            assert abs(gap["lost"] - missing) < 3 and start

    run(story())
