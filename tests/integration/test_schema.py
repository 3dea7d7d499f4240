"""docs/schema.json names every command, event and data message, and agrees with the daemon on what may be asked."""

import re

import jsonschema
import websockets

from peers import ROOT, Client, expanded, run, schema
from test_parameters import WITH, cases

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
    info = run(server_info(daemon))
    for command in info["commands"]:
        assert set(named[f"Command_{command}_parameters"]["properties"]) == set(info["parameters"][command])
        assert named[f"Command_{command}"]["properties"]["command"] == {"const": command}
        assert named[f"Command_{command}_reply"]["properties"]["data"] == {"$ref": f"#/$defs/Command_{command}_data"}
        told.remove(f"Command_{command}_reply")
    for event in info["events"]:
        assert named[f"Event_{event}"]["properties"]["data"] == {"$ref": f"#/$defs/Event_{event}_data"}
        told.remove(f"Event_{event}")
    for sensor, kinds in info["sensors"].items():
        # The schema has room for bands of more EEG channels than this one's two.
        more = set(named[f"Data_raw_{sensor}_sample"]["properties"]) ^ set(kinds["raw_data"])
        assert all(sensor == "eeg" and re.fullmatch(r"(leadoff_)?ch[3-8]", field) for field in more), more
        told.remove(f"Data_raw_{sensor}")
        if "processed_data" in kinds:
            assert set(named[f"Data_processed_{sensor}_values"]["properties"]) == set(kinds["processed_data"])
            told.remove(f"Data_processed_{sensor}")
        if "band_data" in kinds:
            assert set(named[f"Data_bands_{sensor}_values"]["properties"]) == set(kinds["band_data"])
            told.remove(f"Data_bands_{sensor}")
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
        ("scan_devices", {}), ("scan_devices", {"duration": None}), ("connect_device", {"device_id": ["LXB-1", "LXB-2"]}), ("stop_streaming", {"device_id": "LXB-1"}), ("connect_device", {"address": "AA:BB:CC:DD:EE:FF", "device_id": None}),
        ("start_streaming", {"sensors": ["eeg"], "duration": 0.001}), ("list_recordings", {"limit": 50, "before": "20260101T000000Z_a-1"}),
        ("insert_marker", {"label": "x", "timestamp": "2026-01-31T12:00:00.123456789+09:00"}), ("insert_marker", {"label": "x", "timestamp": 1769860800000.5}),
        ("subscribe", {"kinds": ["raw"]}), ("subscribe", {"kinds": ["bands"]}),
    ):
        message = {"type": "command", "command": command, "parameters": given, "id": 7}
        jsonschema.Draft202012Validator(expanded(named["AnyCommand"], named)).validate(message)
        assert set(named[f"Command_{command}_parameters"]["properties"]) >= set(given)


def told_in_the_page():
    """Of each command what the table of docs/protocol.md tells of its parameters, without the remarks behind `;`."""
    text = (ROOT / "docs" / "protocol.md").read_text()
    table = text[text.index("| command | parameters"):].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        commands, parameters = (cell.strip() for cell in line.split("|")[1:3])
        yield from ((command, parameters.split("; ")[0]) for command in re.findall(r"`(\w+)`", commands))


def in_the_page_s_words(name, row):
    def quoted(names):
        return ", ".join(f"`{one}`" for one in names)

    text = f"`{name}`" + ("" if row["required"] or row["default"] is not None else "?")
    text += " ⊆ " + quoted(row["values"]) if row["values"] else ""
    text += f" {row['min']}..{row['max']}" if row["max"] is not None else ""
    text += f" {row['unit']}" if row["unit"] else ""
    text += " each" if row["type"] == "device_id" else ""
    if isinstance(row["default"], list):
        return f"{text} ({'all' if row['default'] == row['values'] else quoted(row['default'])})"
    return text if row["default"] is None else f"{text} ({row['default']})"


def in_the_schema_s_words(row):
    told = {} if row["default"] is None else {"default": row["default"]}

    def kind(*types):
        return [*types] if row["required"] else [*types, "null"]

    if row["type"] in ("number", "integer"):
        return {**told, "type": kind(row["type"]), "minimum": row["min"], "maximum": row["max"]}
    if row["type"] == "list":
        return {**told, "type": kind("array"), "items": {"enum": row["values"]}, "minItems": 1}
    if row["type"] == "device_id":
        return {"type": kind("string", "array"), "minLength": row["min"], "maxLength": row["max"], "minItems": 1, "maxItems": 8,
                "items": {"type": "string", "minLength": row["min"], "maxLength": row["max"]}}
    if row["type"] == "string":
        return {**told, "type": kind("string"), "minLength": row["min"], "maxLength": row["max"]}
    return {**told, "type": kind("number", "string") if row["type"] == "time" else kind("string")}


def test_the_page_and_the_schema_tell_of_each_parameter_what_its_row_tells(daemon):
    info = run(server_info(daemon))
    rows = info["parameter_rows"]
    assert {command: list(of) for command, of in rows.items()} == info["parameters"]
    page = dict(told_in_the_page())
    assert set(page) == set(rows)
    _, named = tables()
    for command, of in rows.items():
        assert page[command] == ", ".join(in_the_page_s_words(name, row) for name, row in of.items())
        whole = expanded(named[f"Command_{command}_parameters"], named)
        assert whole["required"] == [name for name, row in of.items() if row["required"]]
        for name, row in of.items():
            expected = in_the_schema_s_words(row)
            told = {key: value for key, value in whole["properties"][name].items() if key in {*expected, "default"}}
            told["type"] = [told["type"]] if isinstance(told["type"], str) else told["type"]
            assert told == expected, f"{command}: {name}"


def test_a_parameter_at_the_end_of_its_row_s_range_is_taken(daemon):
    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        rows = (await client.command("get_server_info"))["data"]["parameter_rows"]
        for command, of in rows.items():
            for name, row in of.items():
                # Of the rates a band has only three; scans and searches take their time.
                if row["max"] is None or name == "sample_rate" or command in ("scan_devices", "connect_device"):
                    continue
                for end in (row["min"], row["max"]):
                    given = {**WITH.get((command, name), {}), name: "x" * int(end) if row["type"] in ("string", "device_id") else end}
                    reply = await client.command(command, **given)
                    assert reply["data"].get("error_code") != "INVALID_PARAMETERS", (command, given, reply)
        await client.close()

    run(story())
