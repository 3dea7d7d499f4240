"""Processed data as a client gets it live from the simulated band."""

import json
import statistics

import pytest
import websockets

from peers import Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
SIM = "seed=3,radio=fast,speed=8,leadoff=0"
FRAME = 16 * 1024


async def listener(daemon):
    """A client of the processed data alone: at eight times the pace, a busy machine keeps up with that."""
    client = Client(await websockets.connect(daemon.url, max_size=FRAME))
    assert (await client.command("subscribe", kinds=["processed", "events"]))["success"]
    return client


async def stream(daemon, enough, sensors=("eeg", "ppg", "acc")):
    """A client's messages until `enough` accepts one; a frame above 16 KiB would end the connection."""
    client = await listener(daemon)
    assert (await client.command("connect_device", address=ADDRESS))["success"]
    assert (await client.command("start_streaming", sensors=list(sensors)))["success"]
    await client.wait(enough)
    info = (await client.command("get_server_info"))["data"]["sensors"]
    await client.close()
    validate(client.messages)
    return client.messages, info


def processed(messages, sensor):
    return [m for m in messages if m["type"] == "processed_data" and m["sensor_type"] == sensor]


def is_number(sensor, at_least):
    return lambda m: m["type"] == "processed_data" and m["sensor_type"] == sensor and m["seq"] >= at_least


def first_time(messages):
    """Of the first filtered sample: a filter's delay may leave the first messages without one."""
    return next(t for m in messages for t in m["data"]["timestamps"])


@pytest.mark.parametrize("rate, heart", [(250, 96), (500, 58)])
def test_what_is_computed_is_what_the_wearer_does(rate, heart):
    daemon = Daemon("--backend", "sim", "--sim", f"{SIM},rate={rate},heart={heart}")
    try:
        messages, info = run(stream(daemon, is_number("ppg", 30)))
    finally:
        status, log = daemon.stop()
    assert status == 0, log
    for sensor, seconds in (("eeg", 0.5), ("ppg", 1), ("acc", 1)):
        told = processed(messages, sensor)
        assert [m["seq"] for m in told] == list(range(len(told)))
        # Just what get_server_info lists, and each filtered sample once, in order.
        assert all(set(m["data"]) == set(info[sensor]["processed_data"]) for m in told)
        times = [t for m in told for t in m["data"]["timestamps"]]
        assert times == sorted(set(times))
        span = (times[-1] - times[0]) / 1000
        assert abs(span / seconds / len(told) - 1) < 0.1
        lost = sum(m["lost"] for m in told)
        assert abs((len(times) + lost) / span / told[-1]["sample_rate"] - 1) < 0.02

    eeg = processed(messages, "eeg")
    assert {m["sample_rate"] for m in eeg} == {rate}
    bands = [m["data"]["ch1_relative_powers"] for m in eeg if m["data"]["ch1_relative_powers"]["alpha"] is not None]
    alpha = [b["alpha"] for b in bands]
    print(f"alpha {min(alpha):.2f} to {max(alpha):.2f} in {len(alpha)} of {len(eeg)} messages")
    # Without delta, which the band sways over, there is no share of it.
    assert len(alpha) >= 12 and max(alpha) > 0.3 > 0.1 > min(alpha)
    assert all(abs(sum(b.values()) - 1) < 1e-5 for b in bands)
    assert all(m["data"]["focus_index"] is None for m in eeg[:7])

    bpm = [m["data"]["bpm"] for m in processed(messages, "ppg")]
    assert bpm[0] is None
    late = [b for b in bpm[15:] if b is not None]
    print(f"bpm {statistics.mean(late):.2f} of {heart} in {len(late)} of {len(bpm) - 15}")
    assert len(late) > 8 and abs(statistics.mean(late) - heart) < 2

    acc = processed(messages, "acc")
    assert all(0.8 < g < 1.2 for m in acc if m["data"]["activity_state"] == "stationary" for g in m["data"]["magnitude"])
    assert acc[0]["data"]["activity_state"] is None
    assert {m["data"]["activity_state"] for m in acc} & {"stationary", "sitting"}


@pytest.mark.arguments("--backend", "sim", "--sim", f"{SIM},skip=0")
def test_a_stop_and_a_start_begin_anew_with_all_that_is_computed(daemon):
    async def story():
        client = await listener(daemon)
        await client.command("connect_device", address=ADDRESS)
        await client.command("start_streaming")
        await client.wait(
            lambda m: m["type"] == "processed_data" and m["sensor_type"] == "ppg" and m["data"]["bpm"] is not None, 60
        )
        assert any(m["data"]["total_power"] is not None for m in processed(client.messages, "eeg"))
        await client.command("stop_streaming")
        start = len(client.messages)
        await client.command("start_streaming")
        await client.wait(is_number("eeg", processed(client.messages[:start], "eeg")[-1]["seq"] + 9), 30, start)
        for sensor in ("ppg", "acc"):
            await client.wait(
                lambda m: m["type"] == "processed_data" and m["sensor_type"] == sensor and m["data"]["timestamps"], 30, start
            )
        await client.close()
        validate(client.messages)
        for sensor, silent in (("eeg", 7), ("ppg", 3), ("acc", 2)):
            again = processed(client.messages[start:], sensor)
            before = processed(client.messages[:start], sensor)
            assert again[0]["seq"] == before[-1]["seq"] + 1 and again[0]["lost"] == 0
            value = {"eeg": "total_power", "ppg": "bpm", "acc": "activity_state"}[sensor]
            assert [m["data"][value] for m in again[:silent]] == [None] * min(silent, len(again))
            assert first_time(again) > before[-1]["data"]["timestamps"][-1]

    run(story())


@pytest.mark.arguments("--backend", "sim", "--sim", f"{SIM},drop-at=20:5")
def test_a_lost_link_is_a_new_beginning_too(daemon):
    messages, _ = run(stream(daemon, lambda m: m["type"] == "processed_data" and m["seq"] >= 60))
    back = next(i for i, m in enumerate(messages) if m.get("event_type") == "stream_started" and m["data"]["resumed"])
    eeg = processed(messages[back:], "eeg")
    assert eeg[0]["lost"] > 5 * 240 and processed(messages[back:], "acc")[0]["lost"] > 5 * 20
    assert [m["data"]["total_power"] for m in eeg[:7]] == [None] * 7
    assert [m["data"]["bpm"] for m in processed(messages[back:], "ppg")[:3]] == [None] * 3
    json.dumps(messages, allow_nan=False)


@pytest.mark.parametrize("mains", [50, 60])
def test_the_server_tells_what_mains_it_takes_off(mains):
    daemon = Daemon("--backend", "sim", "--mains", str(mains))

    async def story():
        client = await listener(daemon)
        info = await client.command("get_server_info")
        await client.close()
        return info["data"]["mains"]

    try:
        assert run(story()) == mains
    finally:
        daemon.stop()
