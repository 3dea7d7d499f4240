"""A recording of several bands: one session, a folder a band, BDFs that stack, whoever comes late, leaves or is killed."""

import asyncio
import csv
import datetime
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import websockets

from peers import LINKBANDD, ROOT, Client, Daemon, run, validate

sys.path.insert(0, str(ROOT / "tests" / "record"))
import agree  # noqa: E402
import bdf  # noqa: E402

SIM = "bands=3,seed=5,radio=fast"
FILES = {"packets.lbcap", "eeg.csv", "ppg.csv", "acc.csv", "bat.csv", "columns.json", "session.bdf"}


def daemon_of(data, sim=SIM, bands=3):
    return Daemon("--backend", "sim", "--max-bands", str(bands), "--data-dir", str(data), "--sim", sim)


async def client_of(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20))


async def bands_of(client):
    """The addresses of all bands in reach, in the order of their names."""
    reply = await client.command("scan_devices", duration=1)
    found = sorted(reply["data"]["devices"], key=lambda device: device["device_id"])
    return [(device["device_id"], device["address"]) for device in found]


async def join(client, band):
    start = len(client.messages)
    reply = await client.command("connect_device", address=band[1])
    assert reply["success"], reply
    await client.command("start_streaming", device_id=band[0])
    await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == band[0], start=start)


async def ended(client, start, count):
    """Until the BDFs of so many bands are told of; which."""
    told = []
    while len(told) < count:
        message = await client.wait(lambda m: m.get("event_type") == "recording_file"
                                    and m["data"]["file"] not in told, start=start)
        assert message["data"]["state"] == "ready", message
        told.append(message["data"]["file"])
    return told


