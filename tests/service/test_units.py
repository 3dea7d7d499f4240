"""The units as systemd-analyze judges them, as shipped and with the LAN drop-ins of docs/install.md."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEMD = ROOT / "systemd"

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")


def configured(name):
    """A template as CMake fills it in for a prefix of /usr."""
    text = (SYSTEMD / f"{name}.in").read_text()
    text = text.replace("@CMAKE_INSTALL_FULL_BINDIR@", "/usr/bin")
    return text.replace("@CMAKE_INSTALL_FULL_SYSCONFDIR@", "/etc")


@pytest.fixture(params=["shipped", "lan"])
def root(request, tmp_path):
    """A file system with the units in it."""
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    for service in ("linkbandd.service", "linkband-uplink.service"):
        (units / service).write_text(configured(service))
    shutil.copy(SYSTEMD / "linkbandd.socket", units)
    for program in ("usr/bin/linkbandd", "usr/bin/linkband-uplink", "bin/kill", "bin/sh"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", tmp_path / program)
    if request.param == "lan":
        drop_ins = tmp_path / "etc/systemd/system"
        (drop_ins / "linkbandd.socket.d").mkdir(parents=True)
        (drop_ins / "linkbandd.service.d").mkdir()
        shutil.copy(SYSTEMD / "lan/linkbandd.socket.conf", drop_ins / "linkbandd.socket.d/lan.conf")
        (drop_ins / "linkbandd.service.d/lan.conf").write_text(configured("lan/linkbandd.service.conf"))
    request.node.lan = request.param == "lan"
    return tmp_path


def analyze(root, *arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", f"--root={root}", *arguments],
                          capture_output=True, text=True, timeout=60)


def test_verify_finds_nothing_to_say(root):
    """Of our units; that the bare root lacks the units of others is no news."""
    done = analyze(root, "verify", "--man=no", "--recursive-errors=no", "linkbandd.service",
                   "linkbandd.socket", "linkband-uplink.service")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("service", ["linkbandd.service", "linkband-uplink.service"])
def test_exposure(root, request, service):
    """Of the daemon without a network; with one, as the uplink has it, a little more."""
    limit = 1.5 if request.node.lan or "uplink" in service else 0.5
    done = analyze(root, "security", "--offline=yes", f"--threshold={limit * 10:.0f}", service)
    assert done.returncode == 0, done.stdout + done.stderr
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)[1])
    print(f"exposure {exposure} (at most {limit})")
    assert exposure <= limit


def test_the_exposure_is_that_of_the_drop_in_too(root, request):
    """Else the figure above would say nothing of a LAN."""
    directory = root / "etc/systemd/system/linkbandd.service.d"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "zz.conf").write_text("[Service]\nPrivateNetwork=no\nIPAddressDeny=\nNoNewPrivileges=no\n")
    done = analyze(root, "security", "--offline=yes", "--threshold=5", "linkbandd.service")
    assert done.returncode != 0
