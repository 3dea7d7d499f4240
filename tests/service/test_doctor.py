"""linkbandd doctor against the fake org.bluez: each fault is told with the command that mends it."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
sys.path.insert(0, str(ROOT / "tests/bluez"))

from rig import HCI0, Bus, Fake  # noqa: E402


@pytest.fixture
def bus(tmp_path):
    bus = Bus(tmp_path)
    yield bus
    bus.stop()


@pytest.fixture
def fake(bus):
    fake = Fake(bus.address)
    yield fake
    fake.stop()


@pytest.fixture
def doctor(tmp_path):
    def doctor(*arguments, address=None):
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address or f"unix:path={tmp_path}/none"}
        done = subprocess.run([LINKBANDD, "doctor", "--data-dir", tmp_path / "data", *arguments], env=env,
                              capture_output=True, text=True, timeout=30)
        lines = done.stdout.splitlines()
        found = {}
        for i, line in enumerate(lines):
            if line.startswith("WRONG"):
                assert "→" in lines[i + 1], "a fault without a command"
                found[line.split()[1]] = line + lines[i + 1]
        assert done.returncode == bool(found), done.stdout + done.stderr
        return found

    (tmp_path / "data").mkdir()
    return doctor


def test_a_machine_that_has_all_gets_no_command(bus, fake, doctor):
    fake.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.own()
    assert not set(doctor(address=bus.address)) - {"port", "disk"}


def test_no_bus(doctor):
    assert "systemctl start dbus" in doctor()["bus"]


def test_no_bluetoothd(bus, doctor):
    found = doctor(address=bus.address)["bluetoothd"]
    assert "systemctl enable --now bluetooth" in found or "apt install bluez" in found


def test_no_adapter(bus, fake, doctor):
    fake.own()
    assert "there is none" in doctor(address=bus.address)["adapter"]


def test_an_adapter_that_is_off(bus, fake, doctor):
    fake.adapter(path=HCI0, address="00:AA:01:00:00:23", powered=False, quiet=True)
    fake.own()
    assert "power on" in doctor(address=bus.address)["adapter"]


def test_the_adapter_of_the_options_is_not_there(bus, fake, doctor):
    fake.adapter(path=HCI0, address="00:AA:01:00:00:23", quiet=True)
    fake.own()
    assert "hci7" in doctor("--adapter", "hci7", address=bus.address)["adapter"]
    assert "adapter" not in doctor("--adapter", "00:aa:01:00:00:23", address=bus.address)


def test_a_policy_that_shuts_this_user_out(bus, fake, doctor):
    fake.own()
    bus.config.write_text(bus.config.read_text().replace("</policy>", '<deny send_destination="org.bluez"/></policy>'))
    subprocess.run(["dbus-send", f"--bus={bus.address}", "--type=method_call", "--print-reply",
                    "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ReloadConfig"], check=True, capture_output=True)
    assert "usermod -aG bluetooth" in doctor(address=bus.address)["rights"]


def test_a_port_that_another_holds(doctor):
    try:
        other = socket.create_server(("127.0.0.1", 8121))
    except OSError:
        pytest.skip("port 8121 of this machine is in use")
    with other:
        assert "ss -ltnp" in doctor("--backend", "sim")["port"]


@contextlib.contextmanager
def held(host, answer=None):
    """A port that something else holds; to each that comes it says `answer`, a byte now and then, and nothing more."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} on this machine")
        listening.listen()
        port, done = listening.getsockname()[1], threading.Event()

        def drip():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                while not done.wait(0.2):
                    connection.sendall(answer)

        thread = threading.Thread(target=drip, daemon=True)
        if answer:
            thread.start()
        yield f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        done.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_port_that_is_looked_at_is_that_of_the_options(doctor, host):
    with held(host) as address:
        found = doctor("--backend", "sim", "--listen", address)["port"]
        assert f"{address} is held by something that is not linkbandd" in found
        assert f"'sport = :{address.rsplit(':', 1)[1]}'" in found


def test_a_default_port_that_is_held_over_ipv6_only(doctor):
    try:
        other = socket.create_server(("::1", 8121), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no [::1] on this machine, or its port 8121 is in use")
    with other:
        assert "[::1]:8121 is held" in doctor("--backend", "sim")["port"]


def test_one_that_drips_an_answer_is_not_heard_to_its_end(doctor):
    """A byte before each limit of a single read would hold it for an hour."""
    with held("127.0.0.1", b"H") as address:
        assert "not linkbandd" in doctor("--backend", "sim", "--listen", address)["port"]


def test_a_running_linkbandd_is_known(doctor, tmp_path):
    daemon = subprocess.Popen([LINKBANDD, "--backend", "sim", "--listen", "127.0.0.1:0", "--state-dir", tmp_path, "--data-dir", tmp_path],
                              stderr=subprocess.PIPE, text=True)
    address = daemon.stderr.readline().split(" listens on ")[1].split(";")[0]
    assert "port" not in doctor("--backend", "sim", "--listen", address)
    daemon.terminate()
    daemon.stderr.read()
    daemon.wait(10)


def test_it_makes_nothing(tmp_path):
    done = subprocess.run([LINKBANDD, "doctor", "--backend", "sim", "--data-dir", tmp_path / "a" / "data", "--state-dir", tmp_path / "b"],
                          capture_output=True, text=True, timeout=30, env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "c")})
    assert f"they will be in {tmp_path}/a/data" in done.stdout
    subprocess.run([LINKBANDD, "doctor", "--backend", "sim"], capture_output=True, timeout=30,
                   env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "c")})
    assert list(tmp_path.iterdir()) == []


def test_options_that_do_not_go_together_are_told(doctor):
    assert "beyond this machine" in doctor("--backend", "sim", "--listen", "0.0.0.0:0")["options"]


def test_a_token_file_that_everyone_may_read(doctor, tmp_path):
    (tmp_path / "token").write_text("0123456789abcdef" * 2)
    (tmp_path / "token").chmod(0o644)
    assert "chmod 600" in doctor("--backend", "sim", "--token-file", tmp_path / "token")["token"]
    (tmp_path / "token").chmod(0o600)
    assert "token" not in doctor("--backend", "sim", "--token-file", tmp_path / "token")


def test_a_data_directory_that_is_none(doctor, tmp_path):
    (tmp_path / "file").write_text("")
    assert "recordings" in doctor("--backend", "sim", "--data-dir", tmp_path / "file" / "data")


def test_a_wrong_configuration_file_is_told_by_its_line(tmp_path):
    (tmp_path / "conf").write_text("backend = bluez\nadaptor = hci0\n")
    done = subprocess.run([LINKBANDD, "doctor", "--config", tmp_path / "conf"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 78 and ":2: adaptor" in done.stderr
