"""The client's behaviours against the real daemon with a simulated band."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys

import pytest

import linkband
from conftest import PACKAGE
from linkband import connection
from linkband._generated import Commands

ADDRESS = "AA:BB:CC:DD:EE:FF"
# What each command needs; of all others nothing is needed.
NEEDED = {"connect_device": {"address": ADDRESS}, "delete_recording": {"session_id": "20260101T000000Z_x"},
          "insert_marker": {"label": "x"}}
COMMANDS = sorted(name for name, _ in inspect.getmembers(Commands, inspect.iscoroutinefunction) if name[0] != "_")

proves = pytest.mark.proves


@proves("reply", "refusal", "blocks", "ends", "lost")
async def test_a_session_as_a_reader_would_write_it(daemon):
    async with linkband.connect(daemon.url) as band:
        assert not band.device_info["connected"]
        [device] = (await band.scan_devices(duration=1))["devices"]
        assert (await band.connect_device(address=device["address"]))["device_id"] == device["device_id"]
        with pytest.raises(linkband.CommandError) as refused:
            await band.start_streaming(sample_rate=7)
        assert refused.value.code == "INVALID_PARAMETERS" and "62.5" in refused.value.message
        assert refused.value.details["parameter"] == "sample_rate" and refused.value.command == "start_streaming"

        raw, processed = band.stream("eeg"), band.stream("eeg", kind="processed")
        lane = band.stream("eeg", kind="bands")
        assert (await band.subscribe(kinds=["raw", "processed", "events", "bands"]))["bands"] == ["eeg"]
        assert (await band.start_streaming(sensors=["eeg"], duration=2))["sensors"] == ["eeg"]
        blocks = [block async for block in raw]
        assert set(blocks[0].columns) == {"timestamp", "ch1", "ch2", "leadoff_ch1", "leadoff_ch2"}
        assert all(len(block["ch1"]) == len(block) for block in blocks) and sum(map(len, blocks)) > 200
        assert [block.message["seq"] for block in blocks] == list(range(len(blocks)))
        assert raw.lost == sum(block.message["lost"] for block in blocks) and raw.missed == raw.dropped == 0
        computed = [block async for block in processed]
        assert computed and all(len(block["ch1_filtered"]) == len(block) for block in computed)
        assert set(computed[0].values["ch1_band_powers"]) == {"delta", "theta", "alpha", "beta", "gamma"}
        tenths = [block async for block in lane]
        assert len(tenths) >= 15 and lane.missed == 0 and all(len(tenth) == 1 for tenth in tenths)
        assert set(tenths[-1].values["ch1_band_powers"]) == {"theta", "alpha", "beta", "gamma"}
        assert str(blocks[0]["ch1"].dtype) == "float64" and str(blocks[0]["leadoff_ch1"].dtype) == "bool"


@proves("loss")
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_daemon_killed_in_a_command_settles_it(daemon, command):
    async with linkband.connect(daemon.url, reconnect=False) as band:
        stream = band.stream("eeg")
        daemon.process.send_signal(signal.SIGSTOP)
        work = asyncio.ensure_future(getattr(band, command)(**NEEDED.get(command, {})))
        done, _ = await asyncio.wait([work], timeout=0.05)
        assert not done
        daemon.process.kill()
        for awaitable in (work, stream.__anext__()):
            with pytest.raises(linkband.ConnectionLost) as lost:
                await awaitable
            assert lost.value.code == 1006
        with pytest.raises(linkband.ConnectionLost):
            await getattr(band, command)(**NEEDED.get(command, {}))


@proves("silence")
async def test_a_daemon_that_stands_still_is_lost(daemon, monkeypatch):
    monkeypatch.setattr(connection, "PING_SECONDS", 0.3)
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.3)
    async with linkband.connect(daemon.url, reconnect=False) as band:
        daemon.process.send_signal(signal.SIGSTOP)
        with pytest.raises(linkband.ConnectionLost):
            await band.get_server_info()


@proves("shutdown", "reconnect", "restarted")
async def test_a_restart_is_1012_and_another_run(daemon):
    async with linkband.connect(daemon.url, delay=lambda tries: 0.05) as band:
        events = band.events()
        scan = asyncio.ensure_future(band.scan_devices(duration=60))
        async for told in events:
            if told["event_type"] == "scan_result":
                break
        daemon.process.terminate()
        async for told in events:
            if told["event_type"] == "connection_lost":
                break
        assert told["data"]["code"] == 1012 and told["data"]["will_reconnect"]
        # The daemon has told its end before, or the loss did.
        assert isinstance((await asyncio.gather(scan, return_exceptions=True))[0], (dict, linkband.Error))
        daemon.process.communicate()
        before = band.device_info["server"]["instance"]
        daemon.start()
        async for told in events:
            if told["event_type"] == "connection_restored":
                break
        assert told["data"]["restarted"] and told["data"]["instance"] != before
        assert (await band.health_check())["status"] in ("ok", "degraded")


@proves("reconnect", "ends")
async def test_a_stream_is_taken_up_after_a_restart(daemon):
    async with linkband.connect(daemon.url, delay=lambda tries: 0.05) as band:
        blocks = band.stream("eeg")

        async def stream_again(_told=None):
            await band.connect_device(address=ADDRESS)
            await band.start_streaming(sensors=["eeg"])

        band.on("connection_restored", stream_again)
        await stream_again()
        await blocks.__anext__()
        daemon.process.kill()
        daemon.process.communicate()
        daemon.start()
        while (await blocks.__anext__()).message["seq"] != 0:
            pass
        await band.stop_streaming()
        assert blocks.missed == 0 and [block async for block in blocks] is not None


@proves("final")
async def test_a_wrong_token_and_a_wrong_path_are_rejected(daemons, tmp_path):
    (tmp_path / "token").write_text("right-token-of-some-length\n")
    (tmp_path / "token").chmod(0o600)
    daemon = daemons("--token-file", str(tmp_path / "token"))
    for token in (None, "wrong-token-of-some-length"):
        with pytest.raises(linkband.Rejected) as rejected:
            async with linkband.connect(daemon.url, token=token):
                pass
        assert rejected.value.status == 401 and "token" in str(rejected.value)
        assert "wrong-token" not in str(rejected.value)
    async with linkband.connect(daemon.url, token="right-token-of-some-length") as band:
        assert band.connected
    with pytest.raises(linkband.Rejected) as rejected:
        async with linkband.connect(daemon.url + "x", token="right-token-of-some-length"):
            pass
    assert rejected.value.status == 404


def test_without_asyncio(daemon):
    with linkband.Band(daemon.url) as band:
        band.connect_device(address=ADDRESS)
        heard = []
        undo = band.on("marker", heard.append)
        blocks, events = band.stream("ppg"), band.events()
        band.start_streaming(sensors=["ppg"], duration=2)
        assert sum(len(block) for block in blocks) > 0 and blocks.source.dropped == 0
        marker = band.insert_marker("now")
        while (told := next(events))["event_type"] != "marker":
            pass
        assert told["data"]["timestamp"] == marker["timestamp"] and heard[0]["data"]["label"] == "now"
        undo()
        with pytest.raises(linkband.CommandError):
            band.delete_recording("20260101T000000Z_x")
        daemon.process.kill()
        with pytest.raises(linkband.ConnectionLost):
            while True:
                band.get_server_info()
    band.close()
    with pytest.raises(linkband.ConnectionLost):
        band.get_server_info()
    with pytest.raises(linkband.NotReachable):
        linkband.Band(daemon.url)


@proves("blocks")
def test_without_numpy_columns_are_lists():
    script = """
import sys
sys.modules["numpy"] = None
from linkband.blocks import Block
data = {"timestamps": [1, 2], "ch1_filtered": [None, 2.5], "ch1_sqi": 0.5}
block = Block({"type": "processed_data", "sensor_type": "eeg", "lost": 0, "data": data})
assert block.columns == {"timestamps": [1, 2], "ch1_filtered": [None, 2.5]} and len(block) == 2
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": str(PACKAGE)})