def markers_of(folder):
    with open(folder / "markers.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def info_of(folder):
    return json.loads((folder / "session.json").read_text())


def begin_and_seconds(file):
    return file.start, file.records * file.seconds


def each_band_is_whole(folder, names):
    """Of each: every sample once, the BDF on the CSV's samples, the flags its annotations; all of one span."""
    spans = set()
    for name in names:
        agree.every_sample_of_a_packet_is_in_the_csv_once(folder / name)
        file = agree.bdf_is_the_csv_on_an_even_grid(folder / name)
        agree.flags_are_the_annotations(folder / name)
        spans.add(begin_and_seconds(file))
        assert {len(one.physical) // one.rate for one in file.signals.values()} == {begin_and_seconds(file)[1]}
    assert len(spans) == 1, spans


async def story_of_three(daemon):
    """Two from the start, the third comes late, the first leaves."""
    client = await client_of(daemon)
    first, second, third = await bands_of(client)
    await join(client, first)
    await join(client, second)
    start = len(client.messages)
    reply = await client.command("start_recording", session_name="three", formats=["csv", "bdf", "jsonl"])
    assert reply["success"], reply
    await client.command("insert_marker", label="two")
    await asyncio.sleep(4)
    await join(client, third)
    await client.command("insert_marker", label='all, "three"')
    await client.command("insert_marker", label="the third's", device_id=third[0])
    await asyncio.sleep(3)
    assert (await client.command("disconnect_device", device_id=first[0]))["success"]
    await asyncio.sleep(3)
    listed = await client.command("list_recordings")
    assert listed["data"]["sessions"][0]["state"] == "recording"
    assert (await client.command("stop_recording"))["success"]
    files = await ended(client, start, 3)
    await client.close()
    validate(client.messages)
    names = [first[0], second[0], third[0]]
    assert sorted(files) == [f"{name}/session.bdf" for name in names]
    return pathlib.Path(reply["data"]["path"]), names, client.messages[start:]


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    daemon = daemon_of(tmp_path_factory.mktemp("three"))
    try:
        folder, names, messages = run(story_of_three(daemon))
        yield folder, names, messages, daemon
    finally:
        status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log


def test_each_band_has_a_folder_and_every_sample_once(three):
    folder, names, messages, _ = three
    assert {path.name for path in folder.iterdir()} == {*names, "session.json", "markers.csv"}
    for name in names:
        assert {path.name for path in (folder / name).iterdir()} == FILES | {"processed.jsonl"}
    each_band_is_whole(folder, names)
    for name in names:
        lines = [json.loads(line) for line in open(folder / name / "processed.jsonl")]
        assert {line["device_id"] for line in lines} == {name}
        eeg = [line["seq"] for line in lines if line["sensor_type"] == "eeg"]
        assert eeg == list(range(len(eeg))) and len(eeg) > 4
        # What was recorded of a band is what a client got of it, message by message.
        rows = agree.rows(folder / name / "acc.csv")
        first, last = float(rows[0]["timestamp"]), float(rows[-1]["timestamp"])
        got = [s["timestamp"] for m in messages if m["type"] == "raw_data" and m["device_id"] == name
               and m["sensor_type"] == "acc" for s in m["data"] if first <= s["timestamp"] <= last]
        assert got == [float(row["timestamp"]) for row in rows]


def test_who_comes_late_or_leaves_is_padded_and_annotated(three):
    folder, names, _, _ = three
    files = [bdf.read(folder / name / "session.bdf") for name in names]
    begin, seconds = begin_and_seconds(files[0])[0], begin_and_seconds(files[0])[1]
    gaps = [[a for a in file.annotations if a[2] == "BAD_gap eeg" and a[1] > 2] for file in files]
    assert not gaps[1], gaps
    (left,), (came,) = gaps[0], gaps[2]
    assert left[0] + left[1] == pytest.approx(seconds, abs=0.01) and came[0] == 0
    late = files[2].signals["EEG ch1"].physical[:int(came[1] * 250) - 1]
    assert len(set(late.tolist())) == 1, "what stands before it came is its first value"
    assert begin == files[2].start


def test_one_list_of_markers_and_one_session_json(three):
    folder, names, messages, _ = three
    assert [(row["label"], row["device_id"]) for row in markers_of(folder)] == [
        ("two", ""), ('all, "three"', ""), ("the third's", names[2])]
    for name, labels in zip(names, (["two", 'all, "three"'], ["two", 'all, "three"'], ['all, "three"', "the third's"])):
        told = [a[2] for a in bdf.read(folder / name / "session.bdf").annotations]
        assert [text for text in told if not text.startswith(("BAD_", "gap ")) and text != "blink"] == labels, name
    info = info_of(folder)
    assert info["state"] == "complete" and info["problem"] is None and info["device"] is None and info["counts"] is None
    assert [band["device"]["device_id"] for band in info["bands"]] == [band["folder"] for band in info["bands"]] == names
    for band in info["bands"]:
        assert set(band["files"]) == FILES | {"processed.jsonl"}
        assert band["counts"]["eeg"]["samples"] == len(agree.rows(folder / band["folder"] / "eeg.csv"))
    started = next(m["data"] for m in messages if m.get("event_type") == "recording_started")
    stopped = next(m["data"] for m in messages if m.get("event_type") == "recording_stopped")
    assert [band["path"] for band in started["bands"]] == [str(folder / name) for name in names[:2]]
    assert [band["device_id"] for band in stopped["bands"]] == names
    assert {band["device_id"]: band["samples"]["eeg"] for band in stopped["bands"]} == {
        band["folder"]: band["counts"]["eeg"]["samples"] for band in info["bands"]}
    assert stopped["samples"]["eeg"] == sum(band["samples"]["eeg"] for band in stopped["bands"])


def test_its_bdfs_stack_in_mne(three):
    folder, names, _, _ = three
    mne = pytest.importorskip("mne", reason="not installed: python3-mne")
    raws = []
    for name in names:
        raw = mne.io.read_raw_bdf(folder / name / "session.bdf", preload=True, verbose="error").pick(["EEG ch1", "EEG ch2"])
        raws.append(raw.rename_channels(lambda channel, name=name: f"{name} {channel}"))
    assert len({raw.info["meas_date"] for raw in raws}) == 1
    both = raws[0].copy().add_channels([raw.copy() for raw in raws[1:]])
    assert len(both.ch_names) == 6 and both.n_times == raws[0].n_times
    for k, raw in enumerate(raws):
        assert (both.get_data()[2 * k:2 * k + 2] == raw.get_data()).all()


def test_files_come_over_http_by_folder(three):
    folder, names, _, daemon = three
    base = f"http://127.0.0.1:{daemon.port}/recordings"
    listed = json.loads(urllib.request.urlopen(base, timeout=60).read())["sessions"][0]
    assert listed["session_id"] == folder.name
    for path in [f"{name}/{file}" for name in names for file in sorted(FILES)] + ["markers.csv", "session.json"]:
        answer = urllib.request.urlopen(f"{base}/{folder.name}/{path}", timeout=60)
        assert answer.read() == (folder / path).read_bytes()
    for wrong in ("eeg.csv", f"{names[0]}x/eeg.csv", f"{names[0]}/../markers.csv", f"{names[0]}//eeg.csv", f"./{names[0]}/eeg.csv",
                  f"{names[0]}/{names[0]}/eeg.csv", f"{names[0]}/markers.csv", f"{names[0]}/"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{base}/{folder.name}/{wrong}", timeout=60)
        assert refused.value.code in (400, 404), wrong


def linkbandd(*arguments):
    done = subprocess.run([LINKBANDD, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def test_export_makes_all_of_it_again_to_the_byte(three, tmp_path):
    folder, names, _, _ = three
    for form in ("csv", "bdf", "jsonl"):
        linkbandd("export", folder, "--format", form, "--out", tmp_path)
    for name in names:
        for file in FILES - {"packets.lbcap"}:
            assert (tmp_path / name / file).read_bytes() == (folder / name / file).read_bytes(), (name, file)
        made = [json.loads(line) for line in open(tmp_path / name / "processed.jsonl")]
        assert {line["device_id"] for line in made} == {name} and made[0]["seq"] == 0
    assert (tmp_path / "markers.csv").read_bytes() == (folder / "markers.csv").read_bytes()


def test_process_and_replay_take_the_session(three):
    folder, names, _, _ = three
    lines = [json.loads(line) for line in linkbandd("process", folder).splitlines()]
    for name in names:
        eeg = [m for m in lines if m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["device_id"] == name]
        assert sum(len(m["data"]) for m in eeg) == len(agree.rows(folder / name / "eeg.csv"))

    async def scan(daemon):
        client = await client_of(daemon)
        found = await bands_of(client)
        await client.close()
        return [name for name, _ in found]

    daemon = Daemon("--backend", "replay", "--capture", str(folder))
    try:
        assert run(scan(daemon)) == names
    finally:
        daemon.stop()


def arrivals(folder):
    """When each packet arrived, by its bytes: Unix s."""
    lines = (folder / "packets.lbcap").read_text().splitlines()
    start = next(line.split()[2] for line in lines if line.startswith("#! start "))
    start_s = datetime.datetime.fromisoformat(start.replace("Z", "+00:00")).timestamp()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {data: start_s + float(at) for at, sensor, data in rows if sensor != "bat"}


async def record_again(daemon, first, third):
    """Until there is something of both; the third may have to wait for its time."""
    client = await client_of(daemon)
    assert (await client.command("connect_device", device_id=first))["success"]
    path = pathlib.Path((await client.command("start_recording", formats=["csv"]))["data"]["path"])
    assert (await client.command("connect_device", device_id=third))["success"]
    while not all((path / name / "packets.lbcap").exists() and len(arrivals(path / name)) > 20 for name in (first, third)):
        await asyncio.sleep(0.1)
    await client.command("stop_recording")
    await client.close()
    return path


@pytest.mark.parametrize("as_files", [False, True], ids=["session", "files"])
def test_played_again_they_keep_the_time_between_them(three, tmp_path, as_files):
    """The third came seconds after the first."""
    folder, names, _, _ = three
    given = [folder / names[0] / "packets.lbcap", folder / names[2] / "packets.lbcap"] if as_files else [folder]
    captures = [word for path in given for word in ("--capture", str(path))]
    daemon = Daemon("--backend", "replay", *captures, "--max-bands", "2", "--data-dir", str(tmp_path))
    try:
        again = run(record_again(daemon, names[0], names[2]))
    finally:
        assert daemon.stop()[0] == 0
    later = []
    for name in (names[0], names[2]):
        then, now = arrivals(folder / name), arrivals(again / name)
        later.append(statistics.median(now[data] - then[data] for data in then.keys() & now.keys()))
    apart = min(arrivals(folder / names[2]).values()) - min(arrivals(folder / names[0]).values())
    assert apart > 3 and abs(later[1] - later[0]) < apart / 4, (later, apart)


async def one_then_two(client):
    first, second = (await bands_of(client))[:2]
    await join(client, first)
    reply = await client.command("start_recording", session_name="one-then-two")
    assert reply["success"], reply
    await client.command("insert_marker", label="alone")
    await asyncio.sleep(2)
    await join(client, second)
    await client.command("insert_marker", label="both")
    return pathlib.Path(reply["data"]["path"]), [first[0], second[0]]


async def second_comes_late(daemon):
    client = await client_of(daemon)
    folder, names = await one_then_two(client)
    await asyncio.sleep(2)
    start = len(client.messages)
    assert (await client.command("stop_recording"))["success"]
    await ended(client, start, 2)
    await client.close()
    return folder, names


def test_what_was_one_band_s_moves_to_its_folder_when_a_second_comes(tmp_path):
    daemon = daemon_of(tmp_path)
    try:
        folder, names = run(second_comes_late(daemon))
        assert {path.name for path in folder.iterdir()} == {*names, "session.json", "markers.csv"}
        each_band_is_whole(folder, names)
        assert [(row["label"], row["device_id"]) for row in markers_of(folder)] == [("alone", names[0]), ("both", "")]
        assert [band["folder"] for band in info_of(folder)["bands"]] == names

        async def delete():
            client = await client_of(daemon)
            reply = await client.command("delete_recording", session_id=folder.name)
            await client.close()
            return reply

        assert run(delete())["success"] and list(tmp_path.iterdir()) == []
    finally:
        assert daemon.stop()[0] == 0


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.5, 1.5])
def test_a_kill_costs_no_band_more_than_a_second(tmp_path, moment):
    """Also amid the move of the first band's files, which comes with the second band's."""
    async def until_killed(daemon):
        client = await client_of(daemon)
        folder, names = await one_then_two(client)
        await asyncio.sleep(moment)
        daemon.process.send_signal(signal.SIGKILL)
        return folder, names

    async def repaired(daemon, folder):
        client = await client_of(daemon)

        async def state():
            reply = await client.command("list_recordings")
            return {s["session_id"]: s for s in reply["data"]["sessions"]}[folder.name]
        while not ((await state())["state"] == "interrupted" and info_of(folder)["state"] == "interrupted"):
            await asyncio.sleep(0.1)
        await client.close()

    daemon = daemon_of(tmp_path)
    folder, names = run(until_killed(daemon))
    daemon.stop()
    daemon.start()
    try:
        run(repaired(daemon, folder))
        info = info_of(folder)
        if info.get("bands"):
            names = [name for name in names if (folder / name / "packets.lbcap").exists()]
            assert {path.name for path in folder.iterdir()} == {*names, "session.json", "markers.csv"}
            each_band_is_whole(folder, names)
            assert markers_of(folder)[0]["device_id"] == names[0]
        else:  # before the second was on the disk
            agree.every_sample_of_a_packet_is_in_the_csv_once(folder)
            agree.bdf_is_the_csv_on_an_even_grid(folder)
    finally:
        assert daemon.stop()[0] == 0


async def leave(client, band):
    reply = await client.command("disconnect_device", device_id=band[0])
    assert reply["success"], reply


async def written(file, count):
    """Until so many messages of the band stand in its processed.jsonl."""
    while not file.exists() or file.read_bytes().count(b"\n") < count:
        await asyncio.sleep(0.1)
    return file.read_bytes().count(b"\n")


async def nine_in_two_places(daemon):
    """The second band comes back to the first's place; seven have come when the eighth and the ninth do."""
    client = await client_of(daemon)
    first, second, third, *others = await bands_of(client)
    await join(client, first)
    await join(client, second)
    path = pathlib.Path((await client.command("start_recording", formats=["jsonl"]))["data"]["path"])
    before = await written(path / second[0] / "processed.jsonl", 6)
    await leave(client, second)
    await join(client, third)
    await leave(client, first)
    await join(client, second)
    await written(path / second[0] / "processed.jsonl", before + 6)
    told = []
    for band in others:
        await leave(client, [third, *others][len(told)])
        await join(client, band)
        start = len(client.messages)
        await client.command("check_device_connection", device_id=band[0])
        told.append((await client.event("device_info", start, device_id=band[0]))["data"]["is_recording"])
    stopped = (await client.command("stop_recording"))["data"]
    await client.close()
    return path / second[0] / "processed.jsonl", told, [band["device_id"] for band in stopped["bands"]], others


def test_a_band_that_comes_back_is_numbered_on_and_a_ninth_is_not_recorded(tmp_path):
    daemon = daemon_of(tmp_path, sim="bands=9,seed=5,radio=fast", bands=2)
    try:
        file, told, recorded, others = run(nine_in_two_places(daemon))
    finally:
        assert daemon.stop()[0] == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for sensor in ("eeg", "ppg", "acc"):
        numbers = [line["seq"] for line in lines if line["sensor_type"] == sensor]
        assert numbers == list(range(len(numbers))), sensor
    assert told == [True] * 5 + [False]
    assert len(recorded) == 8 and others[-1][0] not in recorded
