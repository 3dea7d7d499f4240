"""Making a link, whatever goes wrong on the way."""

import pytest

from rig import ADAPTER, ADDRESS, BAND, BATTERY, CHARACTERISTIC, DEVICE, HCI0, NAME, wait_until

FAILED = "org.bluez.Error.Failed"


def test_a_link_knows_name_address_rssi_battery_and_firmware(fake, probe):
    fake.has_band(rssi=-60)
    assert probe.connect() == f"connected {NAME} {ADDRESS} -60 87 [1.2.3] 1 hci0"


def test_a_band_is_connected_by_name_alone_or_address_in_any_case(fake, probe):
    fake.has_band()
    assert f"{NAME} {ADDRESS}" in probe.connect(address="-", name=NAME.lower())
    probe.tell("disconnect")
    probe.wait("disconnected asked")
    assert f"{NAME} {ADDRESS}" in probe.connect(address=ADDRESS.lower(), name="-")


def test_a_band_not_yet_known_is_looked_for(fake, probe):
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.has_band()
    probe.wait(f"seen {NAME}")
    probe.wait(f"connected {NAME}")
    wait_until(lambda: fake.called("StopDiscovery"))


def test_a_band_in_the_cache_that_is_not_heard_is_tried_after_all(fake, probe):
    fake.has_band(rssi=None, quiet=True)
    fake.has_band(rssi=None)
    fake.change(path=BAND, interface=DEVICE, changed={}, invalidated=["RSSI"])
    probe.connect()


def test_the_name_is_the_one_advertised_whatever_gatt_calls_it(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"changes": [
        {"path": BAND, "interface": DEVICE, "changed": {"Connected": True}},
        {"path": BAND, "interface": DEVICE, "changed": {"Name": "Link Band", "Alias": "Link Band"}},
        {"path": BAND, "interface": DEVICE, "changed": {"ServicesResolved": True}}], "ok": True}])
    assert NAME in probe.connect(name="-")


