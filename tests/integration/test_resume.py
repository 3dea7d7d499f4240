"""A daemon that dies takes up again what was wanted of it; one that is stopped does not."""

import asyncio
import pathlib
import signal

import pytest
import websockets

from peers import Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"


@pytest.fixture
def killed():
    """A daemon that these tests end by themselves, in whatever way."""
    daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast")
    yield daemon
    if daemon.process.poll() is None:
        assert daemon.stop()[0] == 0


def wants_of(daemon):
    return pathlib.Path(daemon.env["XDG_STATE_HOME"]) / "linkbandd" / "wants"


async def client_of(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20))


async def start(daemon, **parameters):
    client = await client_of(daemon)
    await client.command("connect_device", address=ADDRESS)
    assert (await client.command("start_streaming", **parameters))["success"]
    return client


async def kept(daemon, text):
    """Waits until the file holds this."""
    for _ in range(1000):
        if wants_of(daemon).exists() and text in wants_of(daemon).read_text():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {text!r} in {wants_of(daemon)}")


def test_killed_while_streaming_it_streams_again_by_itself(killed):
    async def story():
        client = await start(killed, sensors=["eeg", "acc"], sample_rate=125, duration=25)
        await kept(killed, "sensors = eeg acc")
        killed.stop(signal.SIGKILL)
        await client.close()
        killed.start()
        client = await client_of(killed)
        message = await client.data("eeg")
        assert message["sample_rate"] == 125
        status = (await client.command("get_streaming_status"))["data"]
        assert status["sensors"] == ["eeg", "acc"] and status["state"] == "streaming"
        assert 0 < status["remaining"] < 25, "the duration runs on"
        await client.event("stream_stopped", reason="duration")
        assert not [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "ppg"]
        await client.close()
        validate(client.messages)

    run(story())


def test_clients_that_came_in_time_are_told_that_it_resumed(killed):
    async def story():
        client = await start(killed)
        await kept(killed, "sensors = eeg")
        killed.stop(signal.SIGKILL)
        await client.close()
        killed.arguments[killed.arguments.index("seed=1,radio=fast")] = "seed=1"
        killed.start()
        client = await client_of(killed)
        await client.event("device_connected", resumed=True)
        await client.event("stream_started", resumed=True)
        await client.close()
        validate(client.messages)

    run(story())


def test_of_several_bands_each_does_again_what_it_did_and_none_beyond_the_limit(killed):
    async def story():
        killed.stop()
        killed.arguments[killed.arguments.index("seed=1,radio=fast")] = "seed=1,radio=fast,bands=2"
        killed.arguments += ["--max-bands", "2"]
        killed.start()
        client = await client_of(killed)
        for name, sensors in (("LXB-51A00001", ["eeg"]), ("LXB-51A00000", ["ppg", "acc"])):
            assert (await client.command("connect_device", device_id=name))["success"]
            assert (await client.command("start_streaming", device_id=name, sensors=sensors))["success"]
        await kept(killed, "[band 2]\nname = LXB-51A00000")
        await kept(killed, "sensors = ppg acc")
        killed.stop(signal.SIGKILL)
        await client.close()
        killed.start()
        client = await client_of(killed)
        for name, sensor in (("LXB-51A00001", "eeg"), ("LXB-51A00000", "ppg")):
            await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == name and m["sensor_type"] == sensor)
        status = {band["device_id"]: band["sensors"] for band in (await client.command("get_streaming_status"))["data"]["devices"]}
        assert status == {"LXB-51A00001": ["eeg"], "LXB-51A00000": ["ppg", "acc"]}
        await kept(killed, "[band 2]")
        killed.stop(signal.SIGKILL)
        await client.close()
        killed.arguments[-1] = "1"
        killed.start()
        client = await client_of(killed)
        await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == "LXB-51A00001")
        assert len((await client.command("list_devices"))["data"]["devices"]) == 1
        await client.close()
        status, log = killed.stop()
        assert status == 0 and "--max-bands is 1" in log, log

    run(story())


@pytest.mark.parametrize("how", ["SIGTERM", "a disconnect asked for"])
def test_after_a_clean_end_nothing_resumes(killed, how):
    async def story():
        client = await start(killed)
        await kept(killed, "sensors = eeg")
        if how == "SIGTERM":
            assert killed.stop()[0] == 0
        else:
            await client.command("disconnect_device")
            while wants_of(killed).exists():
                await asyncio.sleep(0.05)
            killed.stop(signal.SIGKILL)
        await client.close()
        assert not wants_of(killed).exists()
        killed.start()
        client = await client_of(killed)
        reply = await client.command("get_streaming_status")
        assert reply["data"]["state"] == "idle" and reply["data"]["device_id"] is None
        await client.close()

    run(story())


@pytest.mark.parametrize("text", ["", "\0\xff", "backend = sim\nsensors = eeg\n", "backend = sim\naddress = " + ADDRESS + "\nuntil = -5"])
def test_a_file_that_makes_no_sense_is_left_alone_aloud(killed, text):
    async def story():
        killed.stop()
        wants_of(killed).parent.mkdir(parents=True, exist_ok=True)
        wants_of(killed).write_text(text)
        killed.start()
        client = await client_of(killed)
        assert (await client.command("get_streaming_status"))["data"]["state"] == "idle"
        await client.close()
        status, log = killed.stop()
        assert status == 0 and "can't be understood: nothing is resumed" in log

    run(story())


def test_what_was_wanted_of_another_backend_is_not_asked_of_this_one(killed):
    async def story():
        killed.stop()
        wants_of(killed).parent.mkdir(parents=True, exist_ok=True)
        wants_of(killed).write_text(f"backend = bluez\naddress = {ADDRESS}\nsensors = eeg\n")
        killed.start()
        client = await client_of(killed)
        assert (await client.command("get_streaming_status"))["data"]["state"] == "idle"
        await client.close()

    run(story())


def test_a_second_daemon_neither_takes_up_nor_removes_what_the_first_is_wanted_to_do(killed):
    async def story():
        client = await start(killed)
        await kept(killed, "sensors = eeg")
        second = Daemon("--backend", "sim", env={"XDG_STATE_HOME": killed.env["XDG_STATE_HOME"]})
        other = await client_of(second)
        assert not (await other.wait(lambda m: m.get("event_type") == "device_info"))["data"]["connected"]
        await other.close()
        status, log = await asyncio.to_thread(second.stop)
        assert status == 0 and "another linkbandd uses it" in log, log
        await kept(killed, "sensors = eeg")
        await client.close()

    run(story())


def test_a_recording_rewrites_nothing_of_what_is_wanted(killed):
    async def story():
        client = await start(killed, sensors=["eeg"])
        await kept(killed, "since = 1")
        before = wants_of(killed).stat()
        assert (await client.command("start_recording", session_name="x"))["success"]
        assert (await client.command("stop_recording"))["success"]
        await client.event("recording_stopped")  # behind what else was to be written
        after = wants_of(killed).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        await client.close()

    run(story())
