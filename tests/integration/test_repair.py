"""What the next start makes of sessions that something happened to: each ends in a state, and words tell what is missing."""

import asyncio
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

import pytest
import websockets

from peers import LINKBANDD, Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
SIM = ("--backend", "sim", "--sim", "seed=8,radio=fast")


async def record(daemon):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    await client.command("connect_device", address=ADDRESS)
    reply = await client.command("start_recording", session_name="früh")
    start = len(client.messages)
    await asyncio.sleep(3)
    await client.command("stop_recording")
    await client.event("recording_file", start, file="session.bdf", state="ready")
    await client.close()
    return pathlib.Path(reply["data"]["path"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    daemon = Daemon(*SIM, "--data-dir", str(tmp_path_factory.mktemp("whole")))
    try:
        yield run(record(daemon))
    finally:
        assert daemon.stop()[0] == 0


@pytest.fixture
def folder(whole, tmp_path):
    """As a daemon that was killed leaves it, in a data directory of its own."""
    copy = tmp_path / "data" / whole.name
    shutil.copytree(whole, copy)
    (copy / "session.bdf").unlink()
    info = json.loads((copy / "session.json").read_text())
    (copy / "session.json").write_text(json.dumps({**info, "state": "recording", "reason": None}))
    return copy


async def ended(folder):
    """The repair runs beside everything else; one that never ends is seen by what the list says."""
    for _ in range(1000):
        try:
            if info_of(folder)["state"] == "interrupted":
                return
        except (OSError, ValueError):
            pass
        await asyncio.sleep(0.1)


def after_a_start(data, *repaired, delete=None):
    """The list, by id, once those folders are repaired; what was logged; and the reply to a deletion."""
    daemon = Daemon(*SIM, "--data-dir", str(data))
    told = {}

    async def story():
        for folder in repaired:
            await ended(folder)
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        told["list"] = (await client.command("list_recordings"))["data"]["sessions"]
        if delete:
            told["reply"] = await client.command("delete_recording", session_id=delete)
        await client.close()
        validate(client.messages)

    try:
        run(story())
    finally:
        status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log
    return {one["session_id"]: one for one in told["list"]}, log, told.get("reply")


def info_of(folder):
    return json.loads((folder / "session.json").read_text())


@pytest.mark.parametrize("tail", [b"\0" * 70000, b"3.5000 eeg 0102" + b"\0" * 70000, b"\0" * 5],
                         ids=["NULs", "a torn line and NULs", "a few"])
def test_what_a_power_cut_left_unwritten_is_cut(folder, tail):
    kept = {name: (folder / name).read_bytes() for name in ("packets.lbcap", "eeg.csv")}
    for name in kept:
        (folder / name).write_bytes(kept[name] + tail)
    told, _, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted" and told[folder.name]["problem"] is None
    assert told[folder.name]["session_name"] == "früh"
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    assert "session.bdf" in told[folder.name]["files"]


def test_what_a_crash_left_of_a_file_that_was_being_made_goes(folder):
    for name in ("packets.lbcap", "eeg.csv", "session.bdf"):
        (folder / f"{name}.part").write_text("half of it")
    after_a_start(folder.parent, folder)
    assert not list(folder.glob("*.part")) and info_of(folder)["problem"] is None


def test_lines_that_a_power_cut_left_unwritten_amid_others_are_told(folder):
    lines = (folder / "packets.lbcap").read_bytes().splitlines(keepends=True)
    middle = next(i for i, line in enumerate(lines) if i > 20 and b" eeg " in line)
    lines[middle] = b"\0" * (len(lines[middle]) - 1) + b"\n"
    (folder / "packets.lbcap").write_bytes(b"".join(lines))
    told, log, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted"
    assert f"line {middle + 1} (it holds NULs" in told[folder.name]["problem"], told[folder.name]
    assert f"line {middle + 1} (it holds NULs" in log


@pytest.mark.parametrize("name", ["packets.lbcap", "eeg.csv"])
def test_what_cannot_be_repaired_is_told_and_the_rest_is(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    told, log, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted"
    assert name in told[folder.name]["problem"] and "Is a directory" in told[folder.name]["problem"], told[folder.name]
    assert name in log and "Is a directory" in log
    assert info_of(folder)["problem"] == told[folder.name]["problem"]
    assert ("session.bdf" in told[folder.name]["files"]) == (name != "packets.lbcap")


def test_a_session_json_edited_by_hand_is_kept_beside(folder):
    edited = (folder / "session.json").read_text().rstrip("}") + ",}"
    (folder / "session.json").write_text(edited)
    (folder / "session.json.bad").write_text("an earlier one")
    told, log, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted"
    assert "session.json.bad_2" in told[folder.name]["problem"] and "session.json.bad_2" in log
    assert (folder / "session.json.bad_2").read_text() == edited
    assert (folder / "session.json.bad").read_text() == "an earlier one"
    assert info_of(folder)["counts"]["eeg"]["samples"] > 0


def test_a_link_in_place_of_session_json_is_kept_beside_and_not_followed(folder, tmp_path):
    (folder / "session.json").rename(tmp_path / "elsewhere.json")
    before = (tmp_path / "elsewhere.json").read_text()
    (folder / "session.json").symlink_to(tmp_path / "elsewhere.json")
    told, _, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted" and "session.json.bad" in told[folder.name]["problem"]
    assert (tmp_path / "elsewhere.json").read_text() == before and (folder / "session.json.bad").is_symlink()


def test_folders_and_files_of_others_are_told_of_and_left_alone(tmp_path):
    data = tmp_path / "data"
    foreign, plain, link = (data / f"2026010{n}T000000Z_{name}" for n, name in enumerate(["foreign", "plain", "link"]))
    foreign.mkdir(parents=True)
    (foreign / "thesis.txt").write_text("mine")
    plain.write_text("mine, too")
    link.symlink_to(tmp_path)
    told, log, reply = after_a_start(data, delete=foreign.name)
    for one in (foreign, plain, link):
        assert told[one.name]["state"] == "interrupted" and told[one.name]["problem"], told[one.name]
        assert log.count(one.name) >= 1, log
    assert reply["data"]["error_code"] == "RECORDING_ERROR" and "by hand" in reply["data"]["error_message"], reply
    assert [p.name for p in foreign.iterdir()] == ["thesis.txt"] and plain.read_text() == "mine, too"


def test_a_bdf_without_room_for_all_marks_says_how_many_there_are_and_where(folder):
    """What is counted are markers and gaps alone, not the pace at which packets come."""
    packets = folder / "packets.lbcap"
    markers = [f"#! marker {n}.000 m" for n in range(20000)]
    packets.write_text(packets.read_text() + "\n".join(markers) + "\n")
    told, log, _ = after_a_start(folder.parent, folder)
    said = told[folder.name]["problem"]
    count, room = map(int, re.search(r"Its (\d+) markers and gaps are more than a BDF of \d+ s has room for, (\d+)", said).groups())
    assert 20000 <= count <= 20000 + 10 and room < count and "the column lost of the other CSV files the gaps" in said
    assert said in log


def test_a_bdf_that_cannot_be_made_says_why(folder):
    packets = (folder / "packets.lbcap").read_text().splitlines()
    kept = [line for line in packets if not line.startswith("#! clock")]
    up = next(i for i, line in enumerate(kept) if line.startswith("#! link up"))
    kept[up] = kept[up].rsplit(" ", 1)[0] + " 86400000000"
    (folder / "packets.lbcap").write_text("\n".join(kept) + "\n")
    told, log, _ = after_a_start(folder.parent, folder)
    assert told[folder.name]["state"] == "interrupted" and "1985 to 2084" in told[folder.name]["problem"], told
    assert "1985 to 2084" in log


def messages_of(folder):
    by_sensor = {}
    for line in (folder / "processed.jsonl").read_text().splitlines():
        message = json.loads(line)
        by_sensor.setdefault(message["sensor_type"], []).append(message)
    return by_sensor


@pytest.mark.parametrize("kill", range(int(os.environ.get("RECORD_KILLS", "3"))))
def test_processed_messages_are_whole_after_a_kill_or_a_power_cut(tmp_path, kill):
    """Those that were on the disk stay, byte for byte; behind them come those that an export makes, numbered on."""
    chance = random.Random(kill)

    async def killed():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        await client.data("acc")
        reply = await client.command("start_recording", formats=["csv", "jsonl"])
        await asyncio.sleep(chance.uniform(0.2, 8))
        daemon.process.send_signal(signal.SIGKILL)
        return pathlib.Path(reply["data"]["path"])

    daemon = Daemon(*SIM, "--data-dir", str(tmp_path / "data"))
    folder = run(killed())
    daemon.stop()
    processed = folder / "processed.jsonl"
    if processed.exists() and kill % 3 == 1:
        os.truncate(processed, chance.randrange(processed.stat().st_size + 1))
    elif processed.exists() and kill % 3 == 2:
        processed.unlink()
    kept = processed.read_bytes() if processed.exists() else b""
    kept = kept[:kept.rfind(b"\n") + 1]
    daemon.start()
    try:
        run(ended(folder))
    finally:
        assert daemon.stop()[0] == 0
    assert info_of(folder)["problem"] is None
    assert processed.read_bytes()[:len(kept)] == kept
    subprocess.run([LINKBANDD, "export", folder, "--format", "jsonl", "--out", tmp_path], check=True, timeout=60)
    got, made = messages_of(folder), messages_of(tmp_path)
    assert set(got) == set(made)
    for sensor in made:
        assert [m["seq"] for m in got[sensor]] == list(range(len(made[sensor]))), sensor
        assert [m["timestamp"] for m in got[sensor]] == [m["timestamp"] for m in made[sensor]], sensor
    lines = processed.read_bytes()[len(kept):].splitlines()
    assert set(lines) <= set((tmp_path / "processed.jsonl").read_bytes().splitlines())
    print(f"{len(lines)} of {sum(map(len, got.values()))} messages made again")