def test_services_may_be_told_after_they_are_resolved(fake, probe):
    fake.has_band(gatt=False)
    fake.on(member="Connect", rules=[{"changes": [
        {"path": BAND, "interface": DEVICE, "changed": {"Connected": True, "ServicesResolved": True}}], "ok": True}])
    fake.on(member="GetManagedObjects", rules=[{"late": 0.3}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.gatt(device=BAND, quiet=True)
    probe.wait("connected")


def test_a_battery_that_bluez_keeps_for_itself_is_read_from_battery1(fake, probe):
    fake.has_band(gatt=False)
    fake.gatt(device=BAND, only=["eeg", "ppg", "acc"])
    fake.add(path=BAND, interfaces={BATTERY: {"Percentage": {"y": 42}}})
    assert " 42 []" in probe.connect()
    assert probe.notify("bat").startswith("notified bat on OK")
    fake.change(path=BAND, interface=BATTERY, changed={"Percentage": {"y": 41}})
    assert probe.wait("packet bat").endswith(" 29 1")


@pytest.mark.parametrize("rule", [
    {"error": FAILED, "text": "no"}, {"signature": "s", "args": ["text"]}, {"signature": "", "args": []}])
def test_battery_and_firmware_that_cannot_be_read_cost_no_link(fake, probe, rule):
    fake.has_band()
    fake.on(member="ReadValue", rules=[{**rule, "always": True}])
    assert " -1 []" in probe.connect()


def test_a_reply_after_its_time_limit_is_ignored(fake, probe):
    fake.has_band()
    fake.on(member=f"ReadValue /c/firmware{BAND}", rules=[{"late": 6}])
    assert " 87 []" in probe.connect()
    assert probe.is_quiet("connected", 1.5)
    assert probe.notify("eeg").startswith("notified eeg on OK")


@pytest.mark.parametrize("text", [
    "le-connection-abort-by-local", "Software caused connection abort", "br-connection-canceled", ""])
def test_passing_errors_are_tried_again(fake, probe, text):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": FAILED, "text": text}] * 2)
    probe.connect()
    assert fake.called("Connect") == 3


def test_the_second_try_is_made_without_discovery(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": FAILED}])
    probe.connect()
    order = [call[0] for call in fake.calls() if call[0] in ("Connect", "StopDiscovery")]
    assert order[:3] == ["Connect", "StopDiscovery", "Connect"] or order[:3] == ["StopDiscovery", "Connect", "Connect"]


def test_a_link_that_bluez_does_not_tell_of_is_asked_for(fake, probe):
    """bluetoothd 5.66 tells nothing where it takes the device for connected already."""
    fake.has_band()
    linked = {"Connected": True, "ServicesResolved": True}
    fake.on(member="Connect", rules=[{"ok": True, "changes": [{"path": BAND, "interface": DEVICE, "changed": linked, "told": False}]}])
    probe.connect()
    assert (fake.called("Connect"), fake.called("Disconnect")) == (1, 0)


def test_services_never_resolved_are_dropped_and_the_retry_waits_for_disconnected(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"changes": [
        {"path": BAND, "interface": DEVICE, "changed": {"Connected": True}}], "ok": True}])
    fake.on(member="Disconnect", rules=[{"ok": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Disconnect"))
    assert probe.is_quiet("connected", 1)
    assert fake.called("Connect") == 1
    fake.loses_band()
    probe.wait("connected")


def test_in_progress_is_met_with_disconnect_and_at_last_with_remove_device(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": "org.bluez.Error.InProgress"}] * 3)
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("RemoveDevice"))
    calls = [call[0] for call in fake.calls() if call[0] in ("Connect", "Disconnect", "RemoveDevice")]
    assert calls == ["Connect", "Disconnect"] * 3 + ["RemoveDevice"]
    fake.has_band()
    probe.wait("connected")


def test_a_device_that_vanishes_is_looked_for_again(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": "org.freedesktop.DBus.Error.UnknownObject"}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.remove(path=BAND)
    fake.has_band()
    probe.wait("connected")


def test_a_device_that_vanishes_while_connecting_is_looked_for_again(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.remove(path=BAND)
    fake.has_band()
    probe.wait("connected")


def test_a_band_lost_while_its_services_are_resolved_is_connected_again(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"changes": [
        {"path": BAND, "interface": DEVICE, "changed": {"Connected": True}}], "ok": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect") == 1)
    fake.loses_band()
    probe.wait("connected")
    assert fake.called("Connect") == 2


def test_an_empty_cache_of_services_is_met_with_a_new_link_then_removed(fake, probe):
    fake.has_band(gatt=False)
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("RemoveDevice"))
    assert fake.called("Connect") == 2
    fake.has_band()
    probe.wait("connected")


def test_a_device_without_a_bands_characteristics_is_refused_by_name(fake, probe):
    fake.has_band(gatt=False)
    fake.gatt(device=BAND, only=["eeg", "acc", "bat"])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("RemoveDevice"))
    fake.has_band(gatt=False)
    assert "has no PPG characteristic" in probe.wait("connect_failed CONNECTION_FAILED")


@pytest.mark.parametrize("error, words", [
    ("org.bluez.Error.NotReady", "bluetoothctl power on"),
    ("org.freedesktop.DBus.Error.AccessDenied", "group bluetooth"),
    ("org.freedesktop.DBus.Error.ServiceUnknown", "systemctl start bluetooth")])
def test_what_no_try_can_mend_ends_the_attempt_at_once(fake, probe, error, words):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": error, "always": True}])
    probe.tell(f"connect {ADDRESS} -")
    assert words in probe.wait("connect_failed BLUETOOTH_ERROR")


def test_an_absent_band_is_looked_for_until_cancelled(fake, probe):
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("StartDiscovery"))
    assert probe.is_quiet("connect_failed", 0.5)
    probe.tell("disconnect")
    probe.wait("connect_failed CANCELLED")
    assert fake.called("Connect") == fake.called("Disconnect") == 0
    wait_until(lambda: fake.called("StopDiscovery"))


def test_a_connect_under_way_is_cancelled_by_disconnect(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    probe.tell("disconnect")
    probe.wait("connect_failed CANCELLED")
    assert fake.called("Disconnect") == 1
    probe.connect()


def test_a_second_connect_is_refused_and_the_first_goes_on(fake, probe):
    probe.tell(f"connect {ADDRESS} -")
    probe.tell(f"connect {ADDRESS} -")
    probe.wait("2: connect_failed BUSY")
    fake.has_band()
    probe.wait("connected")


def test_a_link_that_is_there_is_used_not_made(fake, probe):
    fake.has_band(connected=True, resolved=True)
    probe.connect()
    assert fake.called("Connect") == 0


def test_another_programs_link_is_never_cut_on_the_way(fake, probe):
    fake.has_band(connected=True, resolved=True, gatt=False)
    probe.tell(f"connect {ADDRESS} -")
    probe.wait("connect_failed CONNECTION_FAILED")
    assert fake.called("Disconnect") == fake.called("RemoveDevice") == 0


def test_a_link_our_crashed_run_left_may_be_cut(fake, start):
    probe = start("--known", ADDRESS.lower())
    probe.ready()
    fake.has_band(connected=True, resolved=True, gatt=False)
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Disconnect"))
    fake.gatt(device=BAND)
    probe.wait("connected")


def test_a_link_our_crashed_run_left_is_ended_at_shutdown(fake, start):
    probe = start("--known", ADDRESS)
    probe.ready()
    fake.has_band(connected=True, resolved=True)
    probe.tell("destroy")
    probe.wait("destroyed")
    assert fake.called("Disconnect") == 1


def test_another_programs_link_is_left_at_shutdown(fake, probe):
    fake.has_band(connected=True, resolved=True)
    fake.calls(clear=True)
    probe.tell("destroy")
    probe.wait("destroyed")
    assert fake.called("Disconnect") == 0


def test_missing_properties_and_wrong_types_do_no_harm(fake, probe):
    fake.add(path="/odd1", interfaces={DEVICE: {}, BATTERY: {}, "org.example.Unknown": {"X": 1.5}})
    fake.add(path="/odd2", interfaces={DEVICE: {"Address": {"n": 5}, "Name": {"y": 1}, "RSSI": "loud"}})
    fake.add(path="/odd3", interfaces={CHARACTERISTIC: {"UUID": {"ay": "00"}, "Service": True}})
    fake.change(path="/unknown", interface=DEVICE, changed={"Connected": "maybe", "Name": "LXB-GHOST"})
    fake.change(path="/unknown", interface=CHARACTERISTIC, changed={"Value": {"ay": "0102"}})
    fake.change(path=HCI0, interface=ADAPTER, changed={"Powered": "yes"}, keep=False)
    fake.raw(path="/x", interface="org.freedesktop.DBus.Properties", member="PropertiesChanged", signature="u", args=[1])
    fake.raw(path="/", interface="org.freedesktop.DBus.ObjectManager", member="InterfacesAdded", signature="s", args=["x"])
    fake.raw(path="/", interface="org.freedesktop.DBus.ObjectManager", member="InterfacesRemoved", signature="as", args=[["x"]])
    fake.remove(path="/unknown", interfaces=[DEVICE])
    fake.has_band()
    probe.connect()
