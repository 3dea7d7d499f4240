"""What can be made of a recording afterwards: its formats again, and a band that plays it."""

import asyncio
import json
import os
import pathlib
import subprocess
import sys

import pytest
import websockets

from peers import LINKBANDD, ROOT, Client, Daemon, run

sys.path.insert(0, str(ROOT / "tests" / "record"))
import bdf  # noqa: E402

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
    await client.command("insert_marker", label="  padded by blanks  ")
    await asyncio.sleep(SECONDS)
    await client.command("stop_recording")
    await client.event("recording_file", start, file="session.bdf")
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
    for name in ("eeg.csv", "ppg.csv", "acc.csv", "markers.csv", "columns.json", "session.bdf"):
        assert (tmp_path / name).read_bytes() == (session / name).read_bytes(), name
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "acc.csv", "columns.json", "eeg.csv", "markers.csv", "ppg.csv", "session.bdf"]


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


def made_like(session, folder, change):
    """A copy of the session, its packets' lines changed."""
    folder.mkdir()
    (folder / "session.json").write_bytes((session / "session.json").read_bytes())
    lines = (session / "packets.lbcap").read_text().splitlines()
    (folder / "packets.lbcap").write_text("".join(line + "\n" for line in change(lines)))
    return folder


def test_labels_keep_the_blanks_around_them(session, tmp_path):
    linkbandd("export", session, "--format", "csv", "--out", tmp_path)
    labels = [line.split(",", 1)[1] for line in (tmp_path / "markers.csv").read_text().splitlines()[1:]]
    assert labels == ['"a ""quoted"" märk"', '"  padded by blanks  "']


@pytest.mark.parametrize("per_second", [90, 300, 1500])
def test_a_bdf_has_room_for_many_markers(session, tmp_path, per_second):
    count = per_second * SECONDS
    first = float((session / "markers.csv").read_text().splitlines()[1].split(",")[0])
    markers = [f"#! marker {first + i * 1000 / per_second:.3f} number {i}" for i in range(count)]
    folder = made_like(session, tmp_path / session.name, lambda lines: lines + markers)
    linkbandd("export", folder, "--format", "bdf", "--out", tmp_path)
    file = bdf.read(tmp_path / "session.bdf")
    told = [a[2] for a in file.annotations if a[2].startswith("number ")]
    assert sorted(told, key=lambda text: int(text.split()[1])) == [f"number {i}" for i in range(count)]
    # In records of less than a second the values are the same.
    plain = bdf.read(session / "session.bdf")
    assert file.start == plain.start and file.records * file.seconds == plain.records
    for name, signal in plain.signals.items():
        assert (file.signals[name].digital == signal.digital).all() and file.signals[name].rate == signal.rate, name


def test_more_markers_than_a_bdf_can_hold_are_told(session, tmp_path):
    first = float((session / "markers.csv").read_text().splitlines()[1].split(",")[0])
    markers = [f"#! marker {first:.3f} {i}" for i in range(2000 * SECONDS)]
    folder = made_like(session, tmp_path / session.name, lambda lines: lines + markers)
    said = linkbandd("export", folder, "--format", "bdf", "--out", tmp_path, status=1)
    assert "markers" in said and "more than a BDF" in said and "markers.csv" in said, said
    assert not list(tmp_path.glob("session.bdf*"))


@pytest.mark.parametrize("year", [1971, 2090])
def test_a_bdf_outside_its_years_says_so(session, tmp_path, year):
    def change(lines):
        kept = [line for line in lines if not line.startswith(("#! clock", "#! marker"))]
        up = next(i for i, line in enumerate(kept) if line.startswith("#! link up"))
        *words, _ = kept[up].split(" ")
        kept[up] = " ".join([*words, str((year - 1969) * 31556952 * 10**6 - 15778476 * 10**6)])
        return kept

    said = linkbandd("export", made_like(session, tmp_path / session.name, change), "--format", "bdf", "--out", tmp_path, status=1)
    assert str(year) in said and "1985 to 2084" in said, said
    assert not list(tmp_path.glob("session.bdf*"))


def first_stamp(folder):
    return float((folder / "eeg.csv").read_text().splitlines()[1].split(",")[0])


