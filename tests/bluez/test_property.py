"""What belongs to others: pairings, links that other programs make, devices that are no bands."""

import pytest

from rig import ADAPTER, ADDRESS, BAND, DEVICE, HCI0, HCI1, NAME, wait_until

KEYBOARD, ITS_ADDRESS = "/org/bluez/hci0/keyboard", "E0:11:22:33:44:60"
HID = "00001812-0000-1000-8000-00805f9b34fb"
EEG_SERVICE = "df7b5d95-3afe-00a1-084c-b50895ef4f95"
IN_PROGRESS = {"error": "org.bluez.Error.InProgress"}


def has_keyboard(fake, **more):
    parameters = {"name": "Keyboard K380", "rssi": None, "more": {"Paired": True, "Bonded": True, "Trusted": True, "UUIDs": {"as": [HID]}}}
    fake.device(path=KEYBOARD, adapter=HCI0, address=ITS_ADDRESS, **{**parameters, **more})


def touched(fake):
    return [call[0] for call in fake.calls() if call[0] in ("Connect", "Disconnect", "RemoveDevice", "Pair")]


@pytest.mark.parametrize("flags", [{"Paired": True}, {"Bonded": True}, {"Paired": True, "Bonded": True, "Trusted": True}])
@pytest.mark.parametrize("name", ["Keyboard K380", None])
def test_a_paired_keyboard_is_refused_at_once_and_not_touched(fake, probe, flags, name):
    has_keyboard(fake, name=name, more=flags)
    probe.tell(f"connect {ITS_ADDRESS} -")
    assert f"{ITS_ADDRESS} is no Link Band" in probe.wait("connect_failed CONNECTION_FAILED")
    assert touched(fake) == []


def test_a_keyboard_that_was_paired_before_we_came_is_refused_at_once(nobody, start):
    nobody.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    has_keyboard(nobody, quiet=True)
    nobody.own()
    probe = start()
    probe.ready()
    probe.tell(f"connect {ITS_ADDRESS} -")
    probe.wait("connect_failed CONNECTION_FAILED")
    assert touched(nobody) == []


def test_a_stranger_whose_services_are_known_is_refused_and_keeps_its_link(fake, probe):
    """Another program's, not paired."""
    has_keyboard(fake, connected=True, resolved=True, more={"UUIDs": {"as": [HID]}})
    probe.tell(f"connect {ITS_ADDRESS} -")
    probe.wait("connect_failed CONNECTION_FAILED")
    assert touched(fake) == []


def test_a_stranger_that_is_not_paired_gets_one_look_and_is_let_go_of(fake, probe):
    has_keyboard(fake, rssi=-50, more={"UUIDs": {"as": [HID]}})
    probe.tell(f"connect {ITS_ADDRESS} -")
    probe.wait("connect_failed CONNECTION_FAILED")
    wait_until(lambda: fake.called("Disconnect"))
    assert touched(fake) == ["Connect", "Disconnect"]


@pytest.mark.parametrize("flags", [{"Paired": True}, {"Bonded": True}, {"Trusted": True}])
def test_what_is_paired_bonded_or_trusted_is_never_removed(fake, probe, flags):
    """A band that somebody paired: its cache is empty, its Connect in progress, its services never resolve."""
    fake.has_band(gatt=False, more=flags)
    probe.tell(f"connect {ADDRESS} -")
    assert "has no EEG characteristic" in probe.wait("connect_failed CONNECTION_FAILED")
    assert fake.called("Connect") == 3 and fake.called("RemoveDevice") == 0
    fake.on(member="Connect", rules=[IN_PROGRESS] * 3)
    fake.calls(clear=True)
    fake.gatt(device=BAND)
    probe.connect()
    assert fake.called("Connect") == 4 and fake.called("RemoveDevice") == 0


