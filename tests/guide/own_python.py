"""A client of our own that does in Python what each step of the guide does, against a daemon on port 8121.

It knows of the protocol what the guide tells: these messages, these names of fields, these kinds of values.
"""

import asyncio
import datetime
import json
import time

import websockets
from guide import ADDRESS, start_daemon, stop_daemon

DATA_TYPES = {"raw_data", "processed_data", "sensor_data"}
EVENTS = {"device_info", "device_connected", "device_disconnected", "device_connection_failed", "stream_started",
          "stream_stopped", "scan_result", "bluetooth_status", "error"}
RAW_FIELDS = {"eeg": {"timestamp", "ch1", "ch2"}, "ppg": {"timestamp"}, "acc": {"timestamp", "x", "y", "z"}, "bat": {"timestamp"}}
PATIENCE = 90


def is_time(text):
    """ISO 8601 in UTC with milliseconds."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").year >= 2000 and len(text) == 24


class Client:
    def __init__(self, url):
        self.url = url
        self.kept = []

    async def __aenter__(self):
        self.ws = await websockets.connect(self.url, max_size=2**20)
        return self

    async def __aexit__(self, *_):
        await self.ws.close()

    async def say(self, command, **parameters):
        """One command as the guide sends it: without an id, and without `parameters` where it has none."""
        message = {"type": "command", "command": command}
        await self.ws.send(json.dumps({**message, "parameters": parameters} if parameters else message))

    async def until(self, wanted):
        """Reads on to the first message that `wanted` accepts; all are kept."""
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            message = json.loads(await asyncio.wait_for(self.ws.recv(), left))
            self.kept.append(message)
            if wanted(message):
                return message
        raise AssertionError(f"not told; the last was {self.kept[-1]}")

    async def ask(self, command, **parameters):
        await self.say(command, **parameters)
        reply = await self.until(lambda m: m["type"] == "command_response" and m["command"] == command)
        assert isinstance(reply["success"], bool) and isinstance(reply["message"], str) and is_time(reply["timestamp"])
        assert isinstance(reply["data"], dict)
        return reply

    async def event(self, kind):
        """The data of the next event of a kind."""
        event = await self.until(lambda m: m["type"] == "event" and m["event_type"] == kind)
        assert is_time(event["timestamp"])
        return event["data"]

    async def samples(self, sensor, kind):
        def wanted(message):
            return message["type"] == kind and message["sensor_type"] == sensor

        return next((m for m in self.kept if wanted(m)), None) or await self.until(wanted)


async def opens_and_asks_for_the_device(url):
    async with Client(url) as client:
        reply = await client.ask("check_device_connection")
        assert reply["success"]
        told = [m["event_type"] for m in client.kept if m["type"] == "event"]
        assert told[:2] == ["device_info", "bluetooth_status"], told


async def commands_the_device(url):
    async with Client(url) as client:
        found = await client.ask("scan_devices", duration=10)
        assert ADDRESS in [device["address"] for device in found["data"]["devices"]]
        results = [m["data"] for m in client.kept if m.get("event_type") == "scan_result"]
        assert results and all("devices" in result for result in results)
        await client.say("connect_device", address=ADDRESS)
        reply = await client.until(lambda m: m["type"] == "command_response")
        assert reply["success"] and set(reply["data"]) >= {"device_id", "address", "battery_level", "firmware_version"}
        assert reply["data"]["address"] == ADDRESS
        data = await client.event("device_connected")
        assert data["device_id"] == reply["data"]["device_id"] and data["address"] == ADDRESS
        assert isinstance(data["signal_strength"], int)
        assert (await client.ask("check_device_connection"))["success"]
        await client.say("disconnect_device")
        assert (await client.until(lambda m: m["type"] == "command_response"))["success"]
        await client.event("device_disconnected")


async def streams(url):
    async with Client(url) as client:
        device = (await client.ask("connect_device", address=ADDRESS))["data"]["device_id"]
        await client.say("start_streaming", sensors=["eeg", "ppg", "acc"], sample_rate=250, duration=60)
        assert (await client.until(lambda m: m["type"] == "command_response"))["success"]
        started = await client.event("stream_started")
        assert started["device_id"] == device and set(started["sensors"]) >= {"eeg", "ppg", "acc"}
        assert (await client.ask("get_streaming_status"))["success"]
        for sensor in ("eeg", "ppg", "acc"):
            raw = await client.samples(sensor, "raw_data")
            assert raw["device_id"] == device and is_time(raw["timestamp"]) and raw["sample_rate"] > 0
            assert all(set(sample) >= RAW_FIELDS[sensor] for sample in raw["data"])
            assert all(isinstance(v, (int, float)) for sample in raw["data"] for v in sample.values())
            assert (await client.samples(sensor, "processed_data"))["device_id"] == device
        await client.say("stop_streaming")
        assert (await client.until(lambda m: m["type"] == "command_response"))["success"]
        await client.event("stream_stopped")
        kinds = {m["event_type"] for m in client.kept if m["type"] == "event"}
        assert kinds >= EVENTS & {"device_info", "device_connected", "stream_started", "stream_stopped"}
        assert {m["type"] for m in client.kept} <= DATA_TYPES | {"event", "command_response"}


async def hears_the_battery(url):
    async with Client(url) as client:
        await client.ask("start_streaming")
        battery = await client.samples("bat", "raw_data")
        assert all(set(sample) >= RAW_FIELDS["bat"] for sample in battery["data"])


async def records(url):
    async with Client(url) as client:
        started = await client.ask("start_recording", session_name="test_session", sensors=["eeg", "ppg", "acc"],
                                   sample_rate=250, duration=300)
        assert started["success"]
        assert (await client.ask("get_recording_status"))["success"]
        assert (await client.ask("stop_recording"))["success"]


async def is_told_of_errors(url):
    async with Client(url) as client:
        await client.say("connect_device", address="no address at all")
        failed = await client.until(lambda m: m["type"] == "command_response")
        assert not failed["success"]
        error = await client.event("error")
        assert isinstance(error["error_code"], str) and isinstance(error["error_message"], str)
        assert isinstance(error["details"], dict)


async def checks_the_health(url):
    async with Client(url) as client:
        number = str(round(time.time() * 1000))
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await client.ws.send(json.dumps({"type": "health_check", "id": number, "timestamp": now}))
        answer = await client.until(lambda m: m["type"] == "health_check_response")
        assert answer["id"] == number


async def starts_a_sensor_again_after_its_error(url):
    """The band refuses the accelerometer: the error names it, and the stream of another can still be had."""
    async with Client(url) as client:
        await client.ask("connect_device", address=ADDRESS)
        await client.say("start_streaming", sensors=["acc"])
        error = await client.event("error")
        assert error["error_code"] == "STREAMING_ERROR" and error["details"]["sensor_type"] == "acc"
        assert isinstance(error["details"]["message"], str)
        await client.ask("stop_streaming")
        assert (await client.ask("start_streaming", sensors=["eeg"]))["success"]
        await client.samples("eeg", "raw_data")
        await client.ask("stop_streaming")


async def connects_again_with_doubling_pauses(url, daemon):
    """As the guide's managers do: five attempts, a pause that doubles from a second up to thirty."""
    async with Client(url) as client:
        before = (await client.event("device_info"))["server"]["instance"]
        await asyncio.get_running_loop().run_in_executor(None, stop_daemon, daemon)
        try:
            while True:
                await asyncio.wait_for(client.ws.recv(), PATIENCE)
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd is not None, "closed without a close frame"
    daemon, pause = start_daemon(), 1
    for attempt in range(5):
        try:
            async with Client(url) as client:
                assert (await client.event("device_info"))["server"]["instance"] != before
                return daemon
        except OSError:
            await asyncio.sleep(pause)
            pause = min(2 * pause, 30)
    raise AssertionError("five attempts, none succeeded")


def main():
    daemon = start_daemon()
    try:
        for url in ("ws://localhost:8121", "ws://localhost:8121/ws"):
            asyncio.run(opens_and_asks_for_the_device(url))
        for step in (commands_the_device, streams, hears_the_battery, records, is_told_of_errors, checks_the_health):
            asyncio.run(step(url))
            print(step.__name__.replace("_", " "))
        daemon = asyncio.run(connects_again_with_doubling_pauses(url, daemon))
        stop_daemon(daemon)
        daemon = start_daemon("seed=1,radio=fast,refuse=acc")
        asyncio.run(starts_a_sensor_again_after_its_error(url))
    finally:
        if daemon.poll() is None:
            stop_daemon(daemon)
    print("our own Python does what each step of the guide does")


main()
