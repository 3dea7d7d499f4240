"""What is computed offline from a capture: the same in each run, and the same as live from a replay."""

import asyncio
import json
import sys

import pytest
import websockets

from test_process import CAPTURES, ROOT, name, process

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from peers import Client, Daemon, validate  # noqa: E402

TIMES = ("blinks", "timestamps", "beats")


def no_number(text):
    raise AssertionError(f"{text} is no JSON")


def told(output):
    return [json.loads(line, parse_constant=no_number) for line in output.splitlines()]


def processed(messages, sensor=None):
    return [m for m in messages if m["type"] == "processed_data" and sensor in (None, m["sensor_type"])]


@pytest.fixture(scope="module", params=CAPTURES, ids=name)
def output(request):
    return process(request.param)


def test_messages_fit_the_schema_and_a_frame(output):
    messages = told(output)
    validate(messages)
    assert max(map(len, output.splitlines())) <= 16 * 1024
    assert {m["sensor_type"] for m in processed(messages)} == {"eeg", "ppg", "acc"}


def test_each_comes_right_after_the_packet_that_completes_it(output):
    messages = told(output)
    for before, message in zip(messages, messages[1:]):
        if message["type"] == "processed_data":
            assert before["sensor_type"] == message["sensor_type"]
            assert before["timestamp"] == message["timestamp"]


@pytest.mark.parametrize("sensor", ["eeg", "ppg", "acc"])
def test_each_raw_sample_has_one_filtered_at_its_own_time(output, sensor):
    messages = told(output)
    raw = [s["timestamp"] for m in messages if m["type"] == "raw_data" and m["sensor_type"] == sensor for s in m["data"]]
    filtered = [t for m in processed(messages, sensor) for t in m["data"]["timestamps"]]
    # The last is under way in the filters when the capture ends. Three decimals are told.
    assert 0.5 * len(raw) - 60 < len(filtered) <= len(raw)
    first = min(range(len(raw)), key=lambda i: abs(raw[i] - filtered[0]))
    worst = max(abs(a - b) for a, b in zip(raw[first:], filtered))
    print(f"{sensor}: {len(filtered)} of {len(raw)} samples, from number {first} on; times {worst:.4f} ms apart")
    assert worst < 0.0011


def untimed(message):
    data = {k: v for k, v in message["data"].items() if k not in TIMES}
    counts = {k: len(message["data"][k]) for k in TIMES if k in message["data"]}
    return {**message, "timestamp": None, "data": {**data, **counts}}


async def replayed(path):
    daemon = Daemon("--backend", "replay", "--capture", str(path))
    try:
        client = Client(await websockets.connect(daemon.url, max_size=16 * 1024))
        device = (await client.command("scan_devices", duration=1))["data"]["devices"][0]
        await client.command("connect_device", address=device["address"])
        await client.command("start_streaming")
        await client.wait(lambda m: m.get("event_type") == "device_disconnected", 60)
        await client.close()
    finally:
        daemon.stop()
    validate(client.messages)
    return client.messages


def beginning(path, seconds, out):
    """A capture of the first seconds of another."""
    lines = path.read_text().splitlines(True)
    out.write_text("".join(line for line in lines if line.startswith("#") or float(line.split()[0]) < seconds))
    return out


@pytest.mark.parametrize("path", CAPTURES[:2], ids=name)
def test_a_replay_gives_live_what_process_prints(path, tmp_path):
    path = beginning(path, 9, tmp_path / "beginning.lbcap")
    offline = told(process(path))
    live = asyncio.run(asyncio.wait_for(replayed(path), 100))
    for sensor in ("eeg", "ppg", "acc"):
        # Times of day are the replay's own; every other figure is the same to its last digit.
        ours, theirs = processed(live, sensor), processed(offline, sensor)
        assert len(theirs) >= 4 and [untimed(m) for m in ours] == [untimed(m) for m in theirs]
        print(f"{sensor}: {len(theirs)} messages equal")


@pytest.mark.parametrize("path", CAPTURES[:2], ids=name)
def test_the_mains_are_what_was_said(path):
    at_50, at_60 = told(process(path)), told(process(path, "--mains", "60"))
    assert told(process(path, "--mains", "50")) == at_50
    differ = {m["sensor_type"] for m, n in zip(at_50, at_60) if m != n}
    assert differ == {"eeg"} and len(at_50) == len(at_60)
