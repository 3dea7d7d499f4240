"""Several adapters: each carries its share of the bands, and what befalls one is not the others'."""

import pytest

from rig import ADAPTER, DEVICE, HCI0, HCI1, wait_until

ONE, TWO = "00:AA:01:00:00:23", "00:AA:01:00:00:24"
FULL = {"error": "org.bluez.Error.Failed", "text": "le-connection-concurrent-connection-limit"}


def address(n):
    return f"C0:11:22:33:44:6{n}"


def path(n, adapter=HCI0):
    return f"{adapter}/band{n}"


def has_band(fake, n, *adapters):
    for adapter in adapters:
        fake.device(path=path(n, adapter), adapter=adapter, address=address(n), name=f"LXB-TEST001{n}")
        fake.gatt(device=path(n, adapter))


def connect(probe, n):
    probe.tell(f"connect {address(n)} -")
    return probe.wait(f"{n + 1}: connected" if n else "connected")


def connects(fake):
    return [call[1] for call in fake.calls() if call[0] == "Connect"]


@pytest.fixture
def two(nobody):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.adapter(path=HCI1, address=TWO, quiet=True)
    nobody.own()
    return nobody


@pytest.fixture
def both(two, start):
    probe = start("--adapter", "hci0", "--adapter", TWO)
    assert "hci0, hci1" in probe.ready()
    return probe


def test_four_bands_share_two_adapters_and_each_has_its_own_data(two, both):
    for n in range(4):
        has_band(two, n, HCI0, HCI1)
        connect(both, n)
    carried = connects(two)
    assert [p.split("/")[3] for p in carried] == ["hci0", "hci1", "hci0", "hci1"]
    for n, device in enumerate(carried):
        prefix = f"{n + 1}: " if n else ""
        both.tell(f"{prefix}notify eeg on")
        both.wait(f"{prefix}notified eeg on OK")
        two.value(path=f"/c/eeg{device}", values=[f"0{n}"])
        assert both.wait(f"{prefix}packet eeg").split()[-2] == f"0{n}"


def test_who_carries_a_band_is_told(two, both):
    has_band(two, 0, HCI0, HCI1)
    has_band(two, 1, HCI0, HCI1)
    assert connect(both, 0).endswith("hci0")
    assert connect(both, 1).endswith("hci1")


def test_an_adapter_carries_no_more_than_it_is_allowed_to(two, start):
    probe = start("--adapter", "hci0", "--adapter", "hci1", "--most", "1")
    probe.ready()
    for n in range(3):
        has_band(two, n, HCI0, HCI1)
    connect(probe, 0)
    connect(probe, 1)
    probe.tell(f"connect {address(2)} -")
    told = probe.wait("3: connect_failed BUSY")
    assert "hci0 carries 1 band, hci1 carries 1 band" in told and "--max-bands-per-adapter" in told
    probe.tell("disconnect")
    probe.wait("disconnected asked")
    probe.tell(f"connect {address(2)} -")
    probe.wait("connected")
    assert connects(two)[-1] == path(2)


def test_four_are_the_most_of_one_adapter(fake, probe):
    for n in range(5):
        has_band(fake, n, HCI0)
    for n in range(4):
        connect(probe, n)
    probe.tell(f"connect {address(4)} -")
    assert "hci0 carries 4 bands" in probe.wait("5: connect_failed BUSY")
    fake.remove(path=path(1))
    probe.wait("2: disconnected lost")
    for prefix in ("", "3: ", "4: "):
        probe.tell(f"{prefix}control start")
        probe.wait(f"{prefix}controlled OK")


def test_an_adapter_that_takes_no_more_is_told_with_what_it_carries(fake, probe):
    has_band(fake, 0, HCI0)
    has_band(fake, 1, HCI0)
    connect(probe, 0)
    fake.on(member="Connect", rules=[{**FULL, "always": True}])
    probe.tell(f"connect {address(1)} -")
    told = probe.wait("2: connect_failed BUSY")
    assert "hci0 carries 1 band" in told and "takes no more" in told
    fake.on(member="Connect", rules=[])
    probe.tell(f"connect {address(1)} -")  # it may have room by now: it is asked anew
    probe.wait("2: connected")


def test_a_band_goes_by_the_other_where_one_takes_no_more(two, both):
    has_band(two, 0, HCI0, HCI1)
    two.on(member=f"Connect {path(0)}", rules=[{**FULL, "always": True}])
    assert connect(both, 0).endswith("hci1")
    assert connects(two) == [path(0), path(0, HCI1)]


def test_one_that_hangs_on_one_adapter_is_no_matter_to_the_other(two, both):
    has_band(two, 0, HCI0)
    has_band(two, 1, HCI1)
    two.on(member=f"Connect {path(0)}", rules=[{"silent": True, "always": True}])
    both.tell(f"connect {address(0)} -")
    wait_until(lambda: connects(two))
    connect(both, 1)
    assert two.called("Disconnect") == 0  # it still hangs
    both.tell("2: notify eeg on")
    both.wait("2: notified eeg on OK")


