"""--check-config refuses what a start would refuse, and what could never match or work; a start does, too."""

import http.client
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))

# Of each option: a value, and what is said of it.
NEVER = [
    ("backend = sim", "sim = heart=9999", "sim heart=9999: allowed is"),
    ("backend = sim", "sim = hart=70", "sim hart: known are"),
    ("backend = sim", "sim = heart=70 # slow", "comment on a line of its own"),
    ("backend = sim", "keep-minutes = 61", "whole number of minutes from 0 to 60"),
    ("backend = sim", "keep-minutes = 2.5", "whole number of minutes from 0 to 60"),
    ("backend = sim", "spool = ~/spool", "no shell reads it"),
    ("backend = sim", "spool = /etc/passwd/spool", "it is no directory"),
    ("backend = sim", "spool-age = 0", "whole number of hours from 1 to 8784"),
    ("backend = sim", "spool-size = 4 GB", "whole number of MB from 16 to 1048576"),
    ("backend = sim", "max-bands = 9", "no number of bands from 1 to 8"),
    ("backend = sim", "max-bands = two", "no number of bands from 1 to 8"),
    ("backend = sim\nauto-connect = LXB-1", "auto-connect = LXB-2", "give --max-bands"),
    ("backend = sim", "data-dir = /mnt/x   # stick", "comment on a line of its own"),
    ("backend = sim", "data-dir = ~/eeg", "no shell reads it"),
    ("backend = sim", 'data-dir = "/srv/eeg"', "without quotes"),
    ("backend = sim", "data-dir = $HOME/eeg", "no shell reads it"),
    ("backend = sim", "data-dir = /etc/passwd/eeg", "it is no directory"),
    ("backend = sim", "state-dir = '/srv/state'", "without quotes"),
    ("backend = sim", "state-dir = /etc/passwd", "it is no directory"),
    ("backend = sim", "listen = localhost:8121", "is not an address and a port"),
    ("backend = sim", "listen = 8121", "is not an address and a port"),
    ("backend = sim", "listen = 127.0.0.1:65536", "is not an address and a port"),
    ("backend = sim", "listen = ::1:8121", "is not an address and a port"),
    ("backend = sim", "listen = [2001:db8::1]:8121", "can be reached from beyond this machine"),
    ("backend = sim", "listen = 0.0.0.0:8121", "can be reached from beyond this machine"),
    ("backend = sim\nlisten = 127.0.0.1:8121", "listen = 127.0.0.1:8121", "exclude each other"),
    ("backend = sim\nlisten = [::1]:8121", "listen = [0:0:0:0:0:0:0:1]:8121", "exclude each other"),
    ("backend = sim", "token-file = /nowhere/token", "can't be read"),
    ("backend = sim", "token-file = ~/token", "no shell reads it"),
    ("backend = sim", "allow-host = http://lab.example.org", "without http://"),
    ("backend = sim", "allow-host = lab.example.org/", "can't match"),
    ("backend = sim", "allow-host = *.example.org", "no wildcards"),
    ("backend = sim", "allow-host = .example.org", "can't match"),
    ("backend = sim", "allow-host = bücher.example", "xn--"),
    ("backend = sim", "allow-host = fe80::1", "in brackets"),
    ("backend = sim", "allow-host = lab.example.org:99999", "can't match"),
    ("backend = sim", "allow-host = lab.example.org, other.example.org", "can't match"),
    ("backend = sim", "allow-origin = lab.example.org", "a scheme and a name"),
    ("backend = sim", "allow-origin = *", "no wildcards"),
    ("backend = sim", "allow-origin = https://*.example.org", "no wildcards"),
    ("backend = sim", "allow-origin = https://lab.example.org/app", "has no path"),
    ("backend = sim", "allow-origin = https://lab.example.org//", "has no path"),
    ("backend = sim", "allow-origin = https://me@lab.example.org", "can't match"),
    ("backend = sim", "allow-origin = https://", "can't match"),
    ("backend = sim", "allow-origin = https://lab.example.org:0", "can't match"),
    ("backend = sim", "allow-origin = https://a.example, https://b.example", "can't match"),
    ("backend = sim", "deny-origin = localhost:3000", "a scheme and a name"),
    ("backend = sim", "deny-origin = http://localhost:3000/page", "has no path"),
    ("backend = sim\nallow-origin = https://a.example", "deny-origin = https://A.example:443/", "in allow-origin and in deny-origin"),
    ("backend = bluez", "auto-connect = my band", "begins with LXB-"),
    ("backend = sim", "auto-connect = 51A00000", "begins with LXB-"),
    ("backend = bluez", "auto-connect = C0:26:30:03:F0", "is no address"),
    ("backend = bluez", "auto-connect = C0:26:30:03:F0:1G", "is no address"),
    ("backend = bluez", "auto-connect = LXB-" + 28 * "0", "at most 31 bytes"),
    ("backend = bluez", "adapter = 0", "can't be found"),
    ("backend = bluez", "adapter = HCI0", "can't be found"),
    ("backend = bluez", "adapter = hci", "can't be found"),
    ("backend = bluez", "adapter = 00:AA:01", "can't be found"),
    ("backend = bluez\nadapter = hci0", "adapter = hci0", "given twice"),
    ("backend = bluez", "max-bands-per-adapter = 0", "no number of bands from 1 to 8"),
    ("backend = sim", "max-bands-per-adapter = 2", "for --backend bluez only"),
    ("backend = replay", "capture = /nowhere/band.txt", "can't be read"),
    ("backend = replay", "capture = /etc/passwd", "/etc/passwd"),
    ("backend = replay", "capture = '/srv/band.txt'", "without quotes"),
]