@pytest.mark.parametrize("sign", ["name", "uuids", "services"])
def test_a_band_that_somebody_paired_is_a_band(fake, probe, sign):
    """Also where its cached name is the one that GATT gave it."""
    more = {"Paired": True, "Bonded": True, "UUIDs": {"as": [EEG_SERVICE] if sign == "uuids" else []}}
    fake.device(path=BAND, adapter=HCI0, address=ADDRESS, name=NAME if sign == "name" else "Link Band", more=more)
    if sign == "services":
        fake.gatt(device=BAND)
    else:
        fake.on(member="Connect", rules=[{"ok": True, "changes": [
            {"path": BAND, "interface": DEVICE, "changed": {"Connected": True}}]}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    if sign != "services":
        fake.gatt(device=BAND)
        fake.change(path=BAND, interface=DEVICE, changed={"ServicesResolved": True})
    probe.wait("connected")


def test_a_band_whose_cached_name_is_its_gap_name_gets_its_look(fake, probe):
    fake.device(path=BAND, adapter=HCI0, address=ADDRESS, name="Link Band")
    fake.gatt(device=BAND)
    assert ADDRESS in probe.connect(name="-")


# ---- links


def test_a_failed_attempt_leaves_no_connect_running(fake, probe):
    """It failed for want of discovery while BlueZ was at it: the band would be held by nobody."""
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.on(member="StartDiscovery", rules=[{"error": "org.freedesktop.DBus.Error.AccessDenied", "always": True}])
    fake.change(path=HCI0, interface=ADAPTER, changed={"Discovering": True})
    fake.change(path=HCI0, interface=ADAPTER, changed={"Discovering": False})
    probe.wait("connect_failed BLUETOOTH_ERROR")
    wait_until(lambda: fake.called("Disconnect"))
    assert touched(fake) == ["Connect", "Disconnect"]


def test_a_connect_that_was_refused_makes_no_later_link_ours(fake, probe):
    """Another program was quicker: its link is used as it is, and not cut to mend something."""
    fake.has_band(gatt=False)
    fake.on(member="Connect", rules=[{"error": "org.bluez.Error.Failed", "text": "br-connection-canceled"}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.change(path=BAND, interface=DEVICE, changed={"Connected": True, "ServicesResolved": True})
    probe.wait("connect_failed CONNECTION_FAILED")
    assert touched(fake) == ["Connect"]


def test_a_link_that_another_program_made_meanwhile_is_not_ours(fake, probe):
    fake.has_band(gatt=False)
    fake.on(member="Connect", rules=[{"error": "org.bluez.Error.AlreadyConnected", "changes": [
        {"path": BAND, "interface": DEVICE, "changed": {"Connected": True, "ServicesResolved": True}}]}])
    probe.tell(f"connect {ADDRESS} -")
    probe.wait("connect_failed CONNECTION_FAILED")
    assert touched(fake) == ["Connect"]


# ---- whom a name means


def has_another_of_its_name(fake, path="/org/bluez/hci0/again", address="C0:11:22:33:44:99", **more):
    fake.device(path=path, adapter=HCI0, address=address, name=NAME, **more)
    fake.gatt(device=path)


def connect_by_name(start):
    """By one who finds all objects there."""
    probe = start()
    probe.ready()
    return probe.connect(address="-")


def connected_paths(fake):
    return [call[1] for call in fake.calls() if call[0] == "Connect"]


def test_a_name_means_the_one_that_is_heard_not_one_long_gone(fake, start):
    fake.has_band(rssi=None)
    fake.change(path=BAND, interface=DEVICE, changed={}, invalidated=["RSSI"])
    has_another_of_its_name(fake)
    assert "C0:11:22:33:44:99" in connect_by_name(start)
    assert connected_paths(fake) == ["/org/bluez/hci0/again"]


def test_a_name_means_the_nearest(fake, start):
    fake.has_band(rssi=-80)
    has_another_of_its_name(fake, rssi=-40)
    assert "C0:11:22:33:44:99" in connect_by_name(start)


def test_a_name_means_the_one_that_is_connected(fake, start):
    fake.has_band(rssi=-40)
    has_another_of_its_name(fake, rssi=None, connected=True, resolved=True)
    assert "C0:11:22:33:44:99" in connect_by_name(start)
    assert connected_paths(fake) == []


def test_one_tried_in_vain_gives_way_to_another_of_its_name(fake, start):
    fake.has_band(rssi=-40)
    has_another_of_its_name(fake, rssi=-80)
    fake.on(member=f"Connect {BAND}", rules=[{"error": "org.bluez.Error.Failed", "text": "le-connection-abort-by-local", "always": True}])
    assert "C0:11:22:33:44:99" in connect_by_name(start)
    assert connected_paths(fake) == [BAND, "/org/bluez/hci0/again"]


# ---- words


def test_an_adapter_that_goes_while_another_stays_is_told_in_words(nobody, start):
    nobody.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    nobody.adapter(path=HCI1, address="00:AA:01:00:00:24", quiet=True)
    nobody.own()
    probe = start()
    assert "hci0" in probe.ready()
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: nobody.called("StartDiscovery"))
    nobody.has_power(False)
    told = probe.wait("connect_failed BLUETOOTH_ERROR")
    assert "switched off or unplugged" in told and "try again" in told
    nobody.has_band(adapter=HCI1)
    probe.connect()
