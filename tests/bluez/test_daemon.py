"""The whole daemon on the fake org.bluez: what its clients are told."""

import asyncio
import contextlib
import pathlib
import struct
import sys
import threading

import pytest
import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from peers import Client, Daemon, validate  # noqa: E402
from rig import ADDRESS, BAND, BATTERY, BUILD, HCI0, wait_until  # noqa: E402


@pytest.fixture
def daemon(bus, fake):
    daemon = Daemon("--backend", "bluez", env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    yield daemon
    status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log


@contextlib.asynccontextmanager
async def client(daemon):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    try:
        await client.event("bluetooth_status", powered=True)
        yield client
    finally:
        await client.close()
    validate(client.messages)


async def connected(client, **parameters):
    reply = await client.command("connect_device", address=ADDRESS)
    assert reply["success"], reply


class Air(threading.Thread):
    """The band's packets, each cut to `mtu` - 3 bytes, until it is told to end."""

    PACKETS = {"eeg": (0.1, 25, b"\0\0\x10\0\0\x20\0"), "ppg": (0.56, 28, b"\0\x10\0\0\x20\0"), "acc": (1.2, 30, b"\0\x10\0\x10\0\x10")}

    def __init__(self, fake, mtu=517, sensors=("eeg", "ppg", "acc"), cut=("eeg", "ppg", "acc")):
        super().__init__()
        self.fake, self.mtu, self.sensors, self.cut = fake, mtu, sensors, cut
        self.over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(10)

    def run(self):
        sent = dict.fromkeys(self.sensors, 0)
        step = 0
        while not self.over.wait(0.05):
            step += 1
            for sensor in self.sensors:
                interval, count, sample = self.PACKETS[sensor]
                if step * 0.05 < (sent[sensor] + 1) * interval:
                    continue
                packet = struct.pack("<I", round(32768 * sent[sensor] * interval)) + sample * count
                if sensor in self.cut:
                    packet = packet[: self.mtu - 3]
                self.fake.value(path=f"/c/{sensor}{BAND}", values=[packet.hex()])
                sent[sensor] += 1


def test_a_scan_lists_the_nearest_strongest_first(fake, daemon):
    """Forty bands are there, the weakest first; 32 are told."""

    async def story():
        async with client(daemon) as c:
            start = len(c.messages)
            scan = asyncio.ensure_future(c.command("scan_devices", duration=30))
            await c.event("scan_result", start)
            for n in range(40):
                fake.device(path=f"/b{n}", adapter=HCI0, address=f"C0:11:22:33:44:{n:02X}", name=f"LXB-0000{n:04X}", rssi=-99 + n)
            fake.device(path="/b40", adapter=HCI0, address="C0:11:22:33:44:40", name="LXB-00000040", rssi=None)
            await c.wait(lambda m: m.get("event_type") == "scan_result" and any(d["rssi"] == -60 for d in m["data"]["devices"]), start=start)
            await c.command("stop_scan")
            devices = (await scan)["data"]["devices"]
            assert [d["rssi"] for d in devices] == list(range(-60, -92, -1))
    asyncio.run(story())


def test_cut_packets_fail_a_start_with_the_mtu_that_cut_them(fake, daemon):
    fake.has_band()

    async def story():
        async with client(daemon) as c:
            await connected(c)
            with Air(fake, mtu=23):
                start = len(c.messages)
                reply = await c.command("start_streaming", sensors=["eeg", "ppg", "acc", "bat"])
                error = await c.event("error", start)
            assert not reply["success"] and reply["data"]["error_code"] == "STREAMING_ERROR"
            assert "cut to 20 bytes" in reply["message"] and "MTU" in reply["message"] and "23" in reply["message"], reply
            assert error["data"]["error_code"] == "STREAMING_ERROR"
            assert not [m for m in c.messages if m.get("event_type") == "stream_started" or m["type"] == "raw_data" and m["sensor_type"] != "bat"]
    asyncio.run(story())


def test_cut_packets_of_one_sensor_are_no_signs_of_life_and_told_with_the_mtu(fake, daemon):
    fake.has_band()

    async def story():
        async with client(daemon) as c:
            await connected(c)
            with Air(fake, mtu=23, cut=["ppg"]):
                reply = await c.command("start_streaming", sensors=["eeg", "ppg"])
                assert reply["success"], reply
                silent = (await c.event("sensor_status", sensor_type="ppg", state="silent"))["data"]
            assert silent["bad_packets"] >= 3
            assert "cut to 20 bytes" in silent["message"] and "MTU" in silent["message"] and "23" in silent["message"]
            assert [m for m in c.messages if m["type"] == "raw_data" and m["sensor_type"] == "eeg"]
            assert not [m for m in c.messages if m.get("event_type") == "device_disconnected"]
    asyncio.run(story())


def test_a_sensor_that_is_silent_is_told_without_a_word_of_bad_packets(fake, daemon):
    fake.has_band()

    async def story():
        async with client(daemon) as c:
            await connected(c)
            with Air(fake, sensors=["eeg"]):
                assert (await c.command("start_streaming", sensors=["eeg", "ppg"]))["success"]
                silent = (await c.event("sensor_status", sensor_type="ppg", state="silent"))["data"]
            assert silent["bad_packets"] == 0 and silent["message"] is None
    asyncio.run(story())


# ---- after a suspend


@pytest.fixture
def sleeper(bus, fake, tmp_path):
    """A daemon whose host can be suspended."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    env = {"LD_PRELOAD": str(BUILD / "tests/vm/libboottime.so"), "BOOT_OFFSET": str(offset),
           "DBUS_SYSTEM_BUS_ADDRESS": bus.address, "ASAN_OPTIONS": "verify_asan_link_order=0"}
    daemon = Daemon("--backend", "bluez", env=env)
    daemon.sleep = lambda seconds=3600: offset.write_text(str(seconds))
    yield daemon
    status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log


def reads(fake):
    return [call[1] for call in fake.calls() if call[0] == "ReadValue"]


async def sleeps(fake, sleeper, client):
    """Connected and at rest; then an hour later."""
    await connected(client)
    await asyncio.get_running_loop().run_in_executor(None, wait_until, lambda: fake.called("StartNotify") > 0)
    fake.calls(clear=True)
    start = len(client.messages)
    sleeper.sleep()
    return start


def disconnected(client):
    return [m for m in client.messages if m.get("event_type") == "device_disconnected"]


def test_after_a_suspend_the_band_itself_is_asked(fake, sleeper):
    """Where BlueZ keeps the battery for itself, what is asked of Battery1 is answered by it alone."""
    fake.has_band(gatt=False)
    fake.gatt(device=BAND, only=["eeg", "control", "ppg", "acc"])
    fake.add(path=BAND, interfaces={BATTERY: {"Percentage": {"y": 42}}})

    async def story():
        async with client(sleeper) as c:
            await connected(c)
            sleeper.sleep()
            await asyncio.get_running_loop().run_in_executor(None, wait_until, lambda: reads(fake))
            await asyncio.sleep(2)
            assert set(reads(fake)) == {f"/c/eeg{BAND}"} and not disconnected(c)
    asyncio.run(story())


def test_a_dead_link_is_found_after_a_suspend(fake, sleeper):
    fake.has_band()

    async def story():
        async with client(sleeper) as c:
            start = await sleeps(fake, sleeper, c)
            fake.on(member="ReadValue", rules=[{"silent": True, "always": True}])
            await c.event("device_disconnected", start, reason="link_lost", will_reconnect=True)
    asyncio.run(story())


def test_a_band_that_refuses_battery_notifications_keeps_its_link_after_a_suspend(fake, sleeper):
    fake.has_band()
    fake.on(member=f"StartNotify /c/bat{BAND}", rules=[{"error": "org.bluez.Error.NotSupported", "always": True}])

    async def story():
        async with client(sleeper) as c:
            await sleeps(fake, sleeper, c)
            await asyncio.get_running_loop().run_in_executor(None, wait_until, lambda: reads(fake))
            await asyncio.sleep(4)
            assert not disconnected(c)
    asyncio.run(story())


def test_what_was_to_be_at_a_time_is_at_that_time_after_a_suspend(fake, sleeper):
    """Nothing else happens that would set the host's timer anew, and that stood still meanwhile."""

    async def story():
        async with client(sleeper) as c:
            start = len(c.messages)
            scan = asyncio.ensure_future(c.command("scan_devices", seconds=40, duration=60))
            await c.event("scan_result", start, status="scanning")
            sleeper.sleep(55)
            assert (await scan)["success"]
    asyncio.run(story())
