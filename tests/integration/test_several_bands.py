"""Several bands at once, over one WebSocket: commands that mean all or some, replies and events by band, data of each."""

import asyncio
import collections
import pathlib

import pytest
import websockets

from peers import Client, run, validate
from test_metrics import Figures

SIM = ("--backend", "sim", "--max-bands", "3", "--sim")


async def open_client(daemon):
    return Client(await websockets.connect(daemon.url, max_size=2**20))


async def close(*clients):
    for client in clients:
        await client.close()
        validate(client.messages)


async def names_in_the_air(client):
    return sorted(band["device_id"] for band in (await client.command("scan_devices", duration=2))["data"]["devices"])


async def connected(client):
    """All bands in the air, by one command."""
    names = await names_in_the_air(client)
    reply = await client.command("connect_device", device_id=names)
    assert reply["success"] and [band["device_id"] for band in reply["data"]["devices"]] == names
    return names


async def listed(client):
    return {band["device_id"]: band for band in (await client.command("list_devices"))["data"]["devices"]}


def events(client, name, start=0):
    return [m["data"] for m in client.messages[start:] if m.get("event_type") == name]


def by_band(reply):
    return {band["device_id"]: band for band in reply["data"]["devices"]}


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=3")
def test_a_command_without_a_name_is_for_all_and_its_reply_tells_each(daemon):
    async def story():
        client = await open_client(daemon)
        names = await connected(client)
        assert len(names) == 3 and {band["link"] for band in (await listed(client)).values()} == {"connected"}
        reply = await client.command("start_streaming", sensors=["eeg", "acc"])
        assert {band["device_id"] for band in reply["data"]["devices"] if band["success"]} == set(names)
        assert reply["data"]["sensors"] == ["eeg", "acc"] and reply["data"]["sample_rate"] == 250
        assert {event["device_id"] for event in events(client, "stream_started")} == set(names)
        seen = collections.defaultdict(list)
        for name in names:
            for count in range(5):
                await client.wait(lambda m: m["type"] == "raw_data" and m["sensor_type"] == "eeg" and m["device_id"] == name
                                  and m["seq"] == count)
        for message in client.messages:
            if message["type"] == "raw_data":
                seen[message["device_id"], message["sensor_type"]].append(message["seq"])
        assert all(seq == list(range(len(seq))) for seq in seen.values())
        status = await client.command("get_streaming_status")
        assert {band["state"] for band in status["data"]["devices"]} == {"streaming"}
        stopped = await client.command("stop_streaming")
        assert all(band["samples"]["eeg"] > 0 and band["lost"]["eeg"] == 0 for band in stopped["data"]["devices"])
        assert {event["device_id"] for event in events(client, "stream_stopped")} == set(names)
        gone = await client.command("disconnect_device")
        assert {band["device_id"] for band in gone["data"]["devices"]} == set(names)
        await client.event("device_info", len(client.messages) - 5, connected=False, device_id=None)
        assert {event["device_id"] for event in events(client, "device_disconnected")} == set(names)
        assert len([info for info in events(client, "device_info") if info["device_id"] is None]) == 2
        assert await listed(client) == {}
        await close(client)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=3")
def test_each_band_streams_as_it_was_asked_to(daemon):
    async def story():
        client = await open_client(daemon)
        one, two, three = await connected(client)
        assert (await client.command("start_streaming", device_id=[one, two], sensors=["eeg"], sample_rate=125))["success"]
        assert (await client.command("start_streaming", device_id=three, sensors=["ppg"]))["success"]
        status = by_band(await client.command("get_streaming_status"))
        assert [status[name]["sensors"] for name in (one, two, three)] == [["eeg"], ["eeg"], ["ppg"]]
        rates = {}
        for name, sensor in ((one, "eeg"), (two, "eeg"), (three, "ppg")):
            message = await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == name and m["sensor_type"] == sensor)
            rates[name] = message["sample_rate"]
        assert rates == {one: 125, two: 125, three: 50}
        start = len(client.messages)
        stopped = await client.command("stop_streaming", device_id=two)
        assert [band["device_id"] for band in stopped["data"]["devices"]] == [two]
        assert [event["device_id"] for event in events(client, "stream_stopped", start)] == [two]
        await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == one, start=len(client.messages))
        refused = await client.command("stop_streaming", device_id=[one, "LXB-NOBODY"])
        assert refused["data"]["error_code"] == "NOT_CONNECTED" and one in refused["message"]
        assert by_band(await client.command("get_streaming_status"))[one]["state"] == "streaming"
        await close(client)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=3,2:drop-at=6:1000")
