"""Two bands, two adapters: each is taken for itself."""

import pytest

from rig import ADAPTER, ADDRESS, BAND, DEVICE, HCI0, HCI1, NAME, wait_until

OTHER, OTHER_ADDRESS, OTHER_NAME = "/org/bluez/hci0/band2", "C0:11:22:33:44:52", "LXB-TEST0002"
ONE, TWO = "00:AA:01:00:00:23", "00:AA:01:00:00:24"


def has_other(fake, adapter=HCI0, **more):
    fake.device(path=OTHER, adapter=adapter, address=OTHER_ADDRESS, name=OTHER_NAME, **more)
    fake.gatt(device=OTHER)


@pytest.fixture
def both(fake, probe):
    fake.has_band()
    has_other(fake)
    return probe


def test_a_scan_tells_both(fake, both):
    both.tell("scan")
    both.wait("seen")
    both.wait("seen")
    seen = {line.split()[1] for line in both.said if line.startswith("seen")}
    assert seen == {NAME, OTHER_NAME}


@pytest.mark.parametrize("address, name, path", [
    (ADDRESS, NAME, BAND), (OTHER_ADDRESS, "-", OTHER), ("-", OTHER_NAME, OTHER), ("-", NAME, BAND)])
def test_the_one_asked_for_is_connected(fake, both, address, name, path):
    both.connect(address, name)
    assert [call[1] for call in fake.calls() if call[0] == "Connect"] == [path]


def test_the_others_packets_battery_and_end_are_not_taken_for_ours(fake, both):
    both.connect(OTHER_ADDRESS, "-")
    both.notify("eeg")
    fake.value(path=f"/c/eeg{BAND}", values=["01"])
    fake.change(path=BAND, interface=DEVICE, changed={"Connected": True})
    fake.loses_band()
    fake.remove(path=BAND)
    fake.value(path=f"/c/eeg{OTHER}", values=["02"])
    assert both.wait("packet eeg").split()[3] == "02"
    assert both.is_quiet("disconnected", 0.4)


def test_the_other_is_connected_after_the_first_with_its_own_data(fake, both):
    both.connect(ADDRESS, NAME)
    both.notify("eeg")
    both.tell("disconnect")
    both.wait("disconnected asked")
    both.connect(OTHER_ADDRESS, OTHER_NAME)
    both.notify("eeg")
    fake.value(path=f"/c/eeg{BAND}", values=["01"])
    fake.value(path=f"/c/eeg{OTHER}", values=["02"])
    assert both.wait("packet eeg").split()[3] == "02"


def test_a_band_that_both_adapters_know_is_connected_over_the_chosen_one(nobody, start):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.adapter(path=HCI1, address=TWO, quiet=True)
    nobody.own()
    nobody.has_band()
    nobody.device(path=OTHER, adapter=HCI1, address=ADDRESS, name=NAME)
    nobody.gatt(device=OTHER)
    probe = start("--adapter", TWO.lower())
    probe.ready()
    probe.connect()
    assert [call[1] for call in nobody.calls() if call[0] == "Connect"] == [OTHER]


def test_a_chosen_adapter_is_known_again_by_its_address_not_by_its_number(nobody, start):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.own()
    nobody.has_band()
    probe = start("--adapter", ONE)
    probe.ready()
    probe.connect()
    nobody.has_power(False)
    nobody.remove(path=BAND)
    nobody.remove(path=HCI0)
    probe.wait("disconnected bluetooth")
    probe.wait("bluetooth 0 0")
    nobody.adapter(path=HCI0, address=TWO)  # another one, in its place
    assert probe.is_quiet("bluetooth 1", 0.4)
    nobody.adapter(path=HCI1, address=ONE)
    assert "hci1" in probe.ready()
    nobody.has_band(adapter=HCI1)
    probe.connect()


def test_the_other_adapters_power_is_no_matter(nobody, start):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.adapter(path=HCI1, address=TWO, quiet=True)
    nobody.own()
    nobody.has_band()
    probe = start("--adapter", "hci0")
    probe.ready()
    probe.connect()
    nobody.has_power(False, adapter=HCI1)
    nobody.remove(path=HCI1)
    assert probe.is_quiet("disconnected", 0.4)


def test_without_a_wish_the_next_adapter_takes_over(nobody, start):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.adapter(path=HCI1, address=TWO, quiet=True)
    nobody.own()
    nobody.has_band()
    probe = start()
    assert "hci0" in probe.ready()
    probe.connect()
    nobody.has_power(False)
    probe.wait("disconnected bluetooth")
    assert any("hci1" in line for line in probe.said if line.startswith("bluetooth 1 1"))
    has_other(nobody, adapter=HCI1)
    probe.connect(OTHER_ADDRESS, OTHER_NAME)
    wait_until(lambda: [call[1] for call in nobody.calls() if call[0] == "Connect"] == [BAND, OTHER])
