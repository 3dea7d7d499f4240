"""/metrics and /health: well formed, and true."""

import asyncio
import json
import shutil
import subprocess
import urllib.error
import urllib.request

import exposition
import pytest
import websockets
from peers import Client, Daemon, run, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"


def get(daemon, path, **headers):
    """(status, headers, text)"""
    request = urllib.request.Request(f"http://127.0.0.1:{daemon.port}{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class Figures:
    def __init__(self, daemon):
        status, headers, self.text = get(daemon, "/metrics")
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        self.families = exposition.parse(self.text)

    def __call__(self, name, **labels):
        for family in self.families.values():
            if (name, tuple(labels.items())) in family["samples"]:
                return family["samples"][name, tuple(labels.items())]
        raise KeyError((name, labels))

    def sum(self, name):
        return sum(self.families[name]["samples"].values())


def test_the_reader_of_the_format_is_strict():
    good = "# HELP a_total b\n# TYPE a_total counter\na_total{x=\"y\"} 1\n"
    assert exposition.parse(good)
    for bad in (good[:-1], good + "\n", good.replace("_total", ""), good.replace("1", "one"), good.replace('"y"', "y"), good * 2,
                good + "b 1\n", good + 'a_total{x="y"} 2\n', good.replace("counter", "count"), good.replace("{x", "{1x"),
                good.replace(" 1", " -1"), good.replace("\n", "\r\n")):
        with pytest.raises((AssertionError, TypeError)):
            exposition.parse(bad)


def test_figures_are_there_from_the_start_and_well_formed(daemon):
    figures = Figures(daemon)
    assert figures("linkbandd_clients") == 0 and figures("linkbandd_connections") == 1, "this one"
    assert figures("process_resident_memory_bytes") / 1024 == pytest.approx(daemon.memory_kb(), rel=0.5)
    assert figures("linkbandd_latency_seconds_count") == 0
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "metrics"], input=figures.text, text=True, check=True, timeout=60)
    else:
        print("promtool is not installed: only our own reader of the format was asked")


def test_figures_are_those_of_the_stream(daemon, clients):
    async def story():
        async with clients() as one, clients() as other:
            await one.command("connect_device", address=ADDRESS)
            await one.command("start_streaming")
            await other.data("acc", type="processed_data")
            before = (await one.command("get_streaming_status"))["data"]["sensor"]
            figures = await asyncio.to_thread(Figures, daemon)
            after = (await one.command("get_streaming_status"))["data"]["sensor"]
            for sensor in ("eeg", "ppg", "acc"):
                counted = figures("linkbandd_samples_total", sensor=sensor)
                assert before[sensor]["received"] <= counted <= after[sensor]["received"], sensor
                assert 0 < figures("linkbandd_packets_total", sensor=sensor) <= counted
            assert figures("linkbandd_clients") == 2 and figures("linkbandd_band_connected") == figures("linkbandd_streaming") == 1
            assert 0 <= figures("linkbandd_battery_ratio") <= 1
            assert len(figures.families["linkbandd_client_queue_bytes"]["samples"]) == 2
            await asyncio.gather(one.command("health_check"), other.command("health_check"))
            data = [m for c in (one, other) for m in c.messages if m["type"].endswith("_data")]
            count = figures("linkbandd_latency_seconds_count")
            print(f"{count:.0f} latencies, {1000 * figures('linkbandd_latency_seconds_sum') / count:.3f} ms on average")
            assert 0 < count <= len(data)
            assert figures("linkbandd_frames_sent_total") > count
            assert figures.sum("linkbandd_frames_dropped_total") == 0
            later = await asyncio.to_thread(Figures, daemon)
            for family in figures.families.values():
                for (name, labels), value in family["samples"].items():
                    if family["type"] in ("counter", "histogram"):
                        assert later(name, **dict(labels)) >= value, name

    run(story())


