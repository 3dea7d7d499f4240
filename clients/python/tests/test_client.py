"""The client's behaviours, of clients/behaviours.json, where the daemon's end is played."""

import asyncio
import gc
import json
import random

import pytest

import linkband
from fake import Fake, Refusing, block, device_info, event, reply, stopped
from linkband import reconnection

proves = pytest.mark.proves


def at_once(_tries):
    return 0.0


def client(fake, **options):
    return linkband.connect(fake.url, delay=at_once, **options)


async def lost(band):
    """Waits for the loss of the connection."""
    async for told in band.events():
        if told["event_type"] == "connection_lost":
            return told


async def hello(peer):
    await peer.send(device_info())
    await peer.stay()


@proves("loss", "shutdown")
@pytest.mark.parametrize("code", [1011, 1012, 1013])
async def test_a_command_under_way_settles_with_the_code_of_the_close(code):
    async def closes(peer):
        await peer.send(device_info())
        await peer.take()
        await peer.end(code, "because")

    async with Fake(closes) as fake, client(fake, reconnect=False) as band:
        with pytest.raises(linkband.ConnectionLost) as loss:
            await band.scan_devices()
        assert (loss.value.code, loss.value.reason) == (code, "because")
        with pytest.raises(linkband.ConnectionLost) as again:
            await band.scan_devices()
        assert again.value.code == code


@proves("offline", "unsent", "reconnect")
async def test_nothing_is_sent_again_and_nothing_waits_for_the_next_connection():
    back = asyncio.Event()

    async def dies(peer):
        await peer.send(device_info())
        await peer.take()
        await peer.end(1012)

    async def comes_back(peer):
        await back.wait()
        await hello(peer)

    async with Fake(dies, comes_back) as fake, client(fake) as band:
        events = band.events()
        with pytest.raises(linkband.ConnectionLost):
            await band.start_recording(session_name="one")
        with pytest.raises(linkband.ConnectionLost):
            await band.start_recording(session_name="two")
        assert not band.connected
        back.set()
        names = []
        while "connection_restored" not in names:
            names.append((await events.__anext__())["event_type"])
        assert names == ["connection_lost", "device_info", "connection_restored"] and band.connected
        assert [len(got) for got in fake.got] == [1, 0]


@proves("resubscribe")
async def test_a_new_connection_gets_the_subscription_of_the_last():
    async def answers(peer):
        await peer.send(device_info())
        for _ in range(4):
            await peer.send(reply(await peer.take(), raw=["eeg"], processed=[], events=True, sensors=[], kinds=[]))
        await peer.end(1012)

    asked = asyncio.Event()

    async def second(peer):
        await peer.send(device_info())
        await peer.take()
        await peer.take()
        asked.set()
        await peer.stay()

    async with Fake(answers, second) as fake, client(fake) as band:
        await band.subscribe(sensors=["ppg"])
        await band.subscribe(sensors=["eeg", "acc"])
        await band.unsubscribe(sensors=["acc"], kinds=["processed"])
        await band.unsubscribe(sensors=["acc"], kinds=["processed"])
        await asked.wait()
        assert [(sent["command"], sent["parameters"]) for sent in fake.got[1]] == [
            ("subscribe", {"sensors": ["eeg", "acc"]}),
            ("unsubscribe", {"sensors": ["acc"], "kinds": ["processed"]})]


@proves("restarted")
@pytest.mark.parametrize("instance, restarted", [("one", False), ("two", True)])
async def test_whether_the_daemon_is_another_is_told(instance, restarted):
    async def first(peer):
        await peer.send(device_info("one"))
        await peer.take()

    async def second(peer):
        await peer.send(device_info(instance))
        await peer.stay()

    async with Fake(first, second) as fake, client(fake) as band:
        told = asyncio.get_running_loop().create_future()
        band.on("connection_restored", told.set_result)
        with pytest.raises(linkband.ConnectionLost):
            await band.stop_scan()
        assert (await told)["data"] == {"restarted": restarted, "instance": instance}


@proves("first", "final")
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_rejected_first_connection_is_told_at_once(status):
    async with Refusing(status) as server:
        with pytest.raises(linkband.Rejected) as rejected:
            async with client(server):
                pass
        assert rejected.value.status == status and server.tries == 1