def check(tmp_path, text, *arguments):
    (tmp_path / "conf").write_text(text + "\n")
    return subprocess.run([LINKBANDD, "--check-config", "--config", tmp_path / "conf", *arguments],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("before, line, words", NEVER, ids=[line for _, line, _ in NEVER])
def test_what_can_never_match_or_work_is_refused(tmp_path, before, line, words):
    done = check(tmp_path, f"{before}\n{line}")
    assert done.returncode == 78, done.stdout
    assert words in done.stderr and "nothing wrong" not in done.stdout


def test_each_option_of_the_file_with_a_free_value_is_among_them():
    help = subprocess.run([LINKBANDD, "--print-config"], capture_output=True, text=True, timeout=60).stdout.splitlines()
    options = [line.lstrip("#").split(" = ")[0] for line in help if " = " in line and not line.startswith("# ")]
    fixed = {"backend", "notify", "loop", "mains", "log-level"}  # a list of words, which the parser knows
    assert set(options) - fixed == {line.split(" = ")[0] for _, line, _ in NEVER}


@pytest.mark.parametrize("line", [
    "allow-origin = null", "allow-origin = file://", "allow-origin = https://lab.example.org:8443", "allow-origin = http://[::1]:3000",
    "allow-origin = chrome-extension://abcdefghijklmnop", "deny-origin = https://lab.example.org/", "allow-host = [fe80::1]",
    "allow-host = raspberrypi.local", "allow-host = 192.168.1.7:8121", "allow-host = my_pi", "auto-connect = lxb-51a00000",
    "auto-connect = aa:bb:cc:dd:ee:ff", "listen = 127.0.0.1:0", "listen = [::1]:0", "sim = heart=72,loss=0.01", "data-dir = relative/place",
    "data-dir = /srv/rec#3", "state-dir = /srv/linkbandd/state"])
def test_what_can_is_taken(tmp_path, line):
    done = check(tmp_path, f"backend = sim\n{line}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing wrong" in done.stdout


def test_an_address_that_is_not_this_machine_s_is_refused_and_not_passed_over(tmp_path):
    """For want of it the daemon would listen on less than was asked for, or on nothing."""
    (tmp_path / "token").write_text("0123456789abcdef\n")
    (tmp_path / "token").chmod(0o600)
    text = f"backend = sim\ntoken-file = {tmp_path}/token\nlisten = 127.0.0.1:0\nlisten = [2001:db8::1]:8121"
    done = check(tmp_path, text)
    assert done.returncode == 78 and "2001:db8::1" in done.stderr
    started = subprocess.run(["timeout", "10", LINKBANDD, "--config", tmp_path / "conf", "--state-dir", tmp_path],
                             capture_output=True, text=True)
    assert started.returncode == 1 and "can't listen on [2001:db8::1]:8121" in started.stderr


def test_the_check_makes_nothing_and_disturbs_nobody(tmp_path):
    before = sorted(tmp_path.rglob("*"))
    done = check(tmp_path, f"backend = sim\ndata-dir = {tmp_path}/data\nstate-dir = {tmp_path}/state\nsim = truth={tmp_path}/truth")
    assert done.returncode == 0, done.stderr
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "conf"])


@pytest.mark.parametrize("value", ["heart=9999", "truth=/nowhere/x"])
def test_the_command_line_is_checked_as_the_file_is(value):
    done = subprocess.run([LINKBANDD, "--check-config", "--backend", "sim", "--sim", value], capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and done.stderr and not done.stdout


def status(port, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("GET", "/health", skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse().status


def test_values_that_need_another_form_are_taken_in_it(tmp_path):
    """As browsers send them: no slash at an origin's end, nor the scheme's own port."""
    process = subprocess.Popen(
        [LINKBANDD, "--backend", "sim", "--listen", "127.0.0.1:0", "--state-dir", tmp_path, "--data-dir", tmp_path,
         "--deny-origin", "http://localhost:3000/", "--allow-origin", "https://Lab.example.org:443/", "--allow-host", "lab.example.org:80"],
        stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    port = int(line.split(" listens on 127.0.0.1:")[1].split(";")[0])
    assert status(port, Host="localhost", Origin="http://localhost:3000") == 403
    assert status(port, Host="localhost", Origin="http://localhost:3001") == 200
    assert status(port, Host="localhost", Origin="https://lab.example.org") == 200
    assert status(port, Host="lab.example.org") == 200
    assert status(port, Host="lab.example.org:81") == 403
    process.terminate()
    process.stderr.read()
    assert process.wait(90) == 0