def test_one_band_s_outage_is_told_of_it_alone_and_it_can_be_named_while_it_is_waited_for(daemon):
    async def story():
        client = await open_client(daemon)
        names = await connected(client)
        assert (await client.command("start_streaming", sensors=["eeg"]))["success"]
        lost = (await client.event("device_disconnected", seconds=30))["data"]
        name = lost["device_id"]
        start = len(client.messages)
        assert lost["reason"] == "link_lost" and name in names and (await listed(client))[name]["link"] == "waiting"
        late = await open_client(daemon)
        infos = [await late.event("device_info", device_id=one) for one in names]
        assert [info["data"]["link"] for info in infos] == ["waiting" if one == name else "connected" for one in names]
        reply = await client.command("stop_streaming", device_id=name)
        assert reply["success"] and by_band(reply)[name]["sensors"] == ["eeg"]
        assert (await client.command("disconnect_device", device_id=name))["success"]
        assert set(await listed(client)) == set(names) - {name}
        for one in set(names) - {name}:
            await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == one, start=len(client.messages))
        told = {m["data"]["device_id"] for m in client.messages[start:] if m.get("event_type") in ("stream_stopped", "device_disconnected")}
        assert told == {name}
        assert all(m["lost"] == 0 for m in client.messages if m["type"] == "raw_data" and m["device_id"] != name)
        await close(client, late)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=3")
def test_a_client_may_have_the_data_of_some_bands_alone(daemon):
    async def story():
        client, picky = await open_client(daemon), await open_client(daemon)
        names = await connected(client)
        chosen = (await picky.command("subscribe", kinds=["raw", "processed", "bands", "events"], device_id=names[1].lower()))["data"]
        assert chosen["device_ids"] == [names[1].lower()]
        start = len(picky.messages)
        assert (await client.command("start_streaming"))["success"]
        for name in names:
            await client.wait(lambda m: m["type"] == "processed_data" and m["device_id"] == name)
        await picky.wait(lambda m: m["type"] == "processed_data")
        await picky.wait(lambda m: m["type"] == "band_data")
        assert {m["device_id"] for m in picky.messages[start:] if m["type"].endswith("_data")} == {names[1]}
        assert {event["device_id"] for event in events(picky, "stream_started")} == set(names)
        assert (await picky.command("subscribe"))["data"]["device_ids"] is None
        for name in names:
            await picky.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == name, start=len(picky.messages))
        info = (await client.command("get_server_info"))["data"]["limits"]
        assert info["bands"] == 3 and info["data_queue_bytes"] == 3 * 256 * 1024
        await close(client, picky)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=3")
def test_a_recording_is_of_the_bands_that_are_named_and_a_marker_too(daemon):
    async def story():
        client = await open_client(daemon)
        one, two, three = await names_in_the_air(client)
        assert (await client.command("connect_device", device_id=[one, two]))["success"]
        refused = await client.command("start_recording", device_id=[one, three])
        assert refused["data"]["error_code"] == "NOT_CONNECTED" and three in refused["message"]
        assert (await client.command("start_recording", device_id=two))["success"]
        started = (await client.event("recording_started"))["data"]
        assert [band["device_id"] for band in started["bands"]] == [two]
        await client.command("connect_device", device_id=three)
        infos = {}
        for name in (one, two, three):
            reply = await client.command("check_device_connection", device_id=name)
            infos[name] = reply["data"]["is_recording"]
        assert infos == {one: False, two: True, three: False}
        start = len(client.messages)
        assert (await client.command("insert_marker", label="to both", device_id=[one, two]))["success"]
        assert (await client.command("insert_marker", label="to all"))["success"]
        await client.event("marker", start, label="to all")
        told = [(marker["label"], marker["device_id"]) for marker in events(client, "marker", start)]
        assert told == [("to both", one), ("to both", two), ("to all", None)]
        status = (await client.command("get_recording_status"))["data"]
        assert [band["device_id"] for band in status["bands"]] == [two]
        stopped = (await client.command("disconnect_device", device_id=one))["success"]
        assert stopped and (await client.command("get_recording_status"))["data"]["is_recording"]
        assert (await client.command("disconnect_device", device_id=two))["success"]
        ended = (await client.event("recording_stopped"))["data"]
        assert ended["reason"] == "device_disconnected" and [band["device_id"] for band in ended["bands"]] == [two]
        rows = (pathlib.Path(ended["path"]) / "markers.csv").read_text().splitlines()
        assert [row.split(",")[1] for row in rows[1:]] == ['"to both"', '"to all"']
        await close(client)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=2")
