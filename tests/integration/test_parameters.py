"""Each parameter of each command out of its range: refused to the sender alone, by name, and the socket stays open."""

import asyncio
import json

import websockets

from peers import Client, run, validate

NOT_A_NUMBER = ["5", "", True, [], {}]
NOT_A_STRING = [5, 0, True, [], {}, ""]
NOT_A_DEVICE = [5, 0, True, [], {}, "", [""], [5], [None], [["LXB-1"]], ["LXB-1", ""], "x" * 32, [f"LXB-{i}" for i in range(9)]]
NOT_A_LIST = ["eeg", 5, True, {}, [], [""], [None], [1], [["eeg"]], ["eeg", "emg"]]
LONG = "x" * 5000

# Every value is wrong by itself; `WITH` gives what else the command needs.
WRONG = {
    "scan_devices": {"duration": [*NOT_A_NUMBER, 0, -1, 0.999, 60.001, 61, 1e300]},
    "connect_device": {
        "address": [*NOT_A_STRING, "AA:BB", "AA:BB:CC:DD:EE:FF:00", "AA-BB-CC-DD-EE-FF", "AA:BB:CC:DD:EE:FG", LONG],
        "device_id": [*NOT_A_DEVICE, LONG],
    },
    **{command: {"device_id": [*NOT_A_DEVICE, LONG]} for command in
       ("disconnect_device", "check_device_connection", "stop_streaming", "get_streaming_status")},
    "start_streaming": {
        "sensors": NOT_A_LIST,
        "sample_rate": [*NOT_A_NUMBER, 0, -250, 249.5, 1e9],
        "duration": [*NOT_A_NUMBER, 0, -1, 604801, 1e300],
        "device_id": [*NOT_A_DEVICE, LONG],
    },
    "start_recording": {
        "session_name": [*NOT_A_STRING, "x" * 256, LONG],
        "sensors": NOT_A_LIST,
        "sample_rate": [*NOT_A_NUMBER, 0, -250, 249.5, 1e9],
        "duration": [*NOT_A_NUMBER, 0, -1, 604801, 1e300],
        "formats": ["csv", 5, True, {}, [], [""], [1], ["csv", "xls"]],
        "participant": [*NOT_A_STRING, "x" * 65, LONG],
        "task": [*NOT_A_STRING, "x" * 65, LONG],
        "notes": [*NOT_A_STRING, "x" * 1001, LONG],
        "device_id": [*NOT_A_DEVICE, LONG],
    },
    "keep_recent": {
        "minutes": [*NOT_A_NUMBER, 0, 0.05, 61, 1e300],
        "session_name": [*NOT_A_STRING, "x" * 256, LONG],
        "sensors": NOT_A_LIST,
        "formats": ["csv", 5, True, {}, [], [""], [1], ["csv", "xls"]],
        "participant": [*NOT_A_STRING, "x" * 65, LONG],
        "task": [*NOT_A_STRING, "x" * 65, LONG],
        "notes": [*NOT_A_STRING, "x" * 1001, LONG],
        "device_id": [*NOT_A_STRING, "x" * 32, LONG],
    },
    "list_recordings": {
        "limit": [*NOT_A_NUMBER, 0, -1, 51, 1.5, 1e300],
        "before": [*NOT_A_STRING, "yesterday", "../../etc/passwd", LONG],
    },
    "delete_recording": {"session_id": [*NOT_A_STRING, "yesterday", "..", "../../etc/passwd", "20260101T000000Z_a/../b", LONG]},
    "subscribe": {"sensors": NOT_A_LIST, "kinds": NOT_A_LIST, "device_id": [*NOT_A_DEVICE, LONG]},
    "unsubscribe": {"sensors": NOT_A_LIST, "kinds": NOT_A_LIST},
    "insert_marker": {"label": [*NOT_A_STRING, "x" * 257, LONG], "timestamp": [True, [], {}, "", "soon", -1, 1e300],
                      "device_id": [*NOT_A_DEVICE, LONG]},
}
WITH = {("insert_marker", "timestamp"): {"label": "x"}, ("insert_marker", "device_id"): {"label": "x"}}
NEEDED = [("connect_device", "address"), ("insert_marker", "label"), ("delete_recording", "session_id")]


