"""Several bands at once: each has a link of its own, and what befalls one is not the other's."""

from rig import ADDRESS, BAND, DEVICE, HCI0, NAME, wait_until

SECOND, ADDRESS2, NAME2 = "/org/bluez/hci0/second", "C0:11:22:33:44:52", "LXB-TEST0002"


def has_both(fake):
    fake.has_band()
    fake.device(path=SECOND, adapter=HCI0, address=ADDRESS2, name=NAME2)
    fake.gatt(device=SECOND)


def connect_both(fake, probe):
    has_both(fake)
    probe.connect()
    probe.tell(f"connect {ADDRESS2} -")
    assert NAME2 in probe.wait("2: connected")


def test_each_band_has_its_own_data_and_its_own_end(fake, probe):
    connect_both(fake, probe)
    probe.notify("eeg")
    probe.tell("2: notify eeg on")
    probe.wait("2: notified eeg on OK")
    fake.value(path=f"/c/eeg{BAND}", values=["0101"])
    fake.value(path=f"/c/eeg{SECOND}", values=["0202"])
    assert "0101" in probe.wait("packet eeg")
    assert "0202" in probe.wait("2: packet eeg")
    probe.tell("disconnect")
    probe.wait("disconnected asked")
    fake.value(path=f"/c/eeg{BAND}", values=["0303"])
    fake.value(path=f"/c/eeg{SECOND}", values=["0404"])
    assert "0404" in probe.wait("2: packet eeg")
    assert fake.called("Disconnect") == 1


def test_a_band_whose_object_vanishes_leaves_the_other(fake, probe):
    connect_both(fake, probe)
    fake.remove(path=BAND)
    probe.wait("disconnected lost")
    probe.tell("2: control start")
    probe.wait("2: controlled OK")


def test_bluetooth_that_goes_takes_both(fake, probe):
    connect_both(fake, probe)
    fake.has_power(False)
    probe.wait("disconnected bluetooth")
    probe.wait("2: disconnected bluetooth")


def test_one_connects_at_a_time_and_one_that_hangs_gives_way(fake, probe):
    has_both(fake)
    fake.on(member=f"Connect {BAND}", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    probe.tell(f"connect {ADDRESS2} -")
    probe.wait("2: connected")
    calls = [call[:2] for call in fake.calls() if call[0] in ("Connect", "Disconnect")]
    assert calls[:3] == [["Connect", BAND], ["Disconnect", BAND], ["Connect", SECOND]]
    probe.wait("connected")


def test_a_band_that_hangs_keeps_nobody_from_being_found(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    probe.tell("scan")
    fake.device(path=SECOND, adapter=HCI0, address=ADDRESS2, name=NAME2)
    probe.wait(f"seen {NAME2}")


def test_one_band_has_one_link_by_whatever_it_is_called(fake, probe):
    fake.has_band()
    probe.connect()
    probe.tell(f"connect {ADDRESS} -")
    probe.wait("2: connect_failed BUSY")
    probe.tell(f"connect - {NAME}")
    probe.wait("2: connect_failed BUSY")
    assert fake.called("Connect") == 1


def test_a_band_that_is_looked_for_twice_is_connected_once(fake, probe):
    probe.tell(f"connect {ADDRESS} -")
    probe.tell(f"connect - {NAME}")
    fake.has_band()
    fake.change(path=BAND, interface=DEVICE, changed={"RSSI": {"n": -50}})
    probe.wait("2: connect_failed BUSY")
    probe.wait("connected")
    # On a busy machine its first turn may end, for another waits: by a Disconnect then.
    assert fake.called("Connect") - fake.called("Disconnect") == 1


def test_both_are_let_go_at_the_end(fake, probe):
    connect_both(fake, probe)
    probe.tell("destroy")
    probe.wait("destroyed")
    assert sorted(call[1] for call in fake.calls() if call[0] == "Disconnect") == [BAND, SECOND]