@proves("final")
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_rejected_reconnection_is_final_and_told_to_all_that_listens(status):
    async with Refusing(status) as server:
        async def first(peer):
            await peer.send(device_info())
            await peer.take()

        async with Fake(first) as fake, client(fake) as band:
            stream, events = band.stream("ppg"), band.events()
            band._url = server.url
            with pytest.raises(linkband.ConnectionLost):
                await band.stop_scan()
            with pytest.raises(linkband.Rejected):
                await stream.__anext__()
            for will_reconnect in (True, False):
                event = await events.__anext__()
                assert (event["event_type"], event["data"]["will_reconnect"]) == ("connection_lost", will_reconnect)
            with pytest.raises(linkband.Rejected):
                await events.__anext__()
            with pytest.raises(linkband.Rejected):
                await band.stop_scan()
            with pytest.raises(linkband.Rejected):
                await band.stream("eeg").__anext__()
            assert server.tries == 1


@proves("full", "first")
async def test_a_daemon_without_a_place_is_not_reachable_now():
    async def full(peer):
        await peer.end(1013, "full")

    async with Fake(full) as fake:
        with pytest.raises(linkband.NotReachable) as told:
            async with client(fake):
                pass
        assert told.value.code == 1013
    async with Refusing(503) as server:
        with pytest.raises(linkband.NotReachable) as told:
            async with client(server):
                pass
        assert told.value.code == 1013 and server.tries == 1
    with pytest.raises(linkband.NotReachable):
        async with client(server):
            pass


@proves("full", "reconnect")
async def test_a_full_daemon_is_tried_again_after_a_loss():
    async def first(peer):
        await peer.send(device_info())

    async def full(peer):
        await peer.end(1013)

    async with Fake(first, full, full, hello) as fake, client(fake) as band:
        async for told in band.events():
            if told["event_type"] == "connection_restored":
                break
        assert fake.connections == 4


@proves("first")
async def test_one_that_says_nothing_is_given_up():
    async with Fake(lambda peer: peer.stay()) as fake:
        with pytest.raises(linkband.NotReachable):
            async with client(fake, open_timeout=0.3):
                pass


@proves("jitter")
def test_pauses_are_random_between_half_a_second_and_thirty():
    random.seed(1)
    for tries, longest in [(0, 1), (1, 2), (4, 16), (5, 30), (5000, 30)]:
        pauses = [reconnection.delay(tries) for _ in range(300)]
        assert all(0.5 <= pause <= longest for pause in pauses)
        assert max(pauses) > 0.9 * longest and min(pauses) < 0.5 + 0.1 * longest


@proves("cancel")
async def test_a_cancelled_command_disturbs_nothing():
    async def answers_late(peer):
        await peer.send(device_info())
        first = await peer.take()
        second = await peer.take()
        await peer.send(reply(first, devices=[]), reply(second, timestamp=1.5))
        await peer.stay()

    async with Fake(answers_late) as fake, client(fake) as band:
        scan = asyncio.ensure_future(band.scan_devices())
        while not fake.got or not fake.got[0]:
            await asyncio.sleep(0.01)
        scan.cancel()
        assert (await band.insert_marker("x"))["timestamp"] == 1.5


@proves("close")
async def test_closing_settles_all():
    async with Fake(hello) as fake:
        async with client(fake) as band:
            async def all_of(source):
                return [one async for one in source]

            work = [asyncio.ensure_future(one) for one in
                    (band.scan_devices(), all_of(band.stream("ppg")), all_of(band.events()))]
            while not fake.got[0]:
                await asyncio.sleep(0.01)
        scan, blocks, events = await asyncio.gather(*work, return_exceptions=True)
        assert isinstance(scan, linkband.ConnectionLost) and scan.code == 1000
        assert blocks == events == []
        assert fake.connections == 1


@proves("events", "handlers")
async def test_handlers_hear_until_undone_and_may_fail():
    go = asyncio.Event()

    async def tells(peer):
        await peer.send(device_info())
        await peer.take()
        await peer.send(event("marker", label="a"))
        await go.wait()
        await peer.send(event("marker", label="b"), event("storage_low", minutes_left=1))
        await peer.stay()

    complaints, heard, awaited = [], [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["exception"]))
    async with Fake(tells) as fake, client(fake) as band:
        async def later(told):
            await asyncio.sleep(0)
            awaited.append(told["data"]["label"])
            raise KeyError("later")

        def fails(_told):
            raise ZeroDivisionError

        band.on("marker", fails)
        undo = band.on("marker", lambda told: heard.append(told["data"]["label"]))
        band.on("marker", later)
        events = band.events()
        command = asyncio.ensure_future(band.stop_scan())
        assert (await events.__anext__())["data"]["label"] == "a"
        undo()
        undo()
        go.set()
        assert [(await events.__anext__())["event_type"] for _ in range(2)] == ["marker", "storage_low"]
        while len(awaited) < 2:
            await asyncio.sleep(0.01)
        command.cancel()
    assert heard == ["a"] and awaited == ["a", "b"]
    assert [type(error) for error in complaints].count(ZeroDivisionError) == 2 and len(complaints) == 4


