"""What the daemon tells of its spool: health_check, /health and /metrics, by reader, the last segment's end too."""

import asyncio
import contextlib
import pathlib
import re
import time

import pytest
import websockets
from peers import PATIENCE, Client, Daemon, run, validate
from test_metrics import get

BAND = "LXB-51A00000"


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@contextlib.asynccontextmanager
async def client_of(daemon):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    yield client
    await client.close()
    validate(client.messages)


async def health(client, of):
    """health_check's data, once `of` holds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        data = (await client.command("health_check"))["data"]
        if of(data):
            return data
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE} s: {data}")


async def told(client, of):
    return (await health(client, lambda data: of(data["spool"])))["spool"]


def end_of(spool):
    """The number after the band's last record."""
    last = max((spool / "bands" / BAND).iterdir())
    head, records = last.read_text().split(f"#! record {int(last.stem)}\n")
    assert records.endswith("#! end\n")
    return int(last.stem) + records.count("\n") - 1


def read_up_to(spool, number, name):
    """As a reader does it."""
    part = spool / "cursors" / f"{name}.part"
    part.write_text(f"{BAND} {number}\n")
    part.rename(spool / "cursors" / name)


def figures_of(daemon):
    """{name with its labels: value} of the spool's."""
    return {name: float(value) for name, value in re.findall(r"^(linkbandd_spool.*) (\S+)$", get(daemon, "/metrics")[2], re.M)}


def test_without_a_spool_there_is_none(daemon, clients):
    async def story():
        async with clients() as client:
            assert (await client.command("health_check"))["data"]["spool"] is None

    run(story())
    assert figures_of(daemon) == {}


def test_what_is_unread_is_told_by_reader_and_nothing_is_once_all_is_had(spool):
    daemon = Daemon("--backend", "sim", "--sim", "speed=20", "--spool", str(spool), "--auto-connect", BAND)

    async def story():
        async with client_of(daemon) as client:
            nobody = await told(client, lambda now: now["bytes"] > 0)
            assert nobody["readers"] == [] and nobody["unread_bytes"] == 0
            assert nobody["lag"] is nobody["oldest_unread"] is None
            read_up_to(spool, 1, "late")
            read_up_to(spool, 10**9, "done")
            read_up_to(spool, 1, "a name for no label \"")
            both = await told(client, lambda now: len(now["readers"]) == 2)
            done, late = both["readers"]
            assert done == {"name": "done", "is_readable": True, "unread_bytes": 0, "oldest_unread": None, "lag": 0}
            assert late["name"] == "late" and late["is_readable"] and late["oldest_unread"] == both["oldest_unread"]
            assert late["unread_bytes"] == both["unread_bytes"] == both["bytes"]
            figures = await asyncio.to_thread(figures_of, daemon)
            assert {name for name in figures if "reader" in name} == {
                f'linkbandd_spool_reader_{what}{{reader="{name}"}}'
                for what in ("unread_bytes", "lag_seconds") for name in ("done", "late")
            }
            assert figures['linkbandd_spool_reader_unread_bytes{reader="late"}'] == figures["linkbandd_spool_unread_bytes"] > 0
            assert figures['linkbandd_spool_reader_lag_seconds{reader="done"}'] == 0 <= figures["linkbandd_spool_lag_seconds"]
            # The band is gone: its last segment is closed, and as unread as any other until its end was had.
            await client.command("disconnect_device")
            await asyncio.to_thread(until_closed, spool)
            for name in ("late", "a name for no label \""):
                read_up_to(spool, end_of(spool) - (name == "late"), name)
            last = await told(client, lambda now: now["readers"][1]["unread_bytes"] < now["bytes"])
            assert last["readers"][1]["unread_bytes"] > 0
            read_up_to(spool, end_of(spool), "late")
            had = await told(client, lambda now: now["unread_bytes"] == 0)
            assert had["lag"] == had["readers"][1]["lag"] == 0 and had["oldest_unread"] is None
            assert had["lost_segments"] == had["lost_records"] == 0

    run(story())
    assert daemon.stop()[0] == 0
    # Another run knows its end, too, though it writes nothing.
    daemon = Daemon("--backend", "sim", "--spool", str(spool))

    async def again():
        async with client_of(daemon) as client:
            assert (await told(client, lambda now: now["bytes"] > 0))["unread_bytes"] == 0

    run(again())
    assert daemon.stop()[0] == 0


def until_closed(spool):
    end = time.monotonic() + PATIENCE
    while not max((spool / "bands" / BAND).iterdir()).read_text().endswith("#! end\n"):
        assert time.monotonic() < end, "no last segment was closed"
        time.sleep(0.05)


def test_what_the_disk_does_not_take_needs_a_person_and_is_not_lost(spool):
    (spool / "bands").mkdir(parents=True)
    (spool / "bands" / BAND).write_text("in the way of the band's folder")
    daemon = Daemon("--backend", "sim", "--sim", "radio=fast", "--spool", str(spool), "--auto-connect", BAND)

    async def story():
        async with client_of(daemon) as client:
            problems = (await health(client, lambda now: now["problems"]))["problems"]
            assert len(problems) == 1 and problems[0].startswith(f"Can't write the spool of {BAND}: ")
            assert (await asyncio.to_thread(get, daemon, "/health"))[0] == 503
            assert (await asyncio.to_thread(figures_of, daemon))["linkbandd_spool_writable"] == 0
            (spool / "bands" / BAND).unlink()
            assert (await health(client, lambda now: not now["problems"]))["spool"]["lost_records"] == 0

    run(story())
    assert daemon.stop()[0] == 0
    (segment,) = (spool / "bands" / BAND).iterdir()
    assert int(segment.stem) == 1 and "#! link up" in segment.read_text()


def test_a_spool_that_cannot_be_needs_a_person(spool):
    pathlib.Path(spool).write_text("a file")
    daemon = Daemon("--backend", "sim", "--spool", str(spool))

    async def story():
        async with client_of(daemon) as client:
            told = await health(client, bool)
            assert told["status"] == "degraded" and "nothing is spooled" in told["problems"][0]
            assert told["spool"]["bytes"] == 0

    run(story())
    assert daemon.stop()[0] == 0
