"""bluetoothd slow, silent, or talking in an order of its own: nothing hangs, and what is told is told in words."""

import os

import pytest

from rig import ADAPTER, ADDRESS, BAND, BATTERY, CHARACTERISTIC, DEVICE, HCI0, NAME, Fake, wait_until

# These wait for a time limit of the backend's to pass.
waits = pytest.mark.skipif(os.environ.get("LINKBANDD_TEST_ALL") != "yes", reason="waits 8 s: only in scripts/test --all")

EEG = f"/c/eeg{BAND}"
FAILED = "org.bluez.Error.Failed"
DENY = '<deny send_destination="org.bluez" send_interface="{}"/>'


def connected(on, resolved=None):
    return {"path": BAND, "interface": DEVICE,
            "changed": {"Connected": on, "ServicesResolved": on if resolved is None else resolved}}


# ---- discovery


@pytest.mark.parametrize("rule", [{"error": "org.bluez.Error.InvalidArguments"}, {"error": FAILED}, pytest.param({"silent": True}, marks=waits)])
def test_without_its_filter_discovery_starts_all_the_same(fake, probe, rule):
    fake.on(member="SetDiscoveryFilter", rules=[rule])
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    fake.has_band()
    probe.wait(f"seen {NAME}")


def test_a_discovery_that_never_answers_is_asked_again(fake, probe):
    fake.on(member="StartDiscovery", rules=[{"silent": True}])
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 2)
    fake.has_band()
    probe.wait(f"seen {NAME}")


@waits
def test_a_scan_that_never_stops_delays_no_answer_and_no_later_scan_for_good(fake, probe):
    fake.on(member="StopDiscovery", rules=[{"silent": True}])
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery"))
    probe.tell("stop")
    probe.wait("scan_ended OK")
    fake.change(path=HCI0, interface=ADAPTER, changed={"Discovering": False})
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 2)


@waits
def test_a_connect_waits_for_a_discovery_that_does_not_stop_only_so_long(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": FAILED}])
    fake.on(member="StopDiscovery", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    probe.wait("connected")
    assert fake.called("Connect") == 2


def test_a_hundred_strangers_do_not_hide_a_band(fake, probe):
    probe.tell("scan")
    for n in range(150):
        fake.device(path=f"/stranger{n}", adapter=HCI0, address=f"11:22:33:44:55:{n:02X}")
    fake.has_band()
    probe.wait(f"seen {NAME}")
    for n in range(150):
        fake.change(path=f"/stranger{n}", interface=DEVICE, changed={"RSSI": {"n": -50}})
    probe.tell("stop")
    probe.wait("scan_ended OK")
    probe.connect()


# ---- connecting


def test_already_connected_is_no_failure(fake, probe):
    """Another program was quicker, and its signal is still under way."""
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": "org.bluez.Error.AlreadyConnected", "changes": [connected(True)]}])
    probe.connect()
    assert fake.called("Connect") == 1


def test_connected_may_be_told_before_connect_answers_and_its_answer_never_come(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True, "changes": [connected(True)]}])
    probe.connect()


def test_a_link_that_is_gone_before_connect_answers_is_made_anew(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"ok": True, "changes": [connected(True, resolved=False), connected(False)]}])
    probe.connect()
    assert fake.called("Connect") == 2


def test_services_told_one_by_one_after_the_list_was_read_make_a_band(fake, probe):
    """The first list has none of them; the signals follow."""
    fake.has_band(gatt=False)
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.gatt(device=BAND)
    probe.wait("connected")
    assert fake.called("RemoveDevice") == 0


@pytest.mark.parametrize("rule", [{"signature": "s", "args": ["nothing"]}, pytest.param({"error": FAILED, "text": "busy"}, marks=waits)])
def test_a_list_of_objects_that_cannot_be_read_is_asked_for_again(nobody, start, rule):
    nobody.on(member="GetManagedObjects", rules=[rule])
    nobody.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    nobody.own()
    probe = start()
    assert "failed" in probe.wait("bluetooth 0 0")
    probe.ready()


def test_an_adapter_stuck_with_a_dead_link_is_told_with_what_resets_it(fake, probe):
    """What the real bluetoothd answers for ever when the controller never confirms the end of a link."""
    fake.has_band()
    fake.on(member="Connect", rules=[{"error": FAILED, "text": "Input/output error", "always": True}])
    probe.tell(f"connect {ADDRESS} -")
    assert "bluetoothctl power off" in probe.wait("connect_failed CONNECTION_FAILED")
    fake.on(member="Connect", rules=[{"error": FAILED, "text": "Input/output error"}] * 2)
    probe.connect()


@waits
def test_a_bluetoothd_that_dies_of_our_disconnect_is_told_and_found_again(fake, probe):
    """As 5.66 does when a link is ended whose services never resolved."""
    fake.has_band()
    fake.on(member="Connect", rules=[{"ok": True, "changes": [connected(True, resolved=False)]}])
    fake.on(member="Disconnect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Disconnect"))
    fake.disown()
    assert "systemctl start bluetooth" in probe.wait("connect_failed BLUETOOTH_ERROR")
    fake.change(path=BAND, interface=DEVICE, changed={"Connected": False})
    fake.own()
    probe.ready()
    probe.connect()


