"""Debian's bleak on the same fake org.bluez: it is not shaped to linkbandd's own backend."""

import json
import os
import pathlib
import subprocess
import time

import pytest

from rig import ADDRESS, BAND, NAME

STORY = pathlib.Path(__file__).resolve().parent / "bleak_story.py"


def test_bleak_finds_connects_and_subscribes(bus, fake):
    pytest.importorskip("bleak", reason="python3-bleak is not installed")
    fake.has_band(gatt=False)
    fake.gatt(device=BAND, guessable=True)
    process = subprocess.Popen(
        ["/usr/bin/python3", STORY, NAME], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus.address},
    )
    try:
        while not fake.called("StartDiscovery") and process.poll() is None:
            time.sleep(0.05)
        fake.hears_band()
        assert process.stdout.readline() == "subscribed\n", process.stderr.read()[-800:]
        fake.value(path=f"{BAND}/service5d95/char0001", values=["01", "02", "03"])
        out, err = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(out) == {"address": ADDRESS, "battery": 0x57, "values": ["01", "02", "03"]}
    assert fake.called("WriteValue") == 1 and fake.called("Disconnect") == 1
