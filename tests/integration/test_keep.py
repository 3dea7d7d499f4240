"""keep_recent: a session of what a band has just sent."""

import asyncio
import json
import pathlib
import signal

import pytest
import websockets

from peers import Client, Daemon, run

ADDRESS = "AA:BB:CC:DD:EE:FF"


def packets(folder):
    """Sensor and bytes of each packet, in order."""
    lines = (line.split() for line in (folder / "packets.lbcap").read_text().splitlines() if not line.startswith("#"))
    return [(sensor, data) for _, sensor, data in lines]


def of_sensors(folder):
    return [packet for packet in packets(folder) if packet[0] != "bat"]


@pytest.fixture
def daemons(tmp_path):
    running = []

    def start(sim="", *arguments):
        daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast" + sim, "--data-dir", str(tmp_path), *arguments)
        running.append(daemon)
        return daemon

    yield start
    for daemon in running:
        daemon.process.kill()
        daemon.process.communicate()


def processed(folder, sensor):
    """The data of the sensor's messages in processed.jsonl, in order."""
    messages = map(json.loads, (folder / "processed.jsonl").read_text().splitlines())
    return [message["data"] for message in messages if message["sensor_type"] == sensor]


async def until(client, sensor, seconds, start=0):
    """Until samples of so many seconds of the band's time have come."""
    def is_late_enough(message):
        return (message["type"] == "raw_data" and message["sensor_type"] == sensor
                and message["data"][-1]["timestamp"] - first["data"][0]["timestamp"] >= seconds * 1e3)

    first = await client.data(sensor, start)
    return await client.wait(is_late_enough, start=start)


async def kept(client, **parameters):
    start = len(client.messages)
    reply = await client.command("keep_recent", **parameters)
    assert reply["success"], reply
    made = await client.event("recording_file", start, file="session.bdf")
    assert made["data"]["state"] == "ready" and made["data"]["session_id"] == reply["data"]["session_id"]
    return reply["data"], pathlib.Path(reply["data"]["path"])


def test_it_holds_to_the_byte_what_a_recording_would_have_held(daemons):
    daemon = daemons(",speed=10,loss=0.03")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        recorded = pathlib.Path((await client.command("start_recording"))["data"]["path"])
        await client.command("start_streaming")
        await client.command("insert_marker", label="while it was")
        await until(client, "acc", 60)
        data, folder = await kept(client, session_name="just now", participant="07", task="rest", notes="a note")
        start = len(client.messages)
        await client.command("stop_recording")
        await client.event("recording_file", start)
        there, here = of_sensors(recorded), of_sensors(folder)
        assert len(here) > 500 and there[:len(here)] == here
        for name in ("eeg.csv", "ppg.csv", "acc.csv"):
            whole, part = [(place / name).read_text().splitlines() for place in (recorded, folder)]
            sure = len(part) - 1000 * (name == "eeg.csv")  # flags of the end's seconds are known only later
            assert len(part) > 1000 / 10 and whole[:max(sure, 0)] == part[:max(sure, 0)]
            assert [row.rpartition(",")[0] for row in whole[:len(part)]] == [row.rpartition(",")[0] for row in part]
        told = json.loads((folder / "session.json").read_text())
        assert (told["state"], told["reason"], told["session_name"]) == ("complete", "user_request", "just now")
        assert [told[key] for key in ("participant", "task", "notes")] == ["07", "rest", "a note"]
        assert told["gaps"]["total"] > 0 and told["backend"] == "simulated"
        assert [marker["label"] for marker in told["markers"]["list"]] == ["while it was"]
        assert data["is_recording"] is False and data["session_id"] == folder.name
        assert data["bands"] == [{"device_id": told["device"]["device_id"], "path": str(folder), "samples": data["samples"],
                                  "lost": data["lost"]}]
        assert data["samples"]["eeg"] == told["counts"]["eeg"]["samples"] == len((folder / "eeg.csv").read_text().splitlines()) - 1
        assert data["bytes"] > 0 and data["duration"] == pytest.approx(told["duration"], abs=0.01)
        listed = (await client.command("list_recordings"))["data"]["sessions"]
        assert {one["session_id"] for one in listed} == {folder.name, recorded.name}
        await client.close()

    run(story())