@proves("unknown")
async def test_what_a_later_version_says_disturbs_nothing():
    async def says(peer):
        await peer.send(device_info(), "{", "[]", '{"type": "novelty"}', event("novelty", x=1), block(0))
        await peer.send(json.dumps({**json.loads(block(1)), "novelty": {}}))
        await peer.stay()

    async with Fake(says) as fake, client(fake) as band:
        events, blocks = band.events(), band.stream("ppg")
        assert (await events.__anext__())["event_type"] == "novelty"
        assert [len(await blocks.__anext__()) for _ in range(2)] == [1, 1]


@proves("lost", "missed", "ends")
async def test_holes_are_counted_and_the_stream_ends_after_its_last_block():
    async def streams(peer):
        await peer.send(device_info(), block(7), block(8, lost=3), block(11), stopped("ppg", will_resume=True),
                        stopped("eeg"), block(12, lost=2), stopped("ppg"), block(13))
        await peer.stay()

    async with Fake(streams) as fake, client(fake) as band:
        blocks = band.stream("ppg")
        assert [(one.message["seq"], one.lost, one.missed) async for one in blocks] == [
            (7, 0, 0), (8, 3, 0), (11, 0, 2), (12, 2, 0)]
        assert (blocks.lost, blocks.missed, blocks.dropped) == (5, 2, 0)


@proves("missed", "reconnect")
async def test_what_came_while_the_connection_was_lost_is_missed_of_one_run_only():
    async def first(peer):
        await peer.send(device_info(), block(0), block(0, "bat"))

    async def second(peer):
        await peer.send(device_info(), block(5), block(0, "bat"))

    async def other_run(peer):
        await peer.send(device_info("two"), block(3), block(4))
        await peer.stay()

    async with Fake(first, second, other_run) as fake, client(fake) as band:
        blocks, battery = band.stream("ppg"), band.stream("bat")
        assert [(one.message["seq"], one.missed) for one in [await blocks.__anext__() for _ in range(4)]] == [
            (0, 0), (5, 4), (3, 0), (4, 0)]
        # The battery's level comes again with the seq it had.
        assert [(await battery.__anext__()).missed for _ in range(2)] == [0, 0]


@proves("missed")
async def test_what_was_not_subscribed_is_not_missed():
    async def narrows(peer):
        await peer.send(device_info(), block(0))
        await peer.send(reply(await peer.take(), raw=["eeg"], processed=[], events=True))
        await peer.send(reply(await peer.take(), raw=["eeg", "ppg"], processed=[], events=True), block(9))
        # Of another band alone, and of all again.
        await peer.send(reply(await peer.take(), raw=["ppg"], processed=[], events=True, device_ids=["LXB-2"]))
        await peer.send(reply(await peer.take(), raw=["ppg"], processed=[], events=True, device_ids=None), block(20))
        await peer.stay()

    async with Fake(narrows) as fake, client(fake) as band:
        blocks = band.stream("ppg")
        await band.unsubscribe(sensors=["ppg"])
        await band.subscribe()
        await band.subscribe(sensors=["ppg"], device_id="LXB-2")
        await band.subscribe(sensors=["ppg"])
        assert [(await blocks.__anext__()).missed for _ in range(3)] == [0, 0, 0]


@proves("bounded", "shutdown")
async def test_a_slow_consumer_loses_the_oldest_is_told_and_goes_on_after_1013():
    async def floods(peer):
        await peer.send(device_info(), *[block(seq, lost=1) for seq in range(100)])
        await peer.end(1013, "too slow")

    async def goes_on(peer):
        await peer.send(device_info(), block(105))
        await peer.stay()

    async with Fake(floods, goes_on) as fake, client(fake) as band:
        slow, fast = band.stream("ppg", limit=10), band.stream("ppg", limit=200)
        assert (await lost(band))["data"]["code"] == 1013
        first = await slow.__anext__()
        assert (first.message["seq"], first.missed, first.lost) == (90, 90, 91)
        rest = [await slow.__anext__() for _ in range(10)]
        assert [one.missed for one in rest] == [0] * 9 + [5] and rest[-1].message["seq"] == 105
        assert slow.dropped == 90 and slow.missed == 95 and slow.lost == 100
        assert [(await fast.__anext__()).missed for _ in range(101)] == [0] * 100 + [5] and fast.dropped == 0


