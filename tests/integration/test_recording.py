"""Recording by command, on the simulated band."""

import asyncio
import csv
import json
import os
import pathlib
import re
import urllib.request

import pytest
import websockets

from peers import PATIENCE, Client, Daemon, run

ADDRESS = "AA:BB:CC:DD:EE:FF"


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_its_path_is_absolute_wherever_the_daemon_was_started(tmp_path):
    daemon = Daemon("--backend", "sim", "--sim", "radio=fast", "--data-dir", os.path.relpath(tmp_path))

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        path = pathlib.Path((await client.command("start_recording"))["data"]["path"])
        await client.close()
        assert path.is_absolute() and path.resolve().parent == tmp_path.resolve()

    try:
        run(story())
    finally:
        assert daemon.stop()[0] == 0


def test_a_recording_needs_a_band_but_no_stream(clients):
    async def story():
        async with clients() as client:
            reply = await client.command("start_recording")
            assert reply["data"]["error_code"] == "NOT_CONNECTED"
            assert (await client.command("stop_recording"))["success"]
            await client.event("recording_stopped")
            await client.command("connect_device", address=ADDRESS)
            reply = await client.command("start_recording", session_name="eyes/../closed ü")
            assert reply["success"], reply
            folder = pathlib.Path(reply["data"]["path"])
            started = await client.event("recording_started")
            assert started["data"]["session_id"] == folder.name == reply["data"]["session_id"]
            assert started["data"]["session_name"] == "eyes/../closed ü"
            again = await client.command("start_recording")
            assert again["data"]["error_code"] == "BUSY"
            assert (await client.command("health_check"))["data"]["is_recording"] is True
            marker = await client.command("insert_marker", label="blink")
            assert marker["success"]
            assert (await client.event("marker"))["data"]["session_id"] == folder.name
            await asyncio.sleep(4)
            listed = (await client.command("list_recordings"))["data"]["sessions"]
            assert [(s["session_id"], s["state"]) for s in listed] == [(folder.name, "recording")]
            assert 4 <= listed[0]["duration"] and listed[0]["bytes"] > 0
            start = len(client.messages)
            reply = await client.command("stop_recording")
            assert reply["success"] and reply["data"]["is_recording"] is False
            stopped = await client.event("recording_stopped", start, reason="user_request")
            assert not [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] != "bat"]
            for sensor in ("eeg", "ppg", "acc"):
                assert len(rows(folder / f"{sensor}.csv")) == stopped["data"]["samples"][sensor] > 0
            assert rows(folder / "markers.csv")[0]["label"] == "blink"
            made = await client.event("recording_file", start, file="session.bdf")
            assert made["data"] == {"session_id": folder.name, "file": "session.bdf", "state": "ready", "error_message": None}
            assert json.loads((folder / "session.json").read_text())["state"] == "complete"
            listed = await client.command("list_recordings")
            assert [s["session_id"] for s in listed["data"]["sessions"]] == [folder.name]
            assert (await client.command("delete_recording", session_id=folder.name))["success"]
            assert not folder.exists()
            listed = await client.command("list_recordings")
            assert listed["data"] == {"sessions": [], "more": False}

    run(story())