async def join(client, name, sensor="acc"):
    start = len(client.messages)
    assert (await client.command("connect_device", device_id=name))["success"]
    assert (await client.command("start_streaming", device_id=name))["success"]
    await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == name and m["sensor_type"] == sensor, start=start)


async def hear(client, names, seconds):
    """Until samples of so many seconds of each band's time have come."""
    for name in names:
        first = await client.wait(lambda m, name=name: m["type"] == "raw_data" and m["sensor_type"] == "acc"
                                  and m["device_id"] == name)
        await client.wait(lambda m, name=name, first=first: m["type"] == "raw_data" and m["sensor_type"] == "acc"
                          and m["device_id"] == name
                          and m["data"][-1]["timestamp"] - first["data"][0]["timestamp"] >= seconds * 1e3)


def rows_without_flags(path):
    return [row.rpartition(",")[0] for row in path.read_text().splitlines()]


FIRST, SECOND, THIRD = "LXB-51A00000", "LXB-51A00001", "LXB-51A00002"


def test_of_several_bands_it_is_laid_as_a_recording_of_them(daemons):
    daemon = daemons(",speed=10,loss=0.03,bands=2", "--max-bands", "2")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        for name in (FIRST, SECOND):
            assert (await client.command("connect_device", device_id=name))["success"]
        recorded = pathlib.Path((await client.command("start_recording"))["data"]["path"])
        await client.command("start_streaming")
        await hear(client, (FIRST, SECOND), 15)
        for label, of in (("of both", None), ("of the second", SECOND), ("of both", None), ("of the first", FIRST)):
            assert (await client.command("insert_marker", label=label, device_id=of))["success"]
        await hear(client, (FIRST, SECOND), 60)
        start = len(client.messages)
        data = (await client.command("keep_recent", session_name="both", formats=["csv", "bdf", "jsonl"]))["data"]
        folder = pathlib.Path(data["path"])
        for name in (FIRST, SECOND):
            await client.event("recording_file", start, session_id=folder.name, file=f"{name}/session.bdf", state="ready")
        await client.command("stop_recording")
        assert {path.name for path in folder.iterdir()} == {FIRST, SECOND, "markers.csv", "session.json"}
        assert (folder / "markers.csv").read_text() == (recorded / "markers.csv").read_text()
        assert (folder / "markers.csv").read_text().count("of both") == 2
        told = json.loads((folder / "session.json").read_text())
        assert (told["state"], told["problem"], told["session_name"]) == ("complete", None, "both")
        assert [band["folder"] for band in told["bands"]] == [FIRST, SECOND]
        assert [marker["label"] for marker in told["markers"]["list"]] == ["of both", "of the second", "of both", "of the first"]
        for name, band, answered in zip((FIRST, SECOND), told["bands"], data["bands"]):
            there, here = of_sensors(recorded / name), of_sensors(folder / name)
            # It begins with its first packet, the recording before it: what came late is left out of either.
            assert len(here) > 500 and here == there[there.index(here[0]):][:len(here)]
            for file in ("eeg.csv", "ppg.csv", "acc.csv"):
                whole, part = rows_without_flags(recorded / name / file), rows_without_flags(folder / name / file)
                assert len(part) > 100 and part[2:] == whole[whole.index(part[2]):][:len(part) - 2]
            assert {path.name for path in (folder / name).iterdir()} == {
                "packets.lbcap", "eeg.csv", "ppg.csv", "acc.csv", "bat.csv", "columns.json", "session.bdf", "processed.jsonl"}
            assert {message["device_id"] for message in map(json.loads, open(folder / name / "processed.jsonl"))} == {name}
            assert answered == {"device_id": name, "path": str(folder / name), "samples": answered["samples"],
                                "lost": answered["lost"]}
            assert answered["samples"]["eeg"] == band["counts"]["eeg"]["samples"] == len(rows_without_flags(
                folder / name / "eeg.csv")) - 1
            assert band["gaps"]["total"] > 0
        assert data["samples"]["eeg"] == sum(band["samples"]["eeg"] for band in data["bands"])
        assert len({(folder / name / "session.bdf").stat().st_size for name in (FIRST, SECOND)}) == 1
        await client.close()

    run(story())


