"""A kind of band that only one file and one row of a table know of: connected, streamed, recorded, exported, replayed."""

import asyncio
import csv
import json
import os
import pathlib
import subprocess
import sys

import pytest
import websockets

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "integration"), str(HERE.parent / "record"), str(HERE)]
import bdf  # noqa: E402
import peers  # noqa: E402
import quad  # noqa: E402
from peers import Client, Daemon, validate  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", HERE.parent.parent / "build"))
LINKBANDD = str((BUILD if BUILD.is_absolute() else HERE.parent.parent / BUILD) / "linkbandd_quad")
CHANNELS = ("ch1", "ch2", "ch3", "ch4")


def process(path):
    done = subprocess.run([LINKBANDD, "process", str(path)], capture_output=True, text=True, timeout=60)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


def samples(messages):
    return [one for m in messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg" for one in m["data"]]


def microvolts(index):
    return {f"ch{c + 1}": quad.count(c, index) * 0.5 for c in range(4)}


def test_a_sample_is_put_together_of_four_characteristics(tmp_path):
    capture = tmp_path / "quad.lbcap"
    capture.write_text(quad.capture(200))
    done, messages = process(capture)
    assert done.returncode == 0, done.stderr
    validate(messages)
    told = samples(messages)
    assert len(told) == 200 * quad.COUNT
    for index, sample in enumerate(told):
        assert {name: sample[name] for name in CHANNELS} == microvolts(index)
        assert [sample[f"leadoff_ch{c}"] for c in (1, 2, 3, 4)] == [False, False, True, False]
    assert all(m["sample_rate"] == 256 for m in messages if m["sensor_type"] == "eeg")
    # The counter has wrapped meanwhile, and time goes on.
    steps = [b["timestamp"] - a["timestamp"] for a, b in zip(told, told[1:])]
    assert all(abs(step - 1000 / 256) < 0.2 for step in steps)


def test_what_one_characteristic_loses_is_missing_and_counted(tmp_path):
    capture = tmp_path / "quad.lbcap"
    capture.write_text(quad.capture(100, lost={(40, 3), (60, 0), (61, 0)}))
    _, messages = process(capture)
    blocks = [m for m in messages if m["sensor_type"] == "eeg"]
    assert len(blocks) == 97
    assert [m["lost"] for m in blocks if m["lost"]] == [12, 24]
    assert blocks[40]["data"][0]["ch1"] == microvolts(41 * quad.COUNT)["ch1"]


def test_a_program_without_the_row_does_not_take_it_for_another_band(tmp_path):
    capture = tmp_path / "quad.lbcap"
    capture.write_text(quad.capture(10))
    done = subprocess.run([peers.LINKBANDD, "process", str(capture)], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "kind of band" in done.stderr and not done.stdout, done.stderr


def test_a_scan_of_the_command_line_knows_both_prefixes():
    done = subprocess.run([LINKBANDD, "--backend", "bluez", "--auto-connect", "X-1", "--check-config"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode != 0 and "LXB- or QUAD-" in done.stderr, done.stderr


@pytest.fixture
def daemon(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "LINKBANDD", LINKBANDD)
    capture = tmp_path / "quad.lbcap"
    capture.write_text(quad.capture(600))
    daemon = Daemon("--backend", "replay", "--capture", str(capture), "--data-dir", str(tmp_path / "data"))
    yield daemon
    status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def check_files(folder, told):
    """What stands in the files is what was streamed, and the BDF holds the same."""
    eeg = rows(folder / "eeg.csv")
    assert list(eeg[0]) == ["timestamp", *CHANNELS, *(f"leadoff_{name}" for name in CHANNELS), "lost", "flags"]
    by_time = {row["timestamp"]: row for row in eeg}
    both = [one for one in told if f"{one['timestamp']:.3f}" in by_time]
    assert len(both) > 300
    for one in both:
        row = by_time[f"{one['timestamp']:.3f}"]
        assert all(float(row[name]) == one[name] for name in CHANNELS)
        assert [row[f"leadoff_{name}"] for name in CHANNELS] == ["0", "0", "1", "0"]
    read = bdf.read(folder / "session.bdf")
    assert [name for name in read.signals] == [*(f"EEG {name}" for name in CHANNELS), "Lead-off"]
    assert all(signal.rate == 256 for signal in read.signals.values())
    for c, name in enumerate(CHANNELS):
        signal = read.signals[f"EEG {name}"]
        assert signal.unit == "uV" and (signal.physical.min(), signal.physical.max()) >= (-16384, -16384)
        assert signal.physical.max() <= 16383.5
    # Digital values are the band's counts where the grid meets a sample: those held at the beginning are the first sample.
    first = {name: float(eeg[0][name]) for name in CHANNELS}
    for name in CHANNELS:
        assert abs(read.signals[f"EEG {name}"].physical[0] - first[name]) <= 0.5
    return eeg


def test_it_connects_streams_records_and_exports(daemon, tmp_path):
    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        await client.event("bluetooth_status", powered=True)
        reply = await client.command("connect_device", device_id="QUAD-0001")
        assert reply["success"], reply
        reply = await client.command("start_streaming")
        assert reply["success"] and reply["data"]["sensors"] == ["eeg", "bat"] and reply["data"]["sample_rate"] == 256, reply
        await client.data("eeg")
        assert (await client.command("start_recording"))["success"]
        start = len(client.messages)
        await client.wait(lambda m: len(samples(client.messages[start:])) > 3 * 256, seconds=30)
        stopped = await client.command("stop_recording")
        assert stopped["success"], stopped
        session = stopped["data"]["session_id"]
        await client.event("recording_file", session_id=session, file="session.bdf", seconds=30)
        refused = await client.command("start_streaming", sensors=["eeg"], sample_rate=250)
        assert not refused["success"] and "256, 128, 64" in refused["message"], refused
        await client.close()
        validate(client.messages)
        return session, samples(client.messages)

    session, told = asyncio.run(story())
    folder = tmp_path / "data" / session
    eeg = check_files(folder, told)
    info = json.loads((folder / "session.json").read_text())
    assert info["device"]["model"] == "quad" and info["signals"]["eeg"]["channels"] == list(CHANNELS)
    assert info["sensors"] == ["eeg", "bat"] and not (folder / "ppg.csv").exists()
    assert "#! model quad\n" in (folder / "packets.lbcap").read_text()
    out = tmp_path / "out"
    out.mkdir()
    for kind in ("csv", "bdf"):
        subprocess.run([LINKBANDD, "export", str(folder), "--format", kind, "--out", str(out)], check=True, timeout=60)
    assert rows(out / "eeg.csv") == eeg
    assert (out / "columns.json").read_bytes() == (folder / "columns.json").read_bytes()
    assert list(json.loads((out / "columns.json").read_text())["eeg.csv"]) == list(eeg[0])
    assert bdf.read(out / "session.bdf").signals.keys() == bdf.read(folder / "session.bdf").signals.keys()


# ---- over BlueZ, which a fake stands in for

BLUEZ = HERE.parent / "bluez"
BAND = "/org/bluez/hci0/dev_C0_11_22_33_44_77"
CHARACTERISTICS = {"control": 2, "eeg0": 3, "eeg1": 4, "eeg2": 5, "eeg3": 6}


def add_band(fake, rig):
    fake.device(path=BAND, adapter=rig.HCI0, address="C0:11:22:33:44:77", name="QUAD-0001")
    fake.add(path=f"{BAND}/s", interfaces={rig.SERVICE: {"UUID": quad.UUID.format(1), "Device": {"o": BAND}, "Primary": True}})
    for name, number in CHARACTERISTICS.items():
        fake.add(path=f"{BAND}/s/{name}", interfaces={rig.CHARACTERISTIC: {
            "UUID": quad.UUID.format(number), "Service": {"o": f"{BAND}/s"}, "Value": {"ay": ""}}})
    fake.add(path=f"{BAND}/b", interfaces={rig.SERVICE: {"UUID": "0000180f-0000-1000-8000-00805f9b34fb", "Device": {"o": BAND},
                                                         "Primary": True}})
    fake.add(path=f"{BAND}/b/level", interfaces={rig.CHARACTERISTIC: {
        "UUID": "00002a19-0000-1000-8000-00805f9b34fb", "Service": {"o": f"{BAND}/b"}, "Value": {"ay": "4d"}}})


@pytest.fixture
def air(tmp_path, monkeypatch):
    pytest.importorskip("dbus", reason="not installed: python3-dbus")
    pytest.importorskip("gi", reason="not installed: python3-gi")
    monkeypatch.syspath_prepend(str(BLUEZ))
    import rig
    rig.SERVICE = "org.bluez.GattService1"
    bus = rig.Bus(tmp_path)
    fake = rig.Fake(bus.address)
    fake.adapter(path=rig.HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.own()
    add_band(fake, rig)
    monkeypatch.setattr(peers, "LINKBANDD", LINKBANDD)
    daemon = Daemon("--backend", "bluez", "--data-dir", str(tmp_path / "data"), env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    yield fake, daemon
    status, log = daemon.stop()
    fake.stop()
    bus.stop()
    assert status == 0 and "Sanitizer" not in log, log


def notified(calls):
    return [call for call in calls if call[0] in ("StartNotify", "AcquireNotify")]


async def notify(fake, numbers, lanes=range(4)):
    """As the band sends them, at the pace of its own clock at most."""
    for number in numbers:
        for lane in lanes:
            fake.value(path=f"{BAND}/s/eeg{lane}", values=[quad.packet(number, lane).hex()])
        await asyncio.sleep(quad.COUNT / quad.RATE)


def test_over_bluetooth_four_notifications_are_one_sensor(air, tmp_path):
    fake, daemon = air

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        await client.event("bluetooth_status", powered=True)
        assert (await client.command("connect_device", device_id="QUAD-0001"))["success"]
        fake.calls(clear=True)
        starting = asyncio.ensure_future(client.command("start_streaming"))
        while not starting.done() and sum("/eeg" in path for _, path, _ in notified(fake.calls())) < 4:
            await asyncio.sleep(0.02)
        sending = asyncio.ensure_future(notify(fake, range(40)))
        reply = await starting
        assert reply["success"] and reply["data"]["sensors"] == ["eeg", "bat"], reply
        await sending
        await client.wait(lambda m: len(samples(client.messages)) >= 40 * quad.COUNT)
        calls = fake.calls()
        assert (await client.command("stop_streaming"))["success"]
        assert (await client.command("disconnect_device"))["success"]
        await client.close()
        validate(client.messages)
        return calls, client.messages

    calls, messages = asyncio.run(story())
    started = [path for _, path, _ in notified(calls)]
    assert [path for path in started if "/eeg" in path] == [f"{BAND}/s/eeg{lane}" for lane in range(4)]
    written = [(path, args[0]) for member, path, args in calls if member == "WriteValue"]
    assert written == [(f"{BAND}/s/control", "go")]
    told = samples(messages)
    assert [{name: one[name] for name in CHANNELS} for one in told] == [microvolts(i) for i in range(40 * quad.COUNT)]
    info = [m for m in messages if m.get("event_type") == "device_info" and m["data"]["connected"]]
    assert info[-1]["data"]["battery_level"] == 77


def test_a_sensor_of_which_one_characteristic_is_silent_is_told_to_be_silent(air):
    fake, daemon = air

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        await client.event("bluetooth_status", powered=True)
        assert (await client.command("connect_device", device_id="QUAD-0001"))["success"]
        sending = asyncio.ensure_future(notify(fake, range(100000), lanes=(0, 1, 2)))
        assert (await client.command("start_streaming"))["success"]
        await client.event("sensor_status", state="silent", sensor_type="eeg", seconds=30)
        sending.cancel()
        assert not samples(client.messages)
        await client.close()

    asyncio.run(story())