def cases():
    for command, parameters in WRONG.items():
        for parameter, values in parameters.items():
            for value in values:
                yield command, parameter, {**WITH.get((command, parameter), {}), parameter: value}
    for command, parameter in NEEDED:
        yield command, parameter, {}
        yield command, parameter, {parameter: None}


def what_is_wrong(case, reply, error):
    """Why this answer is not the right one, or None."""
    command, parameter, given = case
    data = reply["data"]
    if reply["success"] or reply["command"] != command or data.get("error_code") != "INVALID_PARAMETERS":
        return "not refused as it should be"
    details = data["details"]
    allowed = details["allowed"]
    named = allowed if isinstance(allowed, str) else ", ".join(f"{rate:g}" for rate in allowed)
    if details["parameter"] != parameter or not allowed or named not in reply["message"]:
        return "the refusal names another parameter, or not what is allowed"
    if given.get(parameter) is not None and len(json.dumps(given)) < 100 and details["given"] != given[parameter]:
        return "the refusal does not tell what was given"
    if error != data:
        return "the error event differs from the reply"
    return None


def test_each_parameter_out_of_its_range(daemon):
    async def story():
        client, other = [Client(await websockets.connect(daemon.url)) for _ in range(2)]
        info = (await client.command("get_server_info"))["data"]
        told = {command: set(names) for command, names in info["parameters"].items() if names}
        assert told == {command: set(names) for command, names in WRONG.items()}, "a parameter without a wrong value here"
        assert set(info["parameters"]) == set(info["commands"])
        count, wrong = 0, []
        for case in cases():
            start = len(client.messages)
            reply = await client.command(case[0], **case[2])
            error = (await client.event("error", start))["data"] if not reply["success"] else None
            fault = what_is_wrong(case, reply, error)
            wrong += [f"{case[0]} {json.dumps(case[2])[:100]}: {fault}: {json.dumps(reply)[:300]}"] if fault else []
            count += 1
            await asyncio.sleep(0.011)  # under the limit of commands a second
        assert (await client.command("health_check"))["success"]
        assert (await other.command("health_check"))["success"]
        spilled = [m for m in other.messages if m["type"] == "command_response" and m["command"] != "health_check"
                   or m.get("event_type") == "error"]
        for c in (client, other):
            await c.close()
            validate(c.messages)
        print(f"{count} wrong values, {len(wrong)} wrongly answered, {len(spilled)} told to another")
        assert not wrong, "\n".join(wrong)
        assert not spilled

    run(story())


def test_a_command_s_name_of_any_length_gets_its_one_reply(daemon):
    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        for rest, code in (({}, "UNKNOWN_COMMAND"), ({"id": []}, "INVALID_PARAMETERS")):
            start = len(client.messages)
            await client.send({"command": "x" * 20000, **rest})
            reply = await client.wait(lambda m: m["type"] == "command_response", start=start)
            assert reply["data"]["error_code"] == code and reply["command"] == "x" * 255
        await client.close()

    run(story())


def test_a_name_of_another_band_than_that_of_the_address_is_refused_with_both(daemon):
    """Not heard before, it shows only once the band is connected; heard, at once."""
    async def story():
        client = Client(await websockets.connect(daemon.url))
        for scanned in (False, True):
            if scanned:
                await client.command("scan_devices", duration=1)
            reply = await client.command("connect_device", address="AA:BB:CC:DD:EE:FF", device_id="LXB-OTHER001")
            assert reply["data"]["error_code"] == "INVALID_PARAMETERS", reply
            details = reply["data"]["details"]
            assert details["parameter"] == "device_id" and details["given"] == "LXB-OTHER001" and "at that address" in details["allowed"]
        await client.close()

    run(story())