def test_it_is_of_those_named_or_of_all_that_a_recording_would_still_be_of(daemons):
    daemon = daemons(",speed=10,bands=3", "--max-bands", "2")

    async def kept_of(client, **parameters):
        reply = await client.command("keep_recent", formats=["csv"], **parameters)
        assert reply["success"], reply
        folder = pathlib.Path(reply["data"]["path"])
        names = [band["device_id"] for band in reply["data"]["bands"]]
        # Of one band it is as it always was.
        assert (folder / "packets.lbcap").exists() == (len(names) == 1)
        return names

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await join(client, FIRST)
        assert await kept_of(client) == [FIRST]
        await join(client, SECOND)
        assert await kept_of(client) == [FIRST, SECOND]
        assert await kept_of(client, device_id=SECOND) == [SECOND]
        assert await kept_of(client, device_id=[SECOND.lower(), FIRST]) == [FIRST, SECOND]
        refused = await client.command("keep_recent", device_id=[FIRST, THIRD])
        assert refused["data"]["error_code"] == "RECORDING_ERROR" and THIRD in refused["message"]
        await client.command("disconnect_device", device_id=FIRST)
        await join(client, THIRD)
        assert await kept_of(client) == [FIRST, SECOND, THIRD]
        # Nobody is there, and then somebody: what was before is another recording.
        await client.command("disconnect_device")
        assert await kept_of(client) == [FIRST, SECOND, THIRD]
        await join(client, SECOND)
        assert await kept_of(client) == [SECOND]
        assert await kept_of(client, device_id=[FIRST, THIRD]) == [FIRST, THIRD]
        await client.close()

    run(story())


def test_sensors_and_formats_are_those_of_a_recording(daemons):
    daemon = daemons(",speed=10,loss=0.02", "--mains", "60")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        reply = await client.command("start_recording", formats=["csv", "bdf", "jsonl"])
        recorded = pathlib.Path(reply["data"]["path"])
        await client.command("start_streaming")
        await until(client, "acc", 30)
        _, folder = await kept(client, formats=["bdf", "jsonl"])
        reply = await client.command("keep_recent", sensors=["eeg"], formats=["jsonl"])
        alone = pathlib.Path(reply["data"]["path"])
        await client.command("stop_recording")
        # session.json is written once more after the reply, beside itself first.
        names = lambda folder: {path.name for path in folder.iterdir()} - {"session.json.part"}
        assert names(folder) == {
            "packets.lbcap", "processed.jsonl", "session.bdf", "session.json"}
        assert names(alone) == {"packets.lbcap", "processed.jsonl", "session.json"}
        assert reply["data"]["samples"].keys() == {"eeg"}
        for sensor in ("eeg", "ppg", "acc"):
            sent, made = processed(recorded, sensor), processed(folder, sensor)
            assert len(made) > 20 and made == sent[:len(made)]
        assert len(processed(alone, "eeg")) >= len(processed(folder, "eeg")) and not processed(alone, "ppg")
        assert json.loads((alone / "session.json").read_text())["formats"] == ["jsonl"]
        await client.close()

    run(story())