def test_rssi_may_be_missing_all_along(fake, probe):
    fake.has_band(rssi=None)
    assert f"connected {NAME} {ADDRESS}" in probe.connect()


def test_a_battery_of_more_than_all_is_unknown(fake, probe):
    fake.has_band(gatt=False)
    fake.gatt(device=BAND, only=["eeg", "ppg", "acc"])
    fake.add(path=BAND, interfaces={BATTERY: {"Percentage": {"y": 101}}})
    assert " -1 []" in probe.connect()


# ---- the link


def test_a_disconnect_is_told_once_though_bluez_tells_it_in_two(fake, linked):
    """As measured: the reply after some 2 s, ServicesResolved and Connected in signals of their own."""
    fake.on(member="Disconnect", rules=[{"late": 2}])
    linked.tell("disconnect")
    assert linked.is_quiet("disconnected", 1)
    linked.wait("disconnected asked")
    assert linked.is_quiet("disconnected", 0.5)


def test_a_band_lost_during_a_disconnect_is_no_lost_link(fake, linked):
    fake.on(member="Disconnect", rules=[{"silent": True}])
    linked.tell("disconnect")
    wait_until(lambda: fake.called("Disconnect"))
    fake.loses_band()
    linked.wait("disconnected asked")
    assert linked.is_quiet("disconnected", 0.5)


def test_values_before_the_link_is_ready_are_no_packets(fake, probe):
    """After a reconnect bluetoothd subscribes again by itself, before ServicesResolved."""
    fake.has_band()
    fake.on(member="Connect", rules=[{"ok": True, "changes": [connected(True, resolved=False)]}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.value(path=EEG, values=["01"])
    fake.change(path=BAND, interface=DEVICE, changed={"ServicesResolved": True})
    probe.wait("connected")
    assert not [line for line in probe.said if line.startswith("packet")]


def test_a_write_that_is_never_answered_is_told(fake, linked):
    """On a dead link BlueZ would take 30 s."""
    fake.on(member="WriteValue", rules=[{"silent": True}])
    linked.tell("control start")
    assert "no answer in time" in linked.wait("controlled STREAMING_ERROR")
    linked.tell("control start")
    linked.wait("controlled OK")


@waits
def test_a_subscription_that_is_never_answered_is_told_and_can_be_tried_again(fake, linked):
    fake.on(member="StartNotify", rules=[{"late": 9}])
    assert "no answer in time" in linked.notify("eeg")
    assert linked.is_quiet("notified", 1.5)
    assert linked.notify("eeg").startswith("notified eeg on OK")


def test_services_that_vanish_under_a_link_are_told_where_they_are_missed(fake, linked):
    fake.remove(path=f"/c/ppg{BAND}")
    assert "no longer knows" in linked.notify("ppg")
    assert linked.notify("eeg").startswith("notified eeg on OK")


@pytest.mark.parametrize("options", [(), ("--acquire",)])
def test_access_denied_to_characteristics_alone_names_the_group(bus, start, options):
    bus.stop()
    bus.start(DENY.format(CHARACTERISTIC))
    fake = Fake(bus.address)
    fake.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.has_band(quiet=True)
    fake.own()
    probe = start(*options)
    probe.ready()
    probe.connect()
    assert "group bluetooth" in probe.notify("eeg")
    probe.tell("control start")
    assert "group bluetooth" in probe.wait("controlled BLUETOOTH_ERROR")
    fake.stop()


@pytest.mark.parametrize("options", [(), ("--known", ADDRESS)])
def test_an_adopted_link_is_ended_at_shutdown(fake, start, options):
    """A crashed run's, perhaps: then nobody else would ever end it."""
    probe = start(*options)
    probe.ready()
    fake.has_band(connected=True, resolved=True)
    probe.connect()
    assert fake.called("Connect") == 0
    probe.tell("destroy")
    probe.wait("destroyed")
    assert fake.called("Disconnect") == 1


def test_what_a_crash_left_is_over_once_the_link_has_ended(fake, start):
    """Found connected after that, it is another program's, and not to be cut."""
    probe = start("--known", ADDRESS)
    probe.ready()
    fake.has_band(connected=True, resolved=True)
    probe.connect()
    fake.loses_band()
    probe.wait("disconnected lost")
    fake.change(path=BAND, interface=DEVICE, changed={"Connected": True})
    fake.calls(clear=True)
    probe.tell("destroy")
    probe.wait("destroyed")
    assert fake.called("Disconnect") == 0


def test_another_bluetoothd_may_take_over_in_one_step(bus, fake, linked):
    """NameOwnerChanged from one owner to the next, without a moment of none."""
    again = Fake(bus.address)
    again.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    again.has_band(quiet=True)
    again.own(replace=True)
    linked.wait("disconnected bluetooth")
    linked.ready()
    linked.connect()
    assert again.called("Connect") == 1
    again.stop()