def test_hung_connects_of_two_keep_the_others_only_for_their_turn(fake, probe):
    for n in range(4):
        has_band(fake, n, HCI0)
    for n in (0, 1):
        fake.on(member=f"Connect {path(n)}", rules=[{"silent": True, "always": True}])
    probe.tell(f"connect {address(3)} -")
    probe.wait("connected")
    for n in (0, 1, 2):
        probe.tell(f"connect {address(n)} -")
    wait_until(lambda: len(connects(fake)) == 2)
    probe.notify("eeg")
    fake.value(path=f"/c/eeg{path(3)}", values=["01"])
    probe.wait("packet eeg")
    probe.wait("4: connected")
    assert connects(fake)[:4] == [path(3), path(0), path(1), path(2)]


def test_a_quiet_turn_that_hangs_gives_way_to_who_is_still_looking(fake, probe):
    has_band(fake, 0, HCI0)
    aborted = {"error": "org.bluez.Error.Failed", "text": "le-connection-abort-by-local"}
    fake.on(member=f"Connect {path(0)}", rules=[aborted, {"silent": True}])
    probe.tell(f"connect {address(0)} -")
    wait_until(lambda: len(connects(fake)) == 2)  # the second try is made without discovery
    probe.tell(f"connect {address(1)} -")
    probe.tell("2: probe")
    wait_until(lambda: ["Disconnect", path(0)] in [call[:2] for call in fake.calls()])
    has_band(fake, 1, HCI0)
    probe.wait("2: connected")


def test_a_band_that_the_freer_adapter_cannot_hear_goes_by_the_other(two, both):
    has_band(two, 0, HCI0)
    connect(both, 0)
    has_band(two, 1, HCI0)
    assert connect(both, 1).endswith("hci0")


def test_an_adapter_that_goes_takes_only_its_own(two, both):
    has_band(two, 0, HCI0, HCI1)
    has_band(two, 1, HCI0, HCI1)
    connect(both, 0)
    connect(both, 1)
    two.has_power(False)
    told = both.wait("bluetooth 1 1")
    assert "ready (hci1)" in told and "hci0: " in told
    both.wait("disconnected bluetooth")
    both.tell("2: control start")
    both.wait("2: controlled OK")
    assert connect(both, 0).endswith("hci1")
    two.has_power(False, adapter=HCI1)
    both.wait("bluetooth 1 0")
    both.wait("2: disconnected bluetooth")
    both.wait("disconnected bluetooth")


def test_an_attempt_changes_to_the_other_when_its_adapter_goes(two, both):
    has_band(two, 0, HCI0, HCI1)
    two.on(member=f"Connect {path(0)}", rules=[{"silent": True, "always": True}])
    both.tell(f"connect {address(0)} -")
    wait_until(lambda: connects(two))
    two.remove(path=path(0))
    two.remove(path=HCI0)
    assert both.wait("connected").endswith("hci1")


def test_a_scan_is_on_both_and_ends_with_the_last(two, both):
    both.tell("scan")
    wait_until(lambda: two.called("StartDiscovery") == 2)
    has_band(two, 0, HCI0)
    has_band(two, 1, HCI1)
    both.wait("seen")
    both.wait("seen")
    two.has_power(False)
    two.change(path=path(1, HCI1), interface=DEVICE, changed={"RSSI": {"n": -44}})
    assert both.wait("seen").endswith("-44")
    two.on(member=f"StartDiscovery {HCI0}", rules=[{"error": "org.bluez.Error.NotAuthorized", "always": True}])
    two.has_power(True)
    wait_until(lambda: two.called("StartDiscovery") >= 3)
    assert both.is_quiet("scan_ended", 0.5)
    both.tell("stop")
    both.wait("scan_ended OK")


def test_one_adapter_by_both_its_names_is_one(two, start):
    probe = start("--adapter", "hci0", "--adapter", ONE)
    assert "ready (hci0)" in probe.ready()
    probe.tell("scan")
    wait_until(lambda: two.called("StartDiscovery"))
    assert probe.is_quiet("scan_ended", 0.4)
    assert two.called("StartDiscovery") == 1
    assert sum("using the adapter" in line for line in probe.log) == 1


def test_an_adapter_that_is_plugged_in_later_takes_its_share(nobody, start):
    nobody.adapter(path=HCI0, address=ONE, quiet=True)
    nobody.own()
    probe = start("--adapter", ONE, "--adapter", TWO)
    assert f"{TWO}: " in probe.ready()
    has_band(nobody, 0, HCI0)
    connect(probe, 0)
    nobody.add(path=HCI1, interfaces={ADAPTER: {"Address": TWO, "Powered": True, "Discovering": False}})
    assert "hci0, hci1" in probe.ready()
    has_band(nobody, 1, HCI0, HCI1)
    assert connect(probe, 1).endswith("hci1")


def test_all_are_let_go_at_the_end(two, both):
    for n in range(3):
        has_band(two, n, HCI0, HCI1)
        connect(both, n)
    both.tell("scan")
    wait_until(lambda: two.called("StartDiscovery") >= 2)
    both.tell("destroy")
    both.wait("destroyed")
    assert two.called("Disconnect") == 3