def test_clients_that_come_and_go_leave_no_series_behind(daemon, clients):
    async def story():
        series = set()
        async with clients():
            for _ in range(20):
                async with clients(), clients():
                    figures = await asyncio.to_thread(Figures, daemon)
                    now = set(figures.families["linkbandd_client_queue_bytes"]["samples"])
                    assert len(now) == figures("linkbandd_clients")
                    series |= now
        assert {dict(labels)["client"] for _, labels in series} <= {str(place) for place in range(1, 11)}

    run(story())


def test_a_recording_shows(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            assert (await client.command("start_recording", session_name="figures"))["success"]
            for _ in range(600):
                figures = await asyncio.to_thread(Figures, daemon)
                assert figures("linkbandd_recording") == 1
                if figures("linkbandd_recording_bytes") > 10000:
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError("a minute and not 10 kB")
            status, _, text = await asyncio.to_thread(get, daemon, "/health")
            assert status == 200 and json.loads(text)["is_recording"]
            await client.command("stop_recording")
            assert (await asyncio.to_thread(Figures, daemon))("linkbandd_recording") == 0

    run(story())


def test_health_is_ok_and_tells_what_is_going_on(daemon, clients):
    status, headers, text = get(daemon, "/health")
    assert status == 200 and headers["Content-Type"] == "application/json"
    told = json.loads(text)
    assert told["status"] == "ok" and told["problems"] == [] and told["device_connected"] is False

    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            told = json.loads((await asyncio.to_thread(get, daemon, "/health"))[2])
            assert told["device_connected"] is True and told["clients_connected"] == 1

    run(story())


def test_health_is_503_where_something_needs_a_person(tmp_path):
    (tmp_path / "file").write_text("in the way")
    daemon = Daemon("--backend", "sim", "--data-dir", str(tmp_path / "file" / "recordings"))
    status, _, text = get(daemon, "/health")
    told = json.loads(text)
    assert status == 503 and told["status"] == "degraded" and "recorded" in told["problems"][0]
    exposition.parse(get(daemon, "/metrics")[2])
    assert daemon.stop()[0] == 0


def test_the_socket_and_http_agree_on_what_is_well(tmp_path):
    (tmp_path / "file").write_text("in the way")
    nowhere = ("--data-dir", str(tmp_path / "file" / "recordings"))
    for options, problems in (((), 0), (("--sim", "bluetooth=off"), 1), (("--sim", "bluetooth=none"), 1), (nowhere, 1),
                              (("--sim", "bluetooth=off", *nowhere), 2)):
        daemon = Daemon("--backend", "sim", *options)

        async def story():
            client = Client(await websockets.connect(daemon.url))
            await client.send({"type": "health_check"})
            asked = await client.wait(lambda m: m["type"] == "health_check_response")
            reply = await client.command("health_check")
            http = json.loads((await asyncio.to_thread(get, daemon, "/health"))[2])
            await client.close()
            validate(client.messages)
            return asked["data"], reply["data"], http

        told = run(story())
        assert daemon.stop()[0] == 0
        for one in told:
            assert one.pop("uptime") >= 0
            assert (one["status"], len(one["problems"])) == ("degraded" if problems else "ok", problems), options
        assert told[0] == told[1] == told[2]


def test_a_refusal_is_counted_and_another_site_sees_neither(daemon):
    for path in ("/metrics", "/health"):
        assert get(daemon, path, Host="evil.com")[0] == 403
        assert get(daemon, path, Origin="https://evil.com")[0] == 403
        assert get(daemon, path, Sec_Fetch_Site="cross-site")[0] == 403
        headers = get(daemon, path, Origin="http://localhost:3000")[1]
        assert headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
        assert get(daemon, path, Origin="null")[1]["Access-Control-Allow-Origin"] is None
    figures = Figures(daemon)
    for reason in ("host", "origin", "cross_site"):
        assert figures("linkbandd_refused_total", reason=reason) == 2
