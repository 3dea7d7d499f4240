"""The link goes while the band is still being subscribed: nothing was refused, and the stream comes with the band."""

import sys

import pytest

from peers import ROOT, Client, Daemon, run

sys.path.insert(0, str(ROOT / "tests/bluez"))

import rig  # noqa: E402
import websockets  # noqa: E402

GONE = {"path": rig.BAND, "interface": rig.DEVICE, "changed": {"ServicesResolved": False, "Connected": False}}
REFUSED = {"error": "org.bluez.Error.Failed", "text": "Not connected"}


@pytest.fixture
def fake(tmp_path):
    bus = rig.Bus(tmp_path)
    fake = rig.Fake(bus.address)
    fake.address = bus.address
    fake.adapter(path=rig.HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.own()
    fake.has_band(rssi=-60)
    yield fake
    fake.stop()
    bus.stop()


@pytest.mark.parametrize("rule", [{"silent": True, "changes": [GONE]}, {**REFUSED, "changes": [GONE]}, {**REFUSED, "then": [GONE]}],
                         ids=["never answered", "answered after it", "answered before it"])
def test_a_start_whose_link_goes_is_not_refused_and_resumes_with_the_band(fake, rule):
    daemon = Daemon("--backend", "bluez", env={"DBUS_SYSTEM_BUS_ADDRESS": fake.address})

    async def story():
        client = Client(await websockets.connect(daemon.url))
        assert (await client.command("connect_device", address=rig.ADDRESS))["success"]
        fake.on(member=f"StartNotify /c/eeg{rig.BAND}", rules=[rule])
        reply = await client.command("start_streaming", sensors=["eeg"])
        assert reply["success"] and reply["data"]["state"] == "waiting", reply
        await client.event("device_disconnected", reason="link_lost", will_reconnect=True)
        fake.hears_band()
        await client.event("device_connected", resumed=True)
        started = await client.event("stream_started")
        assert started["data"]["sensors"] == ["eeg"]
        assert not [m for m in client.messages if m.get("event_type") in ("error", "sensor_status")]
        await client.close()

    try:
        run(story())
        assert daemon.stop()[0] == 0
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
