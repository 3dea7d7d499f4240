"""Ten clients against the simulated band's own log: each gets every sample that the band sent, and memory stays flat.

Ten seconds; a minute with LINKBANDD_TEST_ALL=yes.
"""

import asyncio
import itertools
import os
import sys

import pytest
import websockets

from peers import ROOT, Client, Daemon, run, validate

sys.path.insert(0, str(ROOT / "tests" / "process"))
import decoder  # noqa: E402

ADDRESS = "AA:BB:CC:DD:EE:FF"
SECONDS = 60 if os.environ.get("LINKBANDD_TEST_ALL") == "yes" else 10
SENSORS = ("eeg", "ppg", "acc")


async def stream(daemon):
    """What each of ten clients got, and the memory before and after."""
    clients = [Client(await websockets.connect(daemon.url, max_size=2**20)) for _ in range(10)]
    await clients[0].command("connect_device", address=ADDRESS)
    assert (await clients[0].command("start_streaming"))["success"]
    await asyncio.sleep(2)
    before = daemon.memory_kb()
    await asyncio.sleep(SECONDS - 2)
    after = daemon.memory_kb()
    stop = await clients[0].command("stop_streaming")
    assert stop["success"]
    for client in clients:
        await client.event("stream_stopped", reason="user_request")
        await client.close()
    return [client.messages for client in clients], before, after, stop["data"]["samples"]


@pytest.fixture(scope="module")
def streamed(tmp_path_factory):
    truth = tmp_path_factory.mktemp("ten") / "truth.lbcap"
    daemon = Daemon("--backend", "sim", "--sim", f"seed=5,radio=fast,truth={truth}")
    try:
        got, before, after, stopped = run(stream(daemon))
    finally:
        status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log
    validate(got[0])
    return truth, got, before, after, stopped


def sent(truth, sensor):
    """The samples of each packet that the band sent."""
    lines = (line.split() for line in truth.read_text().splitlines() if not line.startswith("#"))
    return [decoder.decode(sensor, bytes.fromhex(payload))[1] for _, s, payload in lines if s == sensor]


def same(got, counts):
    """A sample of a message is the band's: µV to the third decimal, counts and lead-off as they are."""
    for field, count in counts.items():
        if field in ("ch1", "ch2"):
            if abs(got[field] - decoder.microvolts(count)) > 0.000501:
                return False
        elif got[field] != count:
            return False
    return True


@pytest.mark.parametrize("sensor", SENSORS)
def test_each_client_gets_every_sample_that_the_band_sent(streamed, sensor):
    truth, everyone, *_, stopped = streamed
    packets = sent(truth, sensor)
    samples = list(itertools.chain.from_iterable(packets))
    for messages in everyone:
        mine = [m for m in messages if m["type"] == "raw_data" and m["sensor_type"] == sensor]
        assert [m["seq"] for m in mine] == list(range(len(mine)))
        got = [sample for m in mine for sample in m["data"]]
        # What the band sends until it has heard of the stop is nobody's.
        assert len(got) == stopped[sensor] and len(mine) <= len(packets)
        wrong = [i for i, (a, b) in enumerate(zip(got, samples)) if not same(a, b)]
        assert not wrong and len(got) == sum(map(len, packets[:len(mine)]))
    print(f"{sensor}: ten clients, {len(got)} samples each, of {len(samples)} that the band sent to the end of the stop")


def test_memory_is_flat(streamed):
    _, _, before, after, _ = streamed
    print(f"memory {before} → {after} kB in {SECONDS - 2} s")
    assert after - before < 2048