@proves("bounded")
async def test_events_are_bounded():
    async def tells(peer):
        await peer.send(device_info(), *[event("marker", label=str(n)) for n in range(20)])
        await peer.end(1012)

    async with Fake(tells) as fake, client(fake, reconnect=False) as band:
        events = band.events(limit=3)
        await lost(band)
        assert [(await events.__anext__())["data"].get("label") for _ in range(3)] == ["18", "19", None]
        assert events.dropped == 18


@proves("several")
async def test_several_bands_and_sensors_are_told_apart():
    async def both(peer):
        await peer.send(device_info(), block(0), block(4, device_id="LXB-2"), block(1), block(0, "acc"),
                        block(6, device_id="LXB-2"), stopped("ppg", "acc", device_id="LXB-2"), block(2),
                        block(1, "acc"), stopped("ppg"), block(3, "acc"), stopped("acc"))
        await peer.stay()

    async with Fake(both) as fake, client(fake) as band:
        one, two = band.stream("ppg", "acc", device_id="LXB-1"), band.stream("ppg", device_id="LXB-2")
        assert [(b.sensor, b.message["seq"], b.missed) async for b in one] == [
            ("ppg", 0, 0), ("ppg", 1, 0), ("acc", 0, 0), ("ppg", 2, 0), ("acc", 1, 0), ("acc", 3, 1)]
        assert [(b.message["seq"], b.missed) async for b in two] == [(4, 0), (6, 1)]


def started(device_id, *sensors):
    return event("stream_started", device_id=device_id, sensors=list(sensors), resumed=False)


@proves("several", "ends")
async def test_a_stream_of_several_bands_ends_with_the_last_of_them():
    async def both(peer):
        await peer.send(device_info(), started("LXB-1", "ppg"), started("LXB-2", "ppg"))
        await peer.take()
        await peer.send(stopped("ppg"), block(4, device_id="LXB-2"),
                        stopped("ppg", device_id="LXB-2", will_resume=True), block(5, device_id="LXB-2"),
                        stopped("ppg", device_id="LXB-2"), block(6, device_id="LXB-2"))
        await peer.stay()

    async with Fake(both) as fake, client(fake) as band:
        events = band.events()
        while (await events.__anext__())["data"]["device_id"] != "LXB-2":
            pass
        # One that is made while both run knows of both.
        blocks = band.stream("ppg")
        asked = asyncio.ensure_future(band.stop_scan())
        assert [(one.device_id, one.message["seq"]) async for one in blocks] == [("LXB-2", 4), ("LXB-2", 5)]
        asked.cancel()


@proves("several")
async def test_each_band_there_is_is_told():
    def gone(device_id, **more):
        return event("device_disconnected", device_id=device_id, reason="user_request", **more)

    async def two(peer):
        await peer.send(device_info(), device_info(device_id="LXB-2"))
        await peer.take()
        await peer.send(gone("LXB-1", will_reconnect=True), device_info(device_id="LXB-1", connected=False),
                        event("marker", label="waiting"))
        await peer.take()
        await peer.send(gone("LXB-1", will_reconnect=False), event("marker", label="gone"))
        await peer.take()
        await peer.send(event("device_connection_failed", device_id="LXB-2", will_retry=False),
                        device_info(device_id=None, connected=False), event("marker", label="none"))
        await peer.stay()

    async with Fake(two) as fake, client(fake) as band:
        async def after(label):
            asked = asyncio.ensure_future(band.stop_scan())
            async for told in band.events():
                if told["data"].get("label") == label:
                    asked.cancel()
                    return list(band.devices)

        while len(band.devices) < 2:
            await asyncio.sleep(0.01)
        assert band.device_info["device_id"] == "LXB-1"
        assert await after("waiting") == ["LXB-1", "LXB-2"] and not band.devices["LXB-1"]["connected"]
        assert await after("gone") == ["LXB-2"] and band.device_info["device_id"] == "LXB-2"
        assert await after("none") == [] and band.device_info["device_id"] is None


async def test_a_stream_nobody_holds_goes_by_itself():
    async with Fake(hello) as fake, client(fake) as band:
        stream = band.stream("ppg")
        assert len(band._streams) == 1
        del stream
        gc.collect()
        assert len(band._streams) == 0


async def test_wrong_use_is_told():
    async with Fake(hello) as fake, client(fake) as band:
        with pytest.raises(ValueError):
            band.stream()
        with pytest.raises(ValueError):
            band.stream("eeg", limit=0)
        stream = band.stream("eeg")
        first = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await stream.__anext__()
        first.cancel()
    with pytest.raises(ValueError):
        async with linkband.connect("localhost:8121"):
            pass
