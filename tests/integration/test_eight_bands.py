"""Eight bands to ten clients against the simulated bands' own logs: each client gets every sample of each band, once.

Ten seconds; a minute with LINKBANDD_TEST_ALL=yes.
"""

import asyncio
import collections
import itertools

import pytest
import websockets

from peers import Client, Daemon, run, validate
from test_ten_clients import SECONDS, SENSORS, same, sent

BANDS = 8


async def stream(daemon):
    """What each of ten clients got, and the memory before and after."""
    clients = [Client(await websockets.connect(daemon.url, max_size=2**20)) for _ in range(10)]
    found = (await clients[0].command("scan_devices", duration=2))["data"]["devices"]
    names = sorted(band["device_id"] for band in found)
    assert (await clients[0].command("connect_device", device_id=names))["success"]
    # Of ten clients two hear what is computed, too: it is no matter of places.
    for client in clients[2:]:
        await client.command("subscribe", kinds=["raw", "events"])
    started = await clients[0].command("start_streaming")
    assert all(band["success"] for band in started["data"]["devices"])
    await asyncio.sleep(2)
    before = daemon.memory_kb()
    await asyncio.sleep(SECONDS - 2)
    after = daemon.memory_kb()
    stop = await clients[0].command("stop_streaming")
    assert stop["success"]
    for client in clients:
        for name in names:
            await client.event("stream_stopped", device_id=name, reason="user_request")
        await client.close()
    stopped = {band["device_id"]: band["samples"] for band in stop["data"]["devices"]}
    return names, [client.messages for client in clients], before, after, stopped


@pytest.fixture(scope="module")
def streamed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eight")
    truth = folder / "truth"
    daemon = Daemon("--backend", "sim", "--max-bands", str(BANDS), "--sim", f"seed=5,radio=fast,bands={BANDS},truth={truth}")
    try:
        names, got, before, after, stopped = run(stream(daemon))
    finally:
        status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log
    validate(got[0])
    truths = [truth, *(folder / f"truth.{number}" for number in range(1, BANDS))]
    by_name = dict(zip(names, truths))
    return by_name, got, before, after, stopped


@pytest.mark.parametrize("sensor", SENSORS)
def test_each_client_gets_every_sample_of_each_band_once(streamed, sensor):
    by_name, everyone, *_, stopped = streamed
    count = 0
    for name, truth in by_name.items():
        packets = sent(truth, sensor)
        samples = list(itertools.chain.from_iterable(packets))
        first = None
        for messages in everyone:
            mine = [m for m in messages if m["type"] == "raw_data" and m["sensor_type"] == sensor and m["device_id"] == name]
            assert [m["seq"] for m in mine] == list(range(len(mine))), name
            # What a band sends until it has heard of the stop is nobody's.
            assert sum(len(m["data"]) for m in mine) == stopped[name][sensor] and len(mine) <= len(packets)
            first = first or mine
            # The same frames to all: they are held against the band's log once.
            assert mine == first
        got = [sample for m in first for sample in m["data"]]
        wrong = [i for i, (a, b) in enumerate(zip(got, samples)) if not same(a, b)]
        assert not wrong and len(got) == sum(map(len, packets[:len(first)])), name
        count += len(got)
    print(f"{sensor}: eight bands to ten clients, {count} samples to each")


def test_what_is_computed_of_each_band_is_numbered_by_itself(streamed):
    by_name, everyone, *_ = streamed
    numbers = collections.defaultdict(list)
    for message in everyone[0]:
        if message["type"] == "processed_data":
            numbers[message["device_id"], message["sensor_type"]].append(message["seq"])
    assert {name for name, _ in numbers} == set(by_name)
    assert all(seq == list(range(len(seq))) for seq in numbers.values())


def test_memory_is_flat(streamed):
    _, _, before, after, _ = streamed
    print(f"memory {before} → {after} kB in {SECONDS - 2} s, {BANDS} bands")
    assert after - before < 4096
