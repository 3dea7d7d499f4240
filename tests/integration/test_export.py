"""What can be made of a recording afterwards: its formats again, and a band that plays it."""

import asyncio
import json
import pathlib
import subprocess

import pytest
import websockets

from peers import LINKBANDD, Client, Daemon

ADDRESS = "AA:BB:CC:DD:EE:FF"
SECONDS = 8


async def record(daemon, **parameters):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    await client.command("connect_device", address=ADDRESS)
    start = len(client.messages)
    await client.command("start_streaming")
    await client.data("acc", start)
    reply = await client.command("start_recording", **parameters)
    assert reply["success"], reply
    await client.command("insert_marker", label='a "quoted" märk')
    await asyncio.sleep(SECONDS)
    await client.command("stop_recording")
    await client.event("recording_file", start, 30, file="session.bdf")
    await client.close()
    return pathlib.Path(reply["data"]["path"])


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    daemon = Daemon("--backend", "sim", "--data-dir", str(data), "--sim", "seed=8,radio=fast,loss=0.05")
    try:
        yield asyncio.run(record(daemon, sensors=["eeg", "ppg", "acc"], formats=["csv", "bdf", "jsonl"]))
    finally:
        assert daemon.stop()[0] == 0


def linkbandd(*arguments, status=0, cwd=None):
    done = subprocess.run([LINKBANDD, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=cwd)
    assert done.returncode == status, done
    return done.stderr


def test_csv_and_bdf_come_out_to_the_byte(session, tmp_path):
    linkbandd("export", session, "--format", "csv", "--out", tmp_path)
    linkbandd("export", session, "--format", "bdf", cwd=tmp_path)
    for name in ("eeg.csv", "ppg.csv", "acc.csv", "markers.csv", "session.bdf"):
        assert (tmp_path / name).read_bytes() == (session / name).read_bytes(), name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["acc.csv", "eeg.csv", "markers.csv", "ppg.csv", "session.bdf"]


def test_jsonl_comes_out_as_sent_once_the_filters_have_settled(session, tmp_path):
    linkbandd("export", session.name, "--data-dir", session.parent, "--format", "jsonl", "--out", tmp_path)
    made, sent = ([json.loads(line) for line in open(place / "processed.jsonl")] for place in (tmp_path, session))
    for sensor in ("eeg", "ppg", "acc"):
        again = [m for m in made if m["sensor_type"] == sensor]
        assert [m["seq"] for m in again] == list(range(len(again)))
        then = [m for m in sent if m["sensor_type"] == sensor]
        assert len(again) == len(then) > SECONDS - 4
        for a, b in list(zip(again, then))[-3:]:
            assert a["device_id"] == b["device_id"] and a["timestamp"] == b["timestamp"]
            assert a["data"]["timestamps"] == pytest.approx(b["data"]["timestamps"], abs=0.0011)


def test_a_damaged_line_that_came_years_later_fills_no_disk(session, tmp_path):
    folder = tmp_path / session.name
    folder.mkdir()
    (folder / "session.json").write_bytes((session / "session.json").read_bytes())
    *lines, last, end = (session / "packets.lbcap").read_text().rsplit("\n", 2)
    (folder / "packets.lbcap").write_text("\n".join([*lines, "9" + last.split(".")[0].zfill(8) + ".0" + last[last.index(" "):], end]))
    said = linkbandd("export", folder, "--format", "bdf", "--out", tmp_path, status=1)
    assert "more than the 7" in said and "damaged" in said, said
    assert not list(tmp_path.glob("session.bdf*"))


@pytest.mark.parametrize("format", ["csv", "bdf", "jsonl"])
def test_lines_that_cannot_be_read_are_told(session, tmp_path, format):
    folder = tmp_path / session.name
    folder.mkdir()
    (folder / "session.json").write_bytes((session / "session.json").read_bytes())
    lines = (session / "packets.lbcap").read_text().splitlines(keepends=True)
    bad = {19: "no line of a capture\n", 29: "1.000000 eeg " + "0" * 5000 + "\n"}
    torn = "".join(bad.get(number, line) for number, line in enumerate(lines)) + "8.1000"
    (folder / "packets.lbcap").write_text(torn)
    said = linkbandd("export", folder, "--format", format, "--out", tmp_path)
    assert said.count("can't be read") == 1 and "the first is line 20 (" in said, said
    whole = linkbandd("export", session, "--format", format, "--out", folder)
    assert whole == "", whole


def test_nothing_is_overwritten(session, tmp_path):
    (tmp_path / "ppg.csv").write_text("mine")
    said = linkbandd("export", session, "--format", "csv", "--out", tmp_path, status=1)
    assert "Can't write ppg.csv: File exists" in said and "--out" in said
    assert (tmp_path / "ppg.csv").read_text() == "mine"


def test_a_bdf_is_made_where_the_file_system_knows_no_careful_rename(session, tmp_path):
    (tmp_path / "shim.c").write_text("#include <errno.h>\nint renameat2(void) { errno = EINVAL; return -1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c"], check=True)
    command = ["env", f"LD_PRELOAD={tmp_path / 'shim.so'}", LINKBANDD, "export", session, "--format", "bdf", "--out", tmp_path]
    subprocess.run(command, check=True, timeout=60)
    made = tmp_path / "session.bdf"
    assert made.read_bytes() == (session / "session.bdf").read_bytes() and not list(tmp_path.glob("*.part"))
    made.write_text("mine")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "File exists" in done.stderr and made.read_text() == "mine"


