"""A page of the origin `null` may be a stranger's in a sandboxed frame: the tables of docs/protocol.md say what it may ask
for and hear, and each row is tried."""

import asyncio
import json
import pathlib
import shutil

import pytest
import websockets

from peers import ROOT, Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
PARAMETERS = {
    "scan_devices": {"duration": 1},
    "connect_device": {"address": ADDRESS},
    "start_streaming": {"sensors": ["bat"], "duration": 0.001},
    "insert_marker": {"label": "a stranger was here"},
    "delete_recording": {"session_id": "20260101T000000Z_none"},
}


def rows(first):
    """The table of the page that begins with this column: the names of a row, and its last cell."""
    lines = (ROOT / "docs" / "protocol.md").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    assert lines[at].strip("| ").split(" | ")[-1] == "a `null` page"
    found = {}
    for line in lines[at + 2 :]:
        if not line.startswith("|"):
            break
        cells = line.strip("| ").split(" | ")
        found.update({name.strip("` "): cells[-1] for name in cells[0].split(",")})
    return found


async def open_page(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20, origin="null"))


async def open_client(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20))


async def refused(page):
    """The commands that this page is refused now, each tried."""
    commands = (await page.command("get_server_info"))["data"]["commands"]
    found = set()
    for command in commands:
        reply = await page.command(command, **PARAMETERS.get(command, {}))
        if not reply["success"] and reply["data"]["error_code"] == "NOT_ALLOWED":
            found.add(command)
    return set(commands), found


def test_each_command_of_a_null_page_while_a_recording_runs_and_while_none_does(daemon):
    may = rows("command")

    async def story():
        first, page = await open_client(daemon), await open_page(daemon)
        assert (await first.command("connect_device", address=ADDRESS))["success"]
        assert (await first.command("start_streaming"))["success"]
        assert (await first.command("start_recording"))["success"]
        await first.data("eeg", len(first.messages))
        start = len(first.messages)
        commands, shut = await refused(page)
        seq = (await first.data("eeg", len(first.messages)))["seq"]
        await first.wait(lambda m: m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["seq"] == seq + 5)
        told = {m["event_type"] for m in first.messages[start:] if m["type"] == "event"}
        assert not told - {"device_info"}, f"the stranger made happen: {told}"
        assert commands == set(may), "a command without a row, or a row without a command"
        assert shut == {c for c in may if may[c] != "yes"}
        status = (await first.command("get_streaming_status"))["data"]
        assert status["sensors"] == ["eeg", "ppg", "acc", "bat"] and status["duration"] is None
        assert (await first.command("stop_recording"))["data"]["lost"]["ppg"] == 0
        await first.command("disconnect_device")
        assert set(may.values()) == {"yes", "no", "while nothing is recorded"}
        assert (await refused(page))[1] == {c for c in may if may[c] == "no"}
        for client in (first, page):
            await client.close()
            validate(client.messages)

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", "radio=fast", "--allow-origin", "null")
def test_a_null_page_that_was_let_in_by_name_may_all(daemon):
    async def story():
        page = await open_page(daemon)
        assert (await refused(page))[1] == set()
        start = len(page.messages)
        await page.command("subscribe")
        await page.command("insert_marker", label="hers")
        await page.event("marker", start, label="hers")
        await page.close()

    run(story())


async def cause_events(first, folder):
    """All events that can be had without a disk of their own; returns what nobody else should read."""
    off = await first.event("bluetooth_status", powered=False)
    assert not (await first.command("connect_device", address=ADDRESS))["success"]
    await first.event("bluetooth_status", first.messages.index(off), powered=True)
    assert (await first.command("scan_devices", duration=1))["success"]
    assert (await first.command("connect_device", address=ADDRESS))["success"]
    assert (await first.command("start_streaming"))["success"]
    await first.event("sensor_status", sensor_type="acc", seconds=30)
    for name in ("patient 17", "patient 18"):
        start = len(first.messages)
        path = (await first.command("start_recording", session_name=name))["data"]["path"]
        await first.command("insert_marker", label="seizure")
        await first.event("marker", start)
        if name == "patient 17":
            await first.command("stop_recording")
            await first.event("recording_file", start)
    shutil.rmtree(path)
    await first.event("error", seconds=30)
    await first.event("recording_stopped", start, reason="error")
    await first.command("stop_streaming")
    await first.command("disconnect_device")
    await first.event("device_disconnected")
    return ["patient", "seizure", str(folder), pathlib.Path(path).name]


def test_a_null_page_hears_nothing_of_sessions_paths_and_markers(tmp_path):
    heard = rows("event")
    daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast,silent=acc,off=5:10", "--data-dir", str(tmp_path / "data"))

    async def story():
        first, page, other = await open_client(daemon), await open_page(daemon), await open_client(daemon)
        assert set((await first.command("get_server_info"))["data"]["events"]) == set(heard)
        secrets = await cause_events(first, tmp_path)
        await asyncio.gather(page.command("health_check"), other.command("health_check"))
        for client in (first, page, other):
            await client.close()
            validate(client.messages)
        told = {m["event_type"] for m in other.messages if m["type"] == "event"}
        rare = {"storage_low", "client_lagging", "clock_stepped"}  # need a small disk, a slow reader, a clock that is set
        assert told >= set(heard) - rare, f"not caused here: {set(heard) - rare - told}"
        got = {m["event_type"] for m in page.messages if m["type"] == "event"}
        assert got == {e for e in told if heard[e] == "yes"}, got
        text = json.dumps(page.messages)
        assert [s for s in secrets if s in text] == []

    try:
        run(story())
    finally:
        status, log = daemon.stop()
    assert status == 0, log
