"""The package in a guest whose process 1 is systemd, with the real bluetoothd and a virtual band: tests/service/rounds.sh."""

import os
import pathlib
import re
import shutil
import subprocess

import guest
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"

SHORT = "install_package locked_down stream record watchdog activation knocking"
LONG = {
    "service": SHORT + " listen_twice reload journal bluetooth_restart bus_policy lan",
    "package": "install_package upgrade reinstall remove",
    "boot": "install_package boot",
    "disks": "install_package stream stick home doctor",
    "uplink": "install_package uplink",
}

NEXT = "trixie"  # besides the machine's own suite

pytestmark = pytest.mark.skipif(bool(guest.missing()), reason=guest.missing())


@pytest.fixture(scope="module")
def deb():
    """The package of what is here; made anew when something that goes into it has changed."""
    parts = [ROOT / name for name in ("src", "include", "cmake", "systemd", "debian", "docs", "clients/python", "CMakeLists.txt")]
    newest = max(f.stat().st_mtime for part in parts for f in (part.rglob("*") if part.is_dir() else [part]))
    made = sorted((BUILD / "deb").glob("linkbandd_*.deb"))
    if not made or made[0].stat().st_mtime < newest:
        subprocess.run([ROOT / "scripts" / "deb", BUILD / "deb"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env={**os.environ, "DEB_BUILD_OPTIONS": "nocheck parallel=2"})
        made = sorted((BUILD / "deb").glob("linkbandd_*.deb"))
    return made[0]


def test_lintian_finds_no_error(deb):
    if not shutil.which("lintian"):
        pytest.skip("no lintian on this machine")
    changes, = deb.parent.glob("*.changes")
    done = subprocess.run(["lintian", "--fail-on", "error", changes], capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout


def test_the_python_package_has_its_tools_pages_and_completion(deb, tmp_path):
    python, = deb.parent.glob("python3-linkband_*_all.deb")
    subprocess.run(["dpkg-deb", "-x", python, tmp_path], check=True)
    depends = subprocess.run(["dpkg-deb", "-f", python, "Depends"], capture_output=True, text=True, check=True).stdout
    assert "python3-websockets (>= 10.4)" in depends
    for name in ("linkbandctl", "linkband-lsl", "linkband-osc"):
        done = subprocess.run(["/usr/bin/python3", tmp_path / "usr/bin" / name, "--help"], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(tmp_path / "usr/lib/python3/dist-packages")})
        assert done.returncode == 0 and name in done.stdout, done.stderr
        assert (tmp_path / f"usr/share/man/man1/{name}.1.gz").exists()
    assert (tmp_path / "usr/share/bash-completion/completions/linkbandctl").exists()


@pytest.fixture(scope="module")
def machine(deb):
    return machine_of(deb)


def both(deb):
    """The daemon's package, and the uplink's beside it."""
    return [deb, *deb.parent.glob("linkbandd-uplink_*.deb")]


def machine_of(deb, suite=None):
    try:
        return guest.Guest(BUILD, both(deb), suite)
    except guest.Offline as offline:
        pytest.skip(str(offline))


def show(machine, deb, rounds, limit):
    files = [*both(deb), HERE / "client.py", ROOT / "tests/vm/band.py", ROOT / "docs/install.md"]
    commands = f'ROUNDS="{rounds}"\n' + (HERE / "rounds.sh").read_text()
    
    status, printed = machine.run(commands, files, limit)
    print(printed)
    (BUILD / "service-report.txt").open("a").write(printed)
    assert status == 0, f"the guest ended with {status}: {printed[-1500:]}\n{machine.journal[-3000:]}"
    wrong = [line for line in printed.splitlines() if line.startswith("not ok")]
    assert not wrong, "\n".join(wrong) + "\n" + machine.journal[-3000:]
    assert len(re.findall("^ok ", printed, re.M)) >= 2 * len(rounds.split())


@pytest.mark.skipif(ALL, reason="the long rounds hold it")
def test_the_package_installs_and_serves(machine, deb):
    show(machine, deb, SHORT, 240)


@pytest.mark.skipif(not ALL, reason="only in scripts/test --all")
@pytest.mark.parametrize("name", LONG)
def test_all_of_the_package(machine, deb, name):
    show(machine, deb, LONG[name], 900)


def skip_offline():
    try:
        guest.reach_the_archive()
    except guest.Offline as offline:
        pytest.skip(str(offline))


@pytest.fixture(scope="module")
def built_in():
    """The package as a chroot of the suite builds it from its Build-Depends alone, unit tests and all."""
    made = {}

    def build(suite):
        if suite not in made:
            skip_offline()
            directory = BUILD / f"native-{suite}"
            done = subprocess.run([HERE / "native", suite, directory], capture_output=True, text=True)
            print(done.stdout)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            assert "100% tests passed" in done.stdout
            made[suite], = directory.glob("linkbandd_*.deb")
        return made[suite]

    return build


@pytest.mark.skipif(not ALL, reason="only in scripts/test --all")
@pytest.mark.parametrize("suite", dict.fromkeys([guest.codename(), NEXT]))
def test_the_package_builds_from_its_build_depends_alone(built_in, suite):
    built_in(suite)


@pytest.mark.skipif(not ALL, reason="only in scripts/test --all")
def test_the_next_debians_package_serves_under_its_systemd(built_in):
    deb = built_in(NEXT)
    show(machine_of(deb, NEXT), deb, LONG["service"], 900)