def test_minutes_tell_how_far_back_and_memory_how_far_at_most(daemons):
    daemon = daemons(",speed=40", "--keep-minutes", "2")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        assert (await client.command("get_server_info"))["data"]["limits"]["keep_minutes"] == 2
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        await until(client, "acc", 240)
        # What came meanwhile counts, too: a tenth of a second more is four of the band's.
        data, folder = await kept(client, minutes=1)
        assert 58 <= data["duration"] <= 75
        again, other = await kept(client, minutes=60)
        assert 118 <= again["duration"] <= 150 and other != folder
        for place in (folder, other):
            sound = json.loads((place / "session.json").read_text())
            assert sound["problem"] is None and sound["counts"]["eeg"]["lost_link"] == 0
        await client.close()

    run(story())


def test_a_lost_band_is_a_gap_and_what_was_before_is_there(daemons):
    daemon = daemons(",drop-at=10:1")

    async def story():
        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        await client.event("stream_started", resumed=True, seconds=60)
        await until(client, "eeg", 1, len(client.messages))
        data, folder = await kept(client)
        text = (folder / "packets.lbcap").read_text()
        assert text.count("#! link up") == 2 and text.count("#! link down") == 1
        assert data["lost"]["eeg"] > 250
        assert any(gap["from"] for gap in json.loads((folder / "session.json").read_text())["gaps"]["list"])
        # Another band's are not to be had, and after a goodbye the last ones still are.
        refused = await client.command("keep_recent", device_id="LXB-00000000")
        assert refused["data"]["error_code"] == "RECORDING_ERROR"
        await client.command("disconnect_device")
        data, _ = await kept(client, minutes=10)
        assert data["samples"]["eeg"] > 0
        await client.close()

    run(story())


def test_nothing_is_kept_where_that_is_off_and_before_anything_came(daemons):
    async def story():
        for arguments, words in ((["--keep-minutes", "0"], "--keep-minutes"), ([], "Nothing is kept of any band")):
            daemon = daemons("", *arguments)
            client = Client(await websockets.connect(daemon.url))
            reply = await client.command("keep_recent")
            assert reply["data"]["error_code"] == "RECORDING_ERROR" and words in reply["message"]
            await client.close()

    run(story())


FILES = {"csv": ["eeg.csv", "ppg.csv", "acc.csv", "markers.csv", "columns.json"], "bdf": ["session.bdf"],
         "jsonl": ["processed.jsonl"]}


@pytest.mark.parametrize("formats", [["csv"], ["bdf"], ["csv", "bdf", "jsonl"]], ids="+".join)
def test_killed_in_the_middle_it_loses_no_finished_session(daemons, tmp_path, formats):
    daemon = daemons(",speed=20")

    async def killed():
        client = Client(await websockets.connect(daemon.url))
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        await until(client, "acc", 60)
        _, folder = await kept(client, session_name="first", formats=["csv", "bdf", "jsonl"])
        await client.send({"type": "command", "command": "keep_recent", "parameters": {
            "session_name": "second", "formats": formats}})
        await asyncio.sleep(turn * 0.05)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        daemon.stop(signal.SIGKILL)
        await client.reader
        return folder, before

    async def whole():
        """What was under way is whole, or was never there, or is repaired; or had nothing yet, which is told."""
        client = Client(await websockets.connect(daemon.url))
        for _ in range(600):
            sessions = (await client.command("list_recordings"))["data"]["sessions"]
            if all(one["state"] in ("complete", "interrupted") for one in sessions):
                break
            await asyncio.sleep(0.1)
        told = {one["problem"] for one in sessions}
        assert told <= {None, "packets.lbcap can't be read: No such file or directory"}, told
        await client.close()

    for turn in range(3):
        folder, before = run(killed())
        daemon.start()
        run(whole())
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        for second in tmp_path.glob("*_second*"):
            told = json.loads((second / "session.json").read_text())
            files = {path.name for path in second.iterdir()}
            assert files == {name for name, file in told["files"].items() if file} | {"session.json"}, files
            # Of a repaired one its packets are what there is of the messages.
            wanted = [format for format in formats if format != "jsonl" or told["state"] == "complete"]
            if not told["problem"]:
                assert files >= {name for format in wanted for name in FILES[format]}, (told["state"], files)