def test_a_recording_without_names_has_each_band_also_one_that_comes(daemon):
    async def story():
        client = await open_client(daemon)
        one, two = await names_in_the_air(client)
        assert (await client.command("connect_device", device_id=one))["success"]
        assert (await client.command("start_recording"))["success"]
        assert (await client.command("connect_device", device_id=two))["success"]
        assert (await client.command("insert_marker", label="of the second", device_id=two))["success"]
        while not all(band["samples"].get("eeg") for band in (await client.command("get_recording_status"))["data"]["bands"]):
            await asyncio.sleep(0.2)
        start = len(client.messages)
        stopped = (await client.command("stop_recording"))["data"]
        told = (await client.event("recording_stopped", start))["data"]
        assert [band["device_id"] for band in told["bands"]] == [one, two]
        assert told["samples"]["eeg"] == sum(band["samples"]["eeg"] for band in stopped["bands"])
        assert len(events(client, "recording_stopped", start)) == 1
        rows = (pathlib.Path(told["path"]) / "markers.csv").read_text().splitlines()
        assert rows[0].endswith(",device_id") and rows[1].endswith(f'"{two}"')
        await close(client)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=2")
def test_figures_and_health_are_of_each_band(daemon):
    async def story():
        client = await open_client(daemon)
        idle = await asyncio.to_thread(Figures, daemon)
        assert [idle("linkbandd_band_connected", device=place) for place in "123"] == [0, 0, 0]
        one, two = await connected(client)
        assert (await client.command("start_streaming", device_id=two, sensors=["ppg"]))["success"]
        await client.data("ppg")
        figures = await asyncio.to_thread(Figures, daemon)
        assert [figures("linkbandd_band_connected", device=place) for place in "123"] == [1, 1, 0]
        assert [figures("linkbandd_streaming", device=place) for place in "123"] == [0, 1, 0]
        packets = [figures("linkbandd_packets_total", device=place, sensor="ppg") for place in "12"]
        assert packets[0] == 0 < packets[1]
        assert len(figures.families["linkbandd_battery_ratio"]["samples"]) == 2, "of the third nothing is known"
        health = (await client.command("health_check"))["data"]
        assert health["devices_connected"] == 2 and health["device_connected"] and health["is_streaming"]
        assert (await client.command("disconnect_device", device_id=two))["success"]
        health = (await client.command("health_check"))["data"]
        assert health["devices_connected"] == 1 and health["device_connected"] and not health["is_streaming"]
        await close(client)

    run(story())


@pytest.mark.arguments(*SIM, "seed=1,radio=fast,skip=0,bands=5")
def test_a_connect_beyond_the_limit_is_busy_and_says_who_is_there(daemon):
    async def story():
        client = await open_client(daemon)
        names = await names_in_the_air(client)
        reply = await client.command("connect_device", device_id=names[:4])
        assert reply["success"] and [band["success"] for band in reply["data"]["devices"]] == [True, True, True, False]
        busy = reply["data"]["devices"][3]
        assert busy["error_code"] == "BUSY" and names[3] in reply["message"]
        assert "--max-bands" in busy["message"] and all(name in busy["message"] for name in names[:3])
        alone = await client.command("connect_device", device_id=names[4])
        assert alone["data"]["error_code"] == "BUSY"
        await close(client)

    run(story())
