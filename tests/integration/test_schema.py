"""docs/schema.json names every command, event and data message, and agrees with the daemon on what may be asked."""

import asyncio
import re

import jsonschema
import websockets

from peers import Client, expanded, schema
from test_parameters import cases

FOR_THIS_BAND = (249.5,)  # Hz; wrong, but not of every band


def tables():
    whole = schema()
    return whole, whole["$defs"]


async def server_info(daemon):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    info = (await client.command("get_server_info"))["data"]
    await client.close()
    return info


def test_each_command_event_and_data_message_is_named(daemon):
    whole, named = tables()
    told = {kind["$ref"].removeprefix("#/$defs/") for kind in whole["oneOf"]}
    info = asyncio.run(asyncio.wait_for(server_info(daemon), 20))
    for command in info["commands"]:
        assert set(named[f"Command_{command}_parameters"]["properties"]) == set(info["parameters"][command])
        assert named[f"Command_{command}"]["properties"]["command"] == {"const": command}
        assert named[f"Command_{command}_reply"]["properties"]["data"] == {"$ref": f"#/$defs/Command_{command}_data"}
        told.remove(f"Command_{command}_reply")
    for event in info["events"]:
        assert named[f"Event_{event}"]["properties"]["data"] == {"$ref": f"#/$defs/Event_{event}_data"}
        told.remove(f"Event_{event}")
    for sensor, kinds in info["sensors"].items():
        assert set(named[f"Data_raw_{sensor}_sample"]["properties"]) == set(kinds["raw_data"])
        told.remove(f"Data_raw_{sensor}")
        if "processed_data" in kinds:
            assert set(named[f"Data_processed_{sensor}_values"]["properties"]) == set(kinds["processed_data"])
            told.remove(f"Data_processed_{sensor}")
    assert told == {"Failure_reply", "Health_check_response"}
    commands = {one["$ref"].removeprefix("#/$defs/Command_") for one in named["AnyCommand"]["oneOf"][1:]}
    assert commands == set(info["commands"])


def test_every_definition_is_used_sound_and_exact():
    whole, named = tables()
    jsonschema.Draft202012Validator.check_schema(whole)
    used = set(re.findall(r"#/\$defs/(\w+)", str(whole))) | {"AnyCommand"}
    assert used == set(named)

    def vague(part, path):
        if isinstance(part, list):
            return [v for i, one in enumerate(part) for v in vague(one, f"{path}/{i}")]
        if not isinstance(part, dict):
            return []
        found = [path] if part.get("type") == "object" and "properties" not in part else []
        return found + [v for key, one in part.items() for v in vague(one, f"{path}/{key}")]

    assert vague(named, "") == []


def test_the_schema_refuses_the_parameters_that_the_daemon_refuses():
    _, named = tables()
    taken = []
    for command, parameter, given in cases():
        validator = jsonschema.Draft202012Validator(expanded(named[f"Command_{command}_parameters"], named))
        if validator.is_valid(given) and given.get(parameter) not in FOR_THIS_BAND:
            taken.append((command, given))
    assert not taken


def test_the_schema_takes_what_the_daemon_takes():
    _, named = tables()
    for command, given in (
        ("scan_devices", {}), ("scan_devices", {"duration": None}), ("connect_device", {"address": "AA:BB:CC:DD:EE:FF", "device_id": None}),
        ("start_streaming", {"sensors": ["eeg"], "duration": 0.001}), ("list_recordings", {"limit": 50, "before": "20260101T000000Z_a-1"}),
        ("insert_marker", {"label": "x", "timestamp": "2026-01-31T12:00:00.123456789+09:00"}), ("insert_marker", {"label": "x", "timestamp": 1769860800000.5}),
        ("subscribe", {"kinds": ["raw"]}),
    ):
        message = {"type": "command", "command": command, "parameters": given, "id": 7}
        jsonschema.Draft202012Validator(expanded(named["AnyCommand"], named)).validate(message)
        assert set(named[f"Command_{command}_parameters"]["properties"]) >= set(given)
