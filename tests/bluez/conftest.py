import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from rig import HCI0, Bus, Fake, Probe  # noqa: E402


@pytest.fixture
def bus(tmp_path):
    bus = Bus(tmp_path)
    yield bus
    bus.stop()


@pytest.fixture
def nobody(bus):
    """A fake that doesn't own org.bluez yet."""
    fake = Fake(bus.address)
    yield fake
    fake.stop()


@pytest.fixture
def fake(nobody):
    nobody.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    nobody.own()
    return nobody


@pytest.fixture
def start(request, bus):
    """Starts the backend with options; it must end cleanly, and by itself."""
    started = []

    def start(*options):
        fake = request.getfixturevalue("fake") if "fake" in request.fixturenames else None
        started.append(Probe(bus.address, *options, fake=fake))
        return started[-1]

    yield start
    for probe in started:
        probe.stop()


@pytest.fixture
def probe(fake, start):
    probe = start()
    probe.ready()
    return probe


@pytest.fixture
def linked(fake, probe):
    fake.has_band()
    probe.connect()
    return probe
