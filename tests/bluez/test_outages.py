"""bluetoothd and the bus itself come and go."""

from rig import ADDRESS, BAND, HCI0, NAME, Fake, wait_until

DENY = '<deny send_destination="org.bluez" send_interface="{}"/>'


def come_back(fake):
    fake.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.has_band(quiet=True)
    fake.own()


def test_bluetooth_is_told_once_at_start(fake, probe):
    assert probe.is_quiet("bluetooth", 0.5)
    assert probe.said == ["bluetooth 1 1 Bluetooth is ready (hci0)."]


def test_bluetoothd_that_starts_later_is_found(nobody, start):
    probe = start()
    probe.wait("bluetooth 0 0")
    come_back(nobody)
    probe.ready()
    probe.connect()


def test_bluetoothd_killed_ends_link_and_is_found_when_it_is_back(bus, fake, linked):
    fake.stop()
    assert "systemctl start bluetooth" in linked.wait("bluetooth 0 0")
    linked.wait("disconnected bluetooth")
    linked.tell(f"connect {ADDRESS} -")
    linked.wait("connect_failed BLUETOOTH_ERROR")
    again = Fake(bus.address)
    come_back(again)
    linked.ready()
    linked.connect()
    again.stop()


def test_bluetoothd_killed_while_connecting_fails_the_attempt(fake, probe):
    fake.has_band()
    fake.on(member="Connect", rules=[{"silent": True}])
    probe.tell(f"connect {ADDRESS} -")
    wait_until(lambda: fake.called("Connect"))
    fake.disown()
    probe.wait("connect_failed BLUETOOTH_ERROR")


def test_a_scan_goes_on_when_bluetoothd_is_back(fake, probe):
    probe.tell("scan")
    wait_until(lambda: fake.called("StartDiscovery") == 1)
    fake.disown()
    probe.wait("bluetooth 0 0")
    fake.has_power(True)
    fake.own()
    wait_until(lambda: fake.called("StartDiscovery") == 2)


def test_the_bus_killed_ends_the_link_and_is_found_when_it_is_back(bus, fake, linked):
    linked.notify("eeg")
    bus.stop()
    assert "D-Bus" in linked.wait("bluetooth 0 0")
    linked.wait("disconnected bluetooth")
    bus.start()
    again = Fake(bus.address)
    come_back(again)
    linked.ready()
    assert NAME in linked.connect()
    linked.notify("eeg")
    again.value(path=f"/c/eeg{BAND}", values=["01"])
    linked.wait("packet eeg")
    client, = again.clients()
    assert again.match_rules(name=client) == 3
    again.stop()


def test_no_bus_at_first_is_told_and_waited_for(bus, start):
    bus.stop()
    probe = start()
    assert "D-Bus" in probe.wait("bluetooth 0 0")
    bus.start()
    fake = Fake(bus.address)
    come_back(fake)
    probe.ready()
    fake.stop()


def test_access_denied_by_the_bus_policy_names_the_group(bus, start):
    bus.stop()
    bus.start(DENY.format("org.freedesktop.DBus.ObjectManager"))
    fake = Fake(bus.address)
    come_back(fake)
    probe = start()
    assert "group bluetooth" in probe.wait("bluetooth 0 0")
    probe.tell("scan")
    assert "group bluetooth" in probe.wait("scan_ended BLUETOOTH_ERROR")
    fake.stop()


def test_access_denied_to_devices_alone_fails_the_connect(bus, start):
    bus.stop()
    bus.start(DENY.format("org.bluez.Device1"))
    fake = Fake(bus.address)
    come_back(fake)
    probe = start()
    probe.ready()
    probe.tell(f"connect {ADDRESS} -")
    assert "group bluetooth" in probe.wait("connect_failed BLUETOOTH_ERROR")
    fake.stop()


def test_signals_of_anyone_but_bluetoothd_are_not_believed(bus, fake, linked):
    linked.notify("eeg")
    stranger = Fake(bus.address)
    stranger.value(path=f"/c/eeg{BAND}", values=["01"])
    stranger.change(path=BAND, interface="org.bluez.Device1", changed={"Connected": False})
    assert linked.is_quiet("packet", 0.3)
    assert not [line for line in linked.said if line.startswith("disconnected")]
    stranger.stop()


def test_shutdown_disconnects_the_band_and_ends_in_time_without_an_answer(fake, linked):
    fake.on(member="Disconnect", rules=[{"silent": True}])
    linked.tell("destroy")
    linked.wait("destroyed")
    assert fake.called("Disconnect") == 1


def test_shutdown_in_every_state_is_clean(bus, fake, start):
    fake.has_band()
    for command in ("", "scan", f"connect {ADDRESS} -", "connect - LXB-ABSENT", "notify eeg on", "disconnect"):
        probe = start()
        if command:
            probe.tell(command)
        probe.stop()