@pytest.mark.parametrize("arguments, says, status", [
    (["export"], "linkbandd export SESSION --format", 78),
    (["export", "x"], "export wants --format csv, bdf or jsonl", 78),
    (["export", "x", "--format", "edf"], "it may be csv|bdf|jsonl", 78),
    (["export", "x", "--format", "csv", "--start", "2026-01-01T00:00:00Z"], "--start is for linkbandd process only", 78),
    (["process", "x", "--out", "y"], "--out is for linkbandd export only", 78),
    (["export", "/nowhere", "--format", "csv"], "/nowhere: No such file or directory", 1),
])
def test_what_is_wrong_is_said(arguments, says, status, tmp_path):
    assert says in linkbandd(*arguments, status=status, cwd=tmp_path)


@pytest.mark.parametrize("by_id", [False, True])
def test_a_band_plays_it_again(session, by_id):
    """The same samples in the same packets, whether the session is named by its folder or its id."""
    where = [session.name, "--data-dir", str(session.parent)] if by_id else [str(session)]
    daemon = Daemon("--backend", "replay", "--capture", *where)

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        reply = await client.command("scan_devices", duration=2)
        assert [d["address"] for d in reply["data"]["devices"]] == [ADDRESS]
        await client.command("connect_device", address=ADDRESS)
        start = len(client.messages)
        assert (await client.command("start_streaming", sensors=["eeg"]))["success"]
        await client.data("eeg", start)
        await asyncio.sleep(1)
        await client.close()
        return [s for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg" for s in m["data"]]

    try:
        got = asyncio.run(asyncio.wait_for(story(), 60))
    finally:
        assert daemon.stop()[0] == 0
    lines = [line.split(",")[1:3] for line in (session / "eeg.csv").read_text().splitlines()[1:]]
    rows = [(float(a), float(b)) for a, b in lines]
    played = [(s["ch1"], s["ch2"]) for s in got]
    first = rows.index(played[0])
    assert len(played) > 50 and rows[first:first + len(played)] == played


def test_process_takes_a_session_too(session):
    by_folder, by_file, by_id = (
        subprocess.run([LINKBANDD, "process", *which], check=True, capture_output=True, timeout=60).stdout
        for which in ([session], [session / "packets.lbcap"], [session.name, "--data-dir", session.parent]))
    assert by_folder == by_file == by_id and by_folder.count(b"\n") > 50
