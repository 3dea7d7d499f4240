"""A marker's time in what people have at hand, and the id of a command, which comes back as it was given."""

import datetime
import json
import time

import pytest
import websockets

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"
HOUR = 3600 * 1000


def refusal(reply):
    assert not reply["success"] and reply["data"]["error_code"] == "INVALID_PARAMETERS", reply
    assert reply["data"]["details"]["parameter"] == "timestamp"
    return reply["message"]


def test_seconds_are_not_taken_for_milliseconds(clients):
    async def story():
        async with clients() as client:
            now = time.time()
            for given in (now, 1795989078.0381804, now * 1e6, now * 1000 + 25 * HOUR, now * 1000 - 25 * HOUR, 0, -now * 1000,
                          "2001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
                reply = await client.command("insert_marker", label="here", timestamp=given)
                assert "milliseconds?" in refusal(reply), given
                assert reply["data"]["details"]["given"] == given
            for given in (now * 1000 - 23 * HOUR, now * 1000 + 23 * HOUR, round(now * 1000)):
                reply = await client.command("insert_marker", label="here", timestamp=given)
                assert reply["data"]["timestamp"] == pytest.approx(given, abs=0.001)
            assert len([m for m in client.messages if m.get("event_type") == "marker"]) <= 3

    run(story())


def test_a_marker_stands_in_the_recording_or_a_minute_beside_it(clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_recording")
            since = (await client.command("get_recording_status"))["data"]["since"]
            start = datetime.datetime.fromisoformat(since.replace("Z", "+00:00")).timestamp() * 1000
            for given in (start - 61000, start + 5 * 61000, start - HOUR):
                text = refusal(await client.command("insert_marker", label="beside", timestamp=given))
                assert "milliseconds?" in text and "recording" in text
            for given in (start - 59000, start, start + 59000):
                assert (await client.command("insert_marker", label="within", timestamp=given))["success"]
            path = (await client.command("stop_recording"))["data"]["path"]
            lines = open(f"{path}/markers.csv").read()
            assert lines.count("within") == 3 and "beside" not in lines
            reply = await client.command("insert_marker", label="after", timestamp=start - HOUR)
            assert reply["success"], "no recording runs any more"

    run(story())


def test_times_as_languages_write_them(clients):
    async def story():
        async with clients() as client:
            now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=123456)
            ms = round(now.timestamp() * 1e6) / 1000
            plain = now.strftime("%Y-%m-%dT%H:%M:%S")
            there = now.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
            for text in (now.isoformat(), there.isoformat(), there.strftime("%Y-%m-%dT%H:%M:%S.%f%z"),
                         f"{plain}.123456789Z", f"{plain}.123456000000000+00:00", f"{plain},123456789+00"):
                reply = await client.command("insert_marker", label=text, timestamp=text)
                assert reply["success"], f"{text}: {reply['message']}"
                assert reply["data"]["timestamp"] == pytest.approx(ms, abs=0.0011), text
            for text in (plain, f"{plain}+25:00", f"{plain}.Z", f"{plain}+00:00Z", "now"):
                assert "ISO 8601" in refusal(await client.command("insert_marker", label="x", timestamp=text))

    run(story())


async def answer(ws, text):
    """The text of what answers this message."""
    await ws.send(text)
    async for got in ws:
        if json.loads(got)["type"] in ("command_response", "health_check_response"):
            return got


def test_an_id_comes_back_as_it_was_given_or_is_refused(daemon):
    given = ["9007199254740992", "9007199254740993", "-9007199254740993", "0.1", "1e3", "7.0", "-0", "1e-999",
             "0.1234567890123456789", '"x"']
    beyond = ["9007199254740994", "1e300", "-1e16", "0." + "1" * 2000, "[]", "true"]

    async def story():
        async with websockets.connect(daemon.url) as ws:
            for number in given:
                for form in ('{"command":"get_streaming_status","id":%s}', '{"type":"health_check", "id" : %s }',
                             '{"parameters":{"id":5},"command":"stop_scan","id":\n%s\n,"id":3}'):
                    text = await answer(ws, form % number)
                    assert f'"id":{number}' in text, f"{number} came back as {text[-60:]}"
            for number in beyond:
                reply = json.loads(await answer(ws, '{"command":"get_streaming_status","id":%s}' % number))
                assert reply["data"]["details"]["parameter"] == "id" and reply.get("id") is None
            text = await answer(ws, '{"command":"stop_scan","\\u0069d":5,"id":{"a":1}}')
            assert json.loads(text)["id"] == 5, text

    run(story())


def test_the_beginning_of_a_long_value_ends_with_a_whole_character(daemon):
    async def story():
        async with websockets.connect(daemon.url) as ws:
            for before in ("", "x"):
                reply = json.loads(await answer(ws, json.dumps({"command": "connect_device", "parameters": {"address": before + "é" * 150}}, ensure_ascii=False)))
                given = reply["data"]["details"]["given"]
                assert given == f'"{before}' + "é" * 99, given

    run(story())
