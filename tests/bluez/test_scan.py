"""Looking for bands."""

import pytest

from rig import ADDRESS, BAND, DEVICE, HCI0, HCI1, NAME, wait_until


def test_each_band_is_told_as_it_is_seen_and_again_with_its_rssi(fake, probe):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.has_band(rssi=-60)
    assert probe.wait("seen") == f"seen {NAME} {ADDRESS} -60"
    fake.hears_band(-71)
    assert probe.wait("seen") == f"seen {NAME} {ADDRESS} -71"
    probe.tell("stop")
    assert probe.wait("scan_ended").startswith("scan_ended OK")
    wait_until(lambda: fake.called("StopDiscovery"))


def test_no_operation_tells_anything_before_it_returns(fake, probe):
    probe.tell("stop")
    assert probe.wait("returned stop") and not [line for line in probe.said if line.startswith("scan_ended")]
    probe.wait("scan_ended OK")


def test_other_devices_are_not_told(fake, probe):
    probe.tell("scan")
    fake.device(path="/d1", adapter=HCI0, address="11:22:33:44:55:66", name="Headphones")
    fake.device(path="/d2", adapter=HCI0, address="11:22:33:44:55:67", name=None)
    fake.has_band()
    probe.wait(f"seen {NAME}")
    assert not [line for line in probe.said if "11:22:33:44:55" in line]


def test_a_name_that_comes_later_makes_a_band(fake, probe):
    probe.tell("scan")
    fake.device(path=BAND, adapter=HCI0, address=ADDRESS, name=None)
    fake.change(path=BAND, interface=DEVICE, changed={"Name": NAME})
    probe.wait(f"seen {NAME} {ADDRESS}")


def test_a_band_in_the_cache_that_is_not_heard_is_not_seen(fake, probe):
    fake.has_band(rssi=None)
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.device(path="/other", adapter=HCI0, address="C0:11:22:33:44:99", name="LXB-OTHER")
    probe.wait("seen LXB-OTHER")
    fake.hears_band()
    probe.wait(f"seen {NAME}")


def test_the_chosen_adapter_is_used_by_address_or_name_and_hci1_is_not_hci10(nobody, start):
    nobody.adapter(path="/org/bluez/hci10", address="00:00:00:00:00:10", quiet=True)
    nobody.adapter(path=HCI1, address="00:00:00:00:00:01", quiet=True)
    nobody.own()
    for wish, path in (("hci1", HCI1), ("00:00:00:00:00:10", "/org/bluez/hci10"), ("hci10", "/org/bluez/hci10")):
        nobody.calls(clear=True)
        probe = start("--adapter", wish)
        probe.ready()
        probe.tell("scan")
        wait_until(lambda: nobody.called("StartDiscovery"))
        assert [call[1] for call in nobody.calls() if call[0] == "StartDiscovery"] == [path]
        probe.stop()


def test_without_a_wish_the_first_powered_adapter_is_used(nobody, start):
    nobody.adapter(path=HCI0, address="00:00:00:00:00:00", powered=False, quiet=True)
    nobody.adapter(path=HCI1, address="00:00:00:00:00:01", quiet=True)
    nobody.own()
    probe = start()
    assert "hci1" in probe.ready()


def test_a_scan_without_a_chance_says_what_to_do(nobody, start):
    probe = start()
    assert "systemctl start bluetooth" in probe.wait("bluetooth 0 0")
    probe.tell("scan")
    assert "systemctl start bluetooth" in probe.wait("scan_ended BLUETOOTH_ERROR")


def test_discovery_refused_is_told_in_words(fake, probe):
    for error, words in (("org.bluez.Error.NotReady", "bluetoothctl power on"),
                         ("org.bluez.Error.Blocked", "rfkill unblock"),
                         ("org.freedesktop.DBus.Error.AccessDenied", "group bluetooth")):
        fake.on(member="StartDiscovery", rules=[{"error": error}])
        probe.tell("scan")
        assert words in probe.wait("scan_ended BLUETOOTH_ERROR")


def test_discovery_that_fails_at_first_is_tried_again(fake, probe):
    fake.on(member="StartDiscovery", rules=[{"error": "org.bluez.Error.Failed", "text": "busy"}] * 2)
    probe.tell("scan")
    fake.has_band()
    wait_until(lambda: fake.called("StartDiscovery") == 3)
    fake.hears_band(-50)
    probe.wait(f"seen {NAME} {ADDRESS} -50")


def test_discovery_already_on_is_shared(fake, probe):
    fake.on(member="StartDiscovery", rules=[{"error": "org.bluez.Error.InProgress"}])
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.has_band()
    probe.wait(f"seen {NAME}")


def test_a_scan_goes_on_after_the_adapter_was_off(fake, probe):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 1)
    fake.has_power(False)
    probe.wait("bluetooth 1 0")
    fake.has_power(True)
    wait_until(lambda: fake.called("StartDiscovery") == 2)
    fake.has_band()
    probe.wait(f"seen {NAME}")


def test_a_scan_that_bluetoothd_ended_is_begun_anew(fake, probe):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 1)
    fake.change(path=HCI0, interface="org.bluez.Adapter1", changed={"Discovering": False})
    wait_until(lambda: fake.called("StartDiscovery") == 2)


def test_a_stalled_scan_is_begun_anew(fake, probe):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 2)
    assert fake.called("StopDiscovery") == 1


@pytest.mark.parametrize("control", ["\n", "\x1b", "\x7f", "\x80", "\x85", "\x9b31m", "\x9f"])
def test_a_name_with_a_control_character_is_no_band_s(fake, probe, control):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.device(path="/stranger", adapter=HCI0, address="11:22:33:44:55:66", name=f"LXB-{control}x")
    fake.device(path="/neighbour", adapter=HCI0, address="11:22:33:44:55:77", name="LXB-\xa0\xe9")
    fake.has_band()
    probe.wait("seen LXB-\xa0\xe9")
    probe.wait(f"seen {NAME} ")
    assert not [line for line in probe.said if "11:22:33:44:55:66" in line]


@pytest.mark.parametrize("told, seen", [(-300, 127), (-128, 127), (-127, -127), (20, 20), (128, 127), (32767, 127)])
def test_a_strength_that_no_radio_measures_is_not_known(fake, probe, told, seen):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.has_band(rssi=told)
    probe.wait(f"seen {NAME} {ADDRESS} {seen}")
    fake.hears_band(-50)
    probe.wait(f"seen {NAME} {ADDRESS} -50")
