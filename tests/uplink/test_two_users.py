"""Daemon and uplink as the package runs them: two users, one group, the umasks and folders of their units, by real rights."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest
import servers
from servers import BUILD, PROGRAM, ROOT

BAND = "LXB-51A00000"
NEEDED = ("setpriv", "unshare", "mount", "systemd-sysusers")
DAEMON, UPLINK = "linkbandd.service.in", "linkband-uplink.service.in"


def unit(name):
    """Its last word on each key."""
    lines = (ROOT / "systemd" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))


class Machine:
    """A name space of mounts with an /etc that has the package's users, /var/lib of its own, the programs in /mnt."""

    def __init__(self, folder):
        self.folder, self.etc, self.lib = folder, folder / "etc", folder / "lib"
        self.state = self.lib / unit(DAEMON)["StateDirectory"]
        self.spool = self.state / "spool"
        for made in (self.etc / "linkbandd", self.state, folder / "bin", folder / "usr/lib/sysusers.d"):
            made.mkdir(parents=True)
        for name in ("ld.so.cache", "nsswitch.conf", "hosts"):
            if pathlib.Path("/etc", name).exists():
                shutil.copy(pathlib.Path("/etc", name), self.etc)
        (self.etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nstranger:x:4711:4711::/:/bin/sh\n")
        (self.etc / "group").write_text("root:x:0:\nstranger:x:4711:\n")
        for name in ("linkbandd", "linkband-uplink"):
            shutil.copy(ROOT / f"systemd/{name}.sysusers", folder / f"usr/lib/sysusers.d/{name}.conf")
            shutil.copy(BUILD / name, folder / "bin")
        subprocess.run(["systemd-sysusers", f"--root={folder}"], check=True, capture_output=True, env=PATHS)
        self.users = dict(re.findall(r"^([^:]*):[^:]*:(\d+):", (self.etc / "passwd").read_text(), re.M))
        self.groups = dict(re.findall(r"^([^:]*):[^:]*:(\d+):", (self.etc / "group").read_text(), re.M))
        # What systemd does with StateDirectory= before the daemon starts.
        os.chown(self.state, *self.ids("linkbandd", "linkbandd"))
        self.state.chmod(int(unit(DAEMON)["StateDirectoryMode"], 8))
        self.begun = []

    def ids(self, user, group):
        return int(self.users[user]), int(self.groups[group])

    def command(self, user, words, group=None, umask="0022", writable=()):
        """Of a user, with his groups; he may write below /var/lib at most to `writable`, where that is given."""
        mounts = [f"mount --bind {self.etc} /etc", f"mount --bind {self.lib} /var/lib", f"mount --bind {self.folder}/bin /mnt"]
        if writable:
            mounts += [f"mount --bind {path} {path}" for path in writable] + ["mount -o remount,ro,bind /var/lib"]
        become = f"setpriv --reuid={user} --regid={group or user} --init-groups --no-new-privs --inh-caps=-all --bounding-set=-all"
        if user == "root":
            become = ""
        inner = " && ".join([*mounts, f"umask {umask}", f'exec {become} "$@"'])
        return ["unshare", "--mount", "--propagation=private", "sh", "-c", inner, "sh", *map(str, words)]

    def run(self, user, *words, **how):
        return subprocess.run(self.command(user, words, **how), capture_output=True, text=True, timeout=servers.PATIENCE, env=PATHS)

    def begin(self, name, *words, more=()):
        """What a unit starts: (process, its log)."""
        told = unit(name)
        writable = [path.lstrip("-") for path in told.get("ReadWritePaths", "").split()]
        command = self.command(told["User"], [*words, *more], told.get("Group"), told["UMask"], writable)
        log = self.folder / f"{told['User']}.log"
        process = subprocess.Popen(command, stderr=open(log, "a"), env={**PATHS, "STATE_DIRECTORY": "/var/lib/linkbandd"})
        self.begun.append(process)
        return process, log

    def daemon(self):
        (self.etc / "linkbandd/linkbandd.conf").write_text(
            f"backend = sim\nsim = radio=fast\nspool = /var/lib/linkbandd/spool\nauto-connect = {BAND}\nlisten = 127.0.0.1:0\n"
        )
        _, log = self.begin(DAEMON, "/mnt/linkbandd", "--config", "/etc/linkbandd/linkbandd.conf")
        found = servers.until(lambda: re.search(r"listens on 127\.0\.0\.1:(\d+)", log.read_text()), "the daemon")
        self.port = int(found[1])
        servers.until(lambda: list(self.spool.glob("bands/*/*.lbcap")), "a segment")

    def uplink(self, url):
        return self.begin(UPLINK, "/mnt/linkband-uplink", "--spool", "/var/lib/linkbandd/spool", "--to", url, "--gateway", "g1")

    def told(self):
        """The spool as /health tells it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=servers.PATIENCE) as page:
            return json.load(page)["spool"]

    def doctor(self, user):
        done = self.run(user, "/mnt/linkbandd", "doctor", "--config", "/etc/linkbandd/linkbandd.conf")
        return done.stdout.replace("\n       ", " ")

    def rights(self, path):
        """(owner, group, mode)"""
        info = (self.spool / path).stat()
        name = {number: name for name, number in self.users.items()}
        group = {number: name for name, number in self.groups.items()}
        return name[str(info.st_uid)], group[str(info.st_gid)], oct(info.st_mode & 0o7777)

    def close(self):
        for process in self.begun:
            if process.poll() is None:
                process.terminate()
            process.wait(servers.PATIENCE)


PATHS = {**os.environ, "PATH": servers.PATH, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


@pytest.fixture
def machine(tmp_path):
    if os.getuid() != 0:
        pytest.skip("two users can be had by root alone: sudo python3 -m pytest tests/uplink/test_two_users.py")
    for one in NEEDED:
        if not servers.program(one):
            pytest.skip(f"not installed: {one}")
    if subprocess.run(["unshare", "--mount", "--propagation=private", "mount", "--bind", "/mnt", "/mnt"], capture_output=True).returncode:
        pytest.skip("root may mount nothing here")
    made = Machine(tmp_path)
    yield made
    made.close()


def number(cursor):
    """What it has for the band; 0: nothing yet."""
    return int((cursor.read_text().split() + ["0", "0"])[1])


def test_the_uplink_reads_the_spool_and_the_daemon_its_cursor_and_none_of_them_more(machine, mosquitto):
    machine.daemon()
    uplink, log = machine.uplink(mosquitto.url)
    cursor = machine.spool / "cursors/uplink"
    servers.until(lambda: number(cursor) > 100, "a cursor that moves")
    readers = servers.until(lambda: machine.told()["readers"], "the reader told")
    assert [(one["name"], one["is_readable"]) for one in readers] == [("uplink", True)]
    assert "can't" not in (machine.folder / "linkbandd.log").read_text()

    own = ("linkbandd", "linkbandd")
    segment = next(machine.spool.glob("bands/*/*.lbcap")).relative_to(machine.spool)
    assert machine.rights(".") == machine.rights("bands") == machine.rights(segment.parent) == (*own, "0o750")
    assert machine.rights(segment) == machine.rights("id") == (*own, "0o640")
    assert machine.rights("cursors") == (*own, "0o770")
    assert machine.rights("cursors/uplink") == ("linkband-uplink", "linkbandd", "0o640")

    spool = "/var/lib/linkbandd/spool"
    for words in (["rm", "-f", f"{spool}/{segment}"], ["touch", f"{spool}/bands/x"], ["sh", "-c", f">> {spool}/id"], ["touch", f"{spool}/x"]):
        done = machine.run("linkband-uplink", *words, group="linkbandd")
        assert done.returncode != 0 and "ermission denied" in done.stderr, words
    assert "ermission denied" in machine.run("linkbandd", "sh", "-c", f">> {spool}/cursors/uplink").stderr
    for path in ("", "/spool", f"/spool/{segment}", "/spool/cursors/uplink"):
        assert machine.run("stranger", "test", "-r", f"/var/lib/linkbandd{path}").returncode == 1

    # Its next run goes on there.
    before = number(cursor)
    uplink.terminate()
    assert uplink.wait(servers.PATIENCE) == 0
    machine.uplink(mosquitto.url)
    servers.until(lambda: number(cursor) > before + 100, "a cursor that moves on")
    assert log.read_text().count("can't") == 0


def test_the_doctor_knows_whose_right_is_missing(machine, mosquitto):
    machine.daemon()
    machine.uplink(mosquitto.url)
    cursor = machine.spool / "cursors/uplink"
    servers.until(cursor.exists, "the cursor")
    for user in ("root", "linkbandd"):
        told = machine.doctor(user)
        assert not re.search(r"WRONG +(spool|cursors|reader)", told), told
        assert re.search(r"ok +reader +uplink (keeps up|has had all)", told), told
    assert re.search(r"WRONG +spool .*usermod -aG linkbandd", machine.doctor("stranger"))
    (machine.spool / "cursors").chmod(0o700)
    assert re.search(r"WRONG +cursors .*chmod 770", machine.doctor("root"))
    (machine.spool / "cursors").chmod(0o770)
    os.chown(machine.spool, 0, 0)
    assert re.search(r"WRONG +spool .*chown linkbandd: ", machine.doctor("root"))
    os.chown(machine.spool, *machine.ids("linkbandd", "linkbandd"))


def test_a_cursor_of_another_group_is_told(machine):
    """As that of an uplink that was started by hand."""
    machine.daemon()
    cursor = machine.spool / "cursors/uplink"
    cursor.write_text(f"{BAND} 100\n")
    os.chown(cursor, *machine.ids("linkband-uplink", "linkband-uplink"))
    cursor.chmod(0o640)
    (reader,) = servers.until(lambda: machine.told()["readers"], "the reader told")
    assert not reader["is_readable"] and reader["unread_bytes"] > 0
    assert "the cursor uplink can't be read (Permission denied)" in (machine.folder / "linkbandd.log").read_text()
    told = machine.doctor("root")
    assert re.search(r"WRONG +reader .*uplink counts as having nothing.*chgrp linkbandd", told), told
    cursor.unlink()


def test_an_uplink_without_the_group_says_what_it_lacks(machine, mosquitto):
    machine.daemon()
    words = ("/mnt/linkband-uplink", "--spool", "/var/lib/linkbandd/spool", "--to", mosquitto.url)
    done = machine.run("stranger", *words)
    assert done.returncode == 1
    assert "may not read /var/lib/linkbandd/spool/id" in done.stderr and "linkbandd" in done.stderr
