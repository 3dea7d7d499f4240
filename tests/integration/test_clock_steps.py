"""UTC is set while the daemon runs, as on a machine without a clock that hears of the time late."""

import json
import pathlib
import subprocess

import pytest
import websockets

from peers import ROOT, Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
HOUR = 3600


class Host:
    """A daemon on a host whose UTC can be set."""

    def __init__(self, folder):
        shim, self.off_by = folder / "stepped.so", folder / "off_by"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests/integration/stepped_clock.c", "-ldl"], check=True)
        self.daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast,skip=0", env={
            "LD_PRELOAD": str(shim), "UTC_OFF_BY": str(self.off_by), "ASAN_OPTIONS": "verify_asan_link_order=0"})

    def set(self, seconds):
        fresh = self.off_by.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.off_by)


@pytest.fixture
def host(tmp_path):
    host = Host(tmp_path)
    yield host
    if host.daemon.process.poll() is None:
        status, log = host.daemon.stop()
        assert status == 0, log


def on(host, story):
    async def whole():
        client = Client(await websockets.connect(host.daemon.url, max_size=2**20))
        assert (await client.command("connect_device", address=ADDRESS))["success"]
        await story(client)
        await client.close()
        validate(client.messages)

    run(whole())


async def streaming(client):
    assert (await client.command("start_streaming", sensors=["eeg"]))["success"]
    return first_ms(await client.data("eeg", len(client.messages)))


def first_ms(message):
    return message["data"][0]["timestamp"]


async def settled_ms(client):
    """A sample's time two seconds of data from now, by when a step was seen."""
    for _ in range(20):
        message = await client.data("eeg", len(client.messages))
    return first_ms(message)


def times(client, start=0):
    return [s["timestamp"] for m in client.messages[start:] if m["type"] == "raw_data" and m["sensor_type"] == "eeg"
            for s in m["data"]]


def about(ms, hours, allowed=30_000):
    return abs(ms - hours * HOUR * 1000) < allowed


def test_samples_follow_a_step_forward_at_once(host):
    async def story(client):
        before = await streaming(client)
        host.set(2 * HOUR)
        event = await client.event("clock_stepped")
        assert event["data"]["device_id"] and about(event["data"]["step_ms"], 2, 1000)
        assert about(await settled_ms(client) - before, 2)
        told = times(client)
        assert told == sorted(set(told)), "times never fall"
        assert (await client.command("get_streaming_status"))["data"]["utc_error_ms"] < 1000
        assert not [m for m in client.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["lost"]]

    on(host, story)
    assert "UTC was stepped by 7200.0" in host.daemon.stop()[1]


def test_a_step_back_waits_for_the_next_stream(host):
    async def story(client):
        before = await streaming(client)
        host.set(-HOUR)
        assert about((await client.event("clock_stepped"))["data"]["step_ms"], -1, 1000)
        assert about(await settled_ms(client) - before, 0)
        told = times(client)
        assert told == sorted(set(told)), "times never fall"
        assert (await client.command("stop_streaming"))["success"]
        assert about(await streaming(client) - before, -1)

    on(host, story)


def test_a_recording_keeps_its_time_and_tells_the_step(host):
    async def story(client):
        before = await streaming(client)
        reply = await client.command("start_recording", sensors=["eeg"])
        host.set(HOUR)
        await client.event("clock_stepped")
        assert about(await settled_ms(client) - before, 0)
        assert (await client.command("stop_recording"))["success"]
        await client.event("recording_stopped")
        clock = json.loads((pathlib.Path(reply["data"]["path"]) / "session.json").read_text())["ntp"]
        assert [about(step["step_ms"], 1, 1000) for step in clock["steps"]] == [True]
        assert about(await settled_ms(client) - before, 1), "after the recording it follows"

    on(host, story)


def test_a_marker_of_the_new_time_is_told_by_which_clock_the_recording_goes(host):
    """Its sender's clock is right; that of the recording's samples is not, and stays so."""
    async def story(client):
        before = await streaming(client)
        assert (await client.command("start_recording", sensors=["eeg"]))["success"]
        for hours in (1, 100):
            host.set(hours * HOUR)
            await client.event("clock_stepped", len(client.messages))
            reply = await client.command("insert_marker", label="new", timestamp=before + hours * HOUR * 1000)
            assert reply["data"]["error_code"] == "INVALID_PARAMETERS" and "clock was set" in reply["message"], reply
        assert (await client.command("insert_marker", label="old", timestamp=before))["success"]
        assert about((await client.command("insert_marker", label="now"))["data"]["timestamp"] - before, 0)
        reply = await client.command("insert_marker", label="seconds", timestamp=5)
        assert "samples" in reply["message"]
        assert (await client.command("stop_recording"))["success"]

    on(host, story)


def test_a_recording_begun_on_times_that_a_step_left_behind_says_so(host):
    async def story(client):
        await streaming(client)
        host.set(-HOUR)
        await client.event("clock_stepped")
        reply = await client.command("start_recording", sensors=["eeg"])
        assert (await client.command("stop_recording"))["success"]
        await client.event("recording_stopped")
        clock = json.loads((pathlib.Path(reply["data"]["path"]) / "session.json").read_text())["ntp"]
        assert [about(step["step_ms"], -1, 1000) for step in clock["steps"]] == [True]

    on(host, story)


def test_the_service_waits_for_the_time_where_something_provides_it():
    unit = (ROOT / "systemd/linkbandd.service.in").read_text().splitlines()
    assert [line for line in unit if line.startswith("After=") and "time-sync.target" in line]
    assert not [line for line in unit if line.startswith(("Wants=", "Requires=")) and "time-sync" in line]