def test_a_clock_of_another_version_keeps_the_time_of_day(session, tmp_path):
    def change(lines):
        return [line.replace("#! clock 1 ", "#! clock 99 ") for line in lines]

    folder = made_like(session, tmp_path / session.name, change)
    said = linkbandd("export", folder, "--format", "csv", "--out", tmp_path)
    assert "the clock's state" in said and "line" in said, said
    assert abs(first_stamp(tmp_path) - first_stamp(session)) < 100
    done = subprocess.run([LINKBANDD, "process", folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "line 5: the clock's state" in done.stderr, done.stderr
    one = next(m for m in map(json.loads, done.stdout.splitlines()) if m["type"] == "raw_data" and m["sensor_type"] == "eeg")
    assert abs(one["data"][0]["timestamp"] - first_stamp(session)) < 100, one["data"][0]


def test_a_folder_that_cannot_be_synced_takes_the_export(session, tmp_path, unsynced_folders):
    for format in ("csv", "bdf", "jsonl"):
        command = [LINKBANDD, "export", session, "--format", format, "--out", tmp_path]
        subprocess.run(command, check=True, timeout=60, env=unsynced_folders)
    assert len(list(tmp_path.glob("*.csv"))) == 4 and not list(tmp_path.glob("*.part"))


def on_a_full_disk(folder, *arguments):
    """The command's outcome, and what it left there; the disk is mounted for it alone."""
    enter = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    script = 'mount -t tmpfs -o size=16k none "$0" && { "$@"; status=$?; ls "$0" >&2; exit $status; }'
    done = subprocess.run([*enter, "sh", "-c", script, folder, LINKBANDD, *map(str, arguments), "--out", str(folder)],
                          capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize("format", ["csv", "bdf", "jsonl"])
def test_a_full_disk_leaves_no_partial_file(session, tmp_path, format):
    done = on_a_full_disk(tmp_path, "export", session, "--format", format)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "room" in done.stderr, done.stderr


def test_a_name_that_is_taken_leaves_no_other_file(session, tmp_path):
    (tmp_path / "acc.csv").write_text("mine")
    said = linkbandd("export", session, "--format", "csv", "--out", tmp_path, status=1)
    assert "Can't write acc.csv: File exists" in said
    assert [p.name for p in tmp_path.iterdir()] == ["acc.csv"]


def test_a_rate_that_changes_leaves_the_csv_at_the_rate_asked_for(session, tmp_path):
    """The band is connected anew and then sends 500 samples a second: each packet's counter goes half as far."""
    seam = {}

    def change(lines):
        info = json.loads((tmp_path / session.name / "session.json").read_text())
        (tmp_path / session.name / "session.json").write_text(json.dumps({**info, "sample_rate": 125}))
        up = next(line for line in lines if line.startswith("#! link up")).split(" ")
        eeg = [line.split(" ") for line in lines if " eeg " in line and line[0] != "#"]
        half = eeg[len(eeg) // 2:]
        us = round(float(half[0][0]) * 1e6)
        first = int.from_bytes(bytes.fromhex(half[0][2][:8]), "little")
        again = []
        for arrival, _, payload in half:
            seconds = (us + (round(float(arrival) * 1e6) - us) // 2) / 1e6
            ticks = int.from_bytes(bytes.fromhex(payload[:8]), "little")
            again.append(f"{seconds:.6f} eeg {(first + (ticks - first) // 2).to_bytes(4, 'little').hex()}{payload[8:]}")
        kept = [line for line in lines if line[0] == "#" or float(line.split(" ")[0]) < us / 1e6]
        up_again = f"#! link up {us / 1e6:.6f} {us} {int(up[5]) - int(up[4]) + us}"
        seam.update(ms=(int(up[5]) - int(up[4]) + us) / 1000 - 100, samples=(25 * (len(eeg) - len(half)), 25 * len(half)))
        return [*kept, f"#! link down {us / 1e6:.6f}", up_again, f"#! stream {us / 1e6:.6f} eeg,ppg,acc", *again]

    linkbandd("export", made_like(session, tmp_path / session.name, change), "--format", "csv", "--out", tmp_path)
    rows = [line.split(",") for line in (tmp_path / "eeg.csv").read_text().splitlines()[1:]]
    before, after = (sum((float(row[0]) < seam["ms"]) == side for row in rows) for side in (True, False))
    assert abs(before - seam["samples"][0] / 2) < 30 and abs(after - seam["samples"][1] / 4) < 30, (before, after, seam)


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
    command = ["env", f"LD_PRELOAD={tmp_path / 'shim.so'}", "ASAN_OPTIONS=verify_asan_link_order=0", LINKBANDD, "export", session, "--format", "bdf", "--out", tmp_path]
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


def test_lines_that_were_never_written_are_told_where_a_band_plays_it_again(session, tmp_path):
    lines = (session / "packets.lbcap").read_bytes().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if b" eeg " in line) + 3  # behind the head, which is judged at the start
    capture = tmp_path / "packets.lbcap"
    capture.write_bytes(b"".join([*lines[:number], bytes(100) + b"\n", *lines[number:]]))
    daemon = Daemon("--backend", "replay", "--capture", str(capture))

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        assert (await client.command("connect_device", address=ADDRESS))["success"]
        assert (await client.command("start_streaming"))["success"]
        for _ in range(5):
            await client.data("eeg", len(client.messages))
        await client.close()

    try:
        run(story())
    finally:
        status, log = daemon.stop()
    assert status == 0 and f"line {number + 1} is left out: it holds NULs" in log, log


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
        got = run(story())
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