def test_what_a_dataset_needs_is_told(clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            for refused in ({"participant": ""}, {"task": "x" * 65}, {"notes": 7}, {"notes": "x" * 1001}):
                reply = await client.command("start_recording", **refused)
                assert reply["data"]["error_code"] == "INVALID_PARAMETERS", refused
                assert reply["data"]["details"]["parameter"] in refused
            start = len(client.messages)
            reply = await client.command("start_recording", participant="07", task="rest", notes="closed,\nü",
                                         sensors=["eeg", "ppg"], sample_rate=125)
            folder = pathlib.Path(reply["data"]["path"])
            await client.command("start_streaming", sensors=["eeg"])
            await client.data("eeg", start)
            await client.command("stop_recording")
            await client.event("recording_file", start)
            told = json.loads((folder / "session.json").read_text())
            assert [told[key] for key in ("participant", "task", "notes")] == ["07", "rest", "closed, ü"]
            assert (told["backend"], told["mains"]) == ("simulated", 50)
            assert sorted(told["signals"]) == ["eeg", "ppg"]
            assert told["signals"]["eeg"] == {
                "channels": ["ch1", "ch2"], "unit": "uV", "gain": 12, "range": [-336083, 336083],
                "unit_per_count": pytest.approx(0.040064, abs=1e-6),
                "electrodes": [None, None], "reference": None, "ground": None, "hardware_filter": None,
                "software_filter": "eeg.csv: low-pass, flat to 50 Hz, 60 dB down from 62.5 Hz on"}
            assert told["signals"]["ppg"]["software_filter"] == "none"
            columns = json.loads((folder / "columns.json").read_text())
            for name in ("eeg.csv", "ppg.csv", "markers.csv"):
                header = (folder / name).read_text().splitlines()[0]
                assert list(columns[name]) == header.split(",")
            bare = await client.command("start_recording", formats=["bdf"])
            await client.command("stop_recording")
            folder = pathlib.Path(bare["data"]["path"])
            await client.event("recording_file", start, session_id=folder.name)
            told = json.loads((folder / "session.json").read_text())
            assert told["participant"] is told["task"] is told["notes"] is None
            assert not (folder / "columns.json").exists()

    run(story())


def test_after_a_disconnect_has_ended_a_recording_nothing_of_it_is_wanted(daemon, clients):
    """The next band in its place is subscribed to for what is asked of it, and no more."""

    async def story():
        async with clients() as client:
            assert (await client.command("connect_device", address=ADDRESS))["success"]
            assert (await client.command("start_recording"))["success"]
            assert (await client.command("disconnect_device"))["success"]
            await client.event("recording_stopped")
            assert (await client.command("connect_device", address=ADDRESS))["success"]
            start = len(client.messages)
            assert (await client.command("start_streaming", sensors=["acc"]))["success"]
            await client.wait(lambda m: m["type"] == "raw_data" and m["seq"] >= 2, start=start)
            with urllib.request.urlopen(daemon.url.replace("ws:", "http:").replace("/ws", "/metrics")) as page:
                packets = dict(re.findall(r'linkbandd_packets_total{sensor="(\w+)"} (\d+)', page.read().decode()))
            assert int(packets["acc"]) > 0 and int(packets["eeg"]) == int(packets["ppg"]) == 0, packets

    run(story())


def test_a_recording_outlives_the_stream_and_ends_with_its_duration(clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_streaming")
            reply = await client.command(
                "start_recording", duration=4, formats=["csv", "jsonl"], sensors=["eeg", "acc"]
            )
            folder = pathlib.Path(reply["data"]["path"])
            await client.command("stop_streaming")
            stopped = await client.event("recording_stopped", reason="duration")
            assert stopped["data"]["duration"] >= 4
            assert stopped["data"]["sensors"] == ["eeg", "acc"]
            lines = [json.loads(l) for l in open(folder / "processed.jsonl")]
            eeg = [m for m in lines if m["sensor_type"] == "eeg"]
            assert [m["seq"] for m in eeg] == list(range(len(eeg))) and len(eeg) >= 6
            assert {m["sensor_type"] for m in lines} == {"eeg", "acc"}
            assert sorted(p.name for p in folder.glob("*.csv")) == ["acc.csv", "eeg.csv", "markers.csv"]

    run(story())


def test_a_disconnect_ends_it_and_a_shutdown_too(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_recording")
            await asyncio.sleep(1)
            await client.command("disconnect_device")
            await client.event("recording_stopped", reason="device_disconnected")
            await client.command("connect_device", address=ADDRESS)
            reply = await client.command("start_recording")
            await asyncio.sleep(1)
            start = len(client.messages)
            daemon.process.terminate()
            await client.event("recording_stopped", start, reason="shutdown")
            await client.wait(lambda m: m.get("event_type") == "device_disconnected", start=start)
            daemon.process.wait(PATIENCE)
            await client.reader
            assert client.ws.close_code == 1012
            info = json.loads((pathlib.Path(reply["data"]["path"]) / "session.json").read_text())
            assert info["state"] == "recorded"

    run(story())


def test_a_directory_that_cannot_be_made_leaves_the_rest_working(tmp_path):
    (tmp_path / "file").write_text("")
    daemon = Daemon("--backend", "sim", "--sim", "radio=fast", "--data-dir", str(tmp_path / "file" / "x"))

    async def story():
        import websockets
        from peers import Client

        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        reply = await client.command("start_recording")
        assert reply["data"]["error_code"] == "RECORDING_ERROR"
        assert "--data-dir" in reply["data"]["error_message"]
        assert (await client.command("start_streaming"))["success"]
        await client.close()

    try:
        run(story())
    finally:
        status, log = daemon.stop()
    assert status == 0 and "nothing can be recorded" in log


@pytest.mark.arguments("--backend", "sim", "--sim", "seed=1,radio=fast,skip=0,drop-at=8:3")
def test_what_an_earlier_stream_missed_is_no_loss_of_a_recording(clients):
    """It is told with the next samples, which are the recording's first; but that began later."""
    async def story():
        async with clients() as client:
            assert (await client.command("connect_device", address=ADDRESS))["success"]
            assert (await client.command("start_streaming", sensors=["eeg"]))["success"]
            await client.data("eeg")
            await client.event("device_disconnected", will_reconnect=True)
            await asyncio.sleep(1)
            await client.command("stop_streaming")
            await client.event("device_connected", resumed=True)
            folder = (await client.command("start_recording", sensors=["eeg"]))["data"]["path"]
            while not (await client.command("get_recording_status"))["data"]["samples"]["eeg"]:
                await asyncio.sleep(0.2)
            assert (await client.command("stop_recording"))["data"]["lost"] == {"eeg": 0}
            session = json.loads((pathlib.Path(folder) / "session.json").read_text(encoding="utf-8"))
            assert session["counts"]["eeg"]["lost_link"] == 0 and session["gaps"] == {"list": [], "total": 0}

    run(story())


def test_a_running_recording_tells_the_room_that_is_left(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            assert (await client.command("get_recording_status"))["data"]["minutes_left"] is None
            await client.command("start_recording", formats=["csv"])
            while (status := (await client.command("get_recording_status"))["data"])["minutes_left"] is None:
                await asyncio.sleep(0.05)
            disk = os.statvfs(daemon.data.name)
            # 30 kB/s are assumed at least; others may fill the disk, or empty it, by a half meanwhile.
            at_30_kb_a_second = disk.f_bavail * disk.f_frsize / 30000 / 60
            assert at_30_kb_a_second / 20 < status["minutes_left"] < 2 * at_30_kb_a_second
            assert (await client.command("stop_recording"))["data"]["minutes_left"] is None

    run(story())
