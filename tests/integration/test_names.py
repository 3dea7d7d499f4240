"""What a client names is told to all, kept and printed: no control character of it gets there, C1 (U+0080 to U+009F) not
either, of which one begins terminals' commands."""

import json
import pathlib
import re

import pytest
import websockets

from peers import Client, Daemon, run

ADDRESS = "AA:BB:CC:DD:EE:FF"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
WILD = "a\x9b31mb\x85c\x1b[0md\ne\x7ff\x80\x9fg"
TAME = "a 31mb c [0md e f  g"


def strings(value):
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in [k, *strings(v)]]
    if isinstance(value, list):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


def test_labels_and_session_names_reach_nobody_with_control_characters(clients):
    async def story():
        async with clients() as client, clients() as other:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_streaming")
            await client.data("eeg")
            path = (await client.command("start_recording", session_name=WILD))["data"]["path"]
            await client.command("insert_marker", label=WILD)
            assert (await other.event("marker"))["data"]["label"] == TAME
            assert (await other.event("recording_started"))["data"]["session_name"] == TAME
            seq = (await client.data("eeg", len(client.messages)))["seq"]
            await client.wait(lambda m: m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["seq"] == seq + 10)
            await client.command("stop_recording")
            await other.event("recording_file", state="ready")
            listed = (await client.command("list_recordings"))["data"]["sessions"]
            assert [s["session_name"] for s in listed] == [TAME]
            for message in client.messages + other.messages:
                assert not [s for s in strings(message) if CONTROL.search(s)], message
            folder = pathlib.Path(path)
            about = json.loads((folder / "session.json").read_text())
            assert about["session_name"] == TAME and not [s for s in strings(about) if CONTROL.search(s)]
            for name in ("markers.csv", "packets.lbcap"):
                assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", (folder / name).read_text()), name

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", "bluetooth=off")
@pytest.mark.parametrize("command", [
    {"command": WILD}, {"command": "connect_device", "parameters": {"device_id": WILD}}, {"command": "stop_scan", "parameters": {WILD: 1}},
])
def test_what_is_echoed_is_blanked(daemon, command):
    async def story():
        client = Client(await websockets.connect(daemon.url))
        await client.send(command)
        reply = await client.wait(lambda m: m["type"] == "command_response")
        await client.command("health_check")
        await client.close()
        for message in [reply, *client.messages]:
            assert not [s for s in strings(message) if CONTROL.search(s)], message

    run(story())


def test_simulated_bands_are_no_weaker_than_a_radio_can_tell():
    daemon = Daemon("--backend", "sim", "--sim", "bands=8,rssi=-120,radio=fast")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        devices = (await client.command("scan_devices", duration=1))["data"]["devices"]
        assert len(devices) == 8 and min(d["rssi"] for d in devices) == -127
        await client.close()

    try:
        run(story())
    finally:
        assert daemon.stop()[0] == 0
