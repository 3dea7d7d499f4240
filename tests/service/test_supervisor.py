"""What a service manager sees of linkbandd: sockets handed down, notifications, the watchdog, the journal, SIGHUP."""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))


class Manager:
    """As much of systemd as one service needs."""

    def __init__(self, directory):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(directory / "notify"))
        self.notify.settimeout(10)
        self.log_path = directory / "log"
        self.log_file = open(self.log_path, "wb")
        self.listening = []
        self.process = None

    def listen(self):
        """A socket unit's socket; returns its port."""
        self.listening.append(socket.create_server(("127.0.0.1", 0)))
        return self.listening[-1].getsockname()[1]

    def start(self, *arguments, watchdog=None, journal=True):
        env = {**os.environ, "NOTIFY_SOCKET": self.notify.getsockname()}
        if journal:
            stat = os.fstat(self.log_file.fileno())
            env["JOURNAL_STREAM"] = f"{stat.st_dev}:{stat.st_ino}"
        if watchdog:
            env["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        script = "exec " + " ".join(f'"{a}"' for a in (LINKBANDD, *arguments))
        if self.listening:
            env["LISTEN_FDS"] = str(len(self.listening))
            env["LISTEN_FDNAMES"] = ":".join(["linkbandd.socket"] * len(self.listening))
            moves = [f"{3 + i}<&{s.fileno()}" for i, s in enumerate(self.listening)]
            script = f"LISTEN_PID=$$ {script} {' '.join(moves)}"
        self.process = subprocess.Popen(
            ["bash", "-c", script], env=env, stderr=self.log_file,
            pass_fds=[s.fileno() for s in self.listening])

    def told(self, wanted, seconds=90):
        """Waits for a notification that holds this line."""
        deadline = time.monotonic() + seconds
        seen = []
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                self.notify.settimeout(max(0.01, deadline - time.monotonic()))
                seen.append(self.notify.recv(4096).decode())
                if any(line.startswith(wanted) for line in seen[-1].split("\n")):
                    return seen[-1]
        raise AssertionError(f"not told {wanted} but {seen}; log: {self.log()}")

    def told_nothing_more(self):
        """Takes what waits: the socket holds a few messages only, and a full one holds the daemon up."""
        self.notify.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self.notify.recv(4096):
                pass

    def log(self):
        return self.log_path.read_text()

    def logs(self, text, seconds=90):
        deadline = time.monotonic() + seconds
        while text not in self.log():
            assert time.monotonic() < deadline, f"no `{text}` in {self.log()}"
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)

    def finish(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for s in (self.notify, *self.listening):
            s.close()
        self.log_file.close()


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.finish()


def get(port, path="/", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_passed_sockets_are_all_it_listens_on(manager):
    ports = [manager.listen() for _ in range(16)]
    manager.start("--backend", "sim")
    manager.told("READY=1")
    assert {get(port) for port in ports} == {200}
    listeners = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout
    own = [line for line in listeners.splitlines() if f"pid={manager.process.pid}," in line]
    assert len(own) == len(ports)
    assert manager.stop() == 0
    assert "STOPPING=1" in manager.told("STOPPING=1")


def test_a_connection_made_before_the_start_is_served(manager):
    port = manager.listen()
    with socket.create_connection(("127.0.0.1", port), 60) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        manager.start("--backend", "sim")
        assert early.recv(12) == b"HTTP/1.1 200"
    assert manager.stop() == 0


def test_too_many_sockets_are_refused_by_the_unit_s_name(manager):
    for _ in range(17):
        manager.listen()
    manager.start("--backend", "sim")
    assert manager.process.wait(90) == 78
    assert "linkbandd.socket has 17 addresses" in manager.log()


@pytest.mark.parametrize("source", ["command line", "file"])
def test_listen_beside_passed_sockets_is_refused_by_the_unit_s_name(manager, tmp_path, source):
    manager.listen()
    (tmp_path / "conf").write_text("backend = sim\nlisten = 127.0.0.1:0\n")
    if source == "file":
        manager.start("--config", tmp_path / "conf")
    else:
        manager.start("--backend", "sim", "--listen", "127.0.0.1:0")
    assert manager.process.wait(90) == 78
    assert "<3>linkbandd: linkbandd.socket says where to listen" in manager.log()


def test_the_loop_feeds_the_watchdog_and_a_stopped_process_does_not(manager):
    manager.listen()
    manager.start("--backend", "sim", watchdog=2)
    manager.told("READY=1")
    for _ in range(4):
        manager.told("WATCHDOG=1")
    manager.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    manager.notify.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while manager.notify.recv(4096):
            pass
    time.sleep(2)
    with pytest.raises(BlockingIOError):
        manager.notify.recv(4096)
    manager.process.send_signal(signal.SIGCONT)
    manager.told("WATCHDOG=1")
    assert manager.stop() == 0


def test_status_says_what_the_daemon_is_at(manager):
    manager.listen()
    manager.start("--backend", "sim", "--sim", "radio=fast", "--auto-connect", "LXB-51A00000")
    assert manager.told("STATUS=connected to LXB-51A00000, streaming; 0 clients")
    assert manager.stop() == 0


def test_status_names_each_of_several_bands(manager):
    manager.listen()
    manager.start("--backend", "sim", "--sim", "bands=2,radio=fast", "--max-bands", "3", "--auto-connect", "LXB-51A00000",
                  "--auto-connect", "LXB-51A00001", "--auto-connect", "LXB-AWAY0001")
    assert manager.told("STATUS=connected to LXB-51A00000, streaming; connected to LXB-51A00001, streaming; "
                        "waiting for LXB-AWAY0001; 0 clients")
    assert manager.stop() == 0


def test_the_journal_gets_priorities_and_a_terminal_gets_times(manager):
    manager.listen()
    manager.start("--backend", "sim")
    manager.told("READY=1")
    assert manager.stop() == 0
    lines = manager.log().splitlines()
    assert lines and all(line.startswith("<6>") for line in lines), lines


def test_a_redirected_stderr_is_not_taken_for_the_journal(manager, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    manager.listen()
    manager.start("--backend", "sim", journal=False)
    manager.told("READY=1")
    assert manager.stop() == 0
    assert not any(line.startswith("<") for line in manager.log().splitlines())


def test_a_stream_writes_no_line_a_packet(manager):
    manager.listen()
    manager.start("--backend", "sim", "--sim", "radio=fast,speed=20", "--auto-connect", "LXB-51A00000")
    manager.told("STATUS=connected to LXB-51A00000, streaming")
    before = len(manager.log().splitlines())
    time.sleep(2)
    assert len(manager.log().splitlines()) - before <= 5, manager.log()
    assert manager.stop() == 0


def test_sighup_takes_what_can_change_and_names_what_cannot(manager, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text("backend = sim\nsim = seed=1\n")
    port = manager.listen()
    manager.start("--config", conf)
    manager.told("READY=1")
    assert get(port, host="lab.example") == 403
    conf.write_text("backend = sim\nsim = seed=2\nallow-host = lab.example\n")
    manager.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.told("RELOADING=1")
    manager.told("READY=1")
    assert get(port, host="lab.example") == 200
    assert "<4>linkbandd: what has changed of these waits for a restart: sim\n" in manager.log()


def test_sighup_takes_a_new_token_and_keeps_the_old_one_where_there_is_none(manager, tmp_path):
    conf, token = tmp_path / "conf", tmp_path / "token"
    conf.write_text(f"backend = sim\ntoken-file = {token}\n")
    token.write_text("the first one, 1\n".replace(" ", "_"))
    token.chmod(0o600)
    port = manager.listen()
    manager.start("--config", conf)
    manager.told("READY=1")
    for new, works, log in (("a-second-token-of-20", "a-second-token-of-20", ""),
                            ("short", "a-second-token-of-20", "<3>linkbandd: the token stays as it was: The token file")):
        token.write_text(new + "\n")
        manager.process.send_signal(signal.SIGHUP)
        manager.told("RELOADING=1")
        manager.told("READY=1")
        assert get(port, path=f"/health?token={works}") == 200
        assert get(port, path="/health?token=the_first_one,_1") == 401
    assert log in manager.log()


def test_sighup_with_a_wrong_file_changes_nothing(manager, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text("backend = sim\nallow-host = lab.example\n")
    port = manager.listen()
    manager.start("--config", conf)
    manager.told("READY=1")
    conf.write_text("backend = sim\nalow-host = other.example\n")
    manager.process.send_signal(signal.SIGHUP)
    manager.told("RELOADING=1")
    manager.told("READY=1")
    assert f"<3>linkbandd: all stays as it was: {conf}:2: alow-host is no option" in manager.log()
    assert get(port, host="lab.example") == 200
    assert manager.stop() == 0


@pytest.mark.parametrize("which", ["conf", "token"])
def test_sighup_waits_for_no_pipe_in_the_place_of_a_file(manager, tmp_path, which):
    conf, token = tmp_path / "conf", tmp_path / "token"
    conf.write_text(f"backend = sim\ntoken-file = {token}\n")
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    port = manager.listen()
    manager.start("--config", conf)
    manager.told("READY=1")
    (tmp_path / which).unlink()
    os.mkfifo(tmp_path / which, 0o600)
    manager.process.send_signal(signal.SIGHUP)
    manager.told("RELOADING=1")
    manager.told("READY=1")
    assert get(port, path="/health?token=0123456789abcdef") == 200
    assert f"<3>linkbandd: {'all stays' if which == 'conf' else 'the token stays'} as it was: " in manager.log()
    assert "it is no regular file" in manager.log()
    assert manager.stop() == 0


def test_each_sighup_is_answered_with_the_newest_file(manager, tmp_path):
    """However many come at once: what is in the file at the last of them is in force."""
    conf = tmp_path / "conf"
    conf.write_text("backend = sim\n")
    port = manager.listen()
    manager.start("--config", conf)
    manager.told("READY=1")
    for i in range(40):
        conf.with_suffix(".new").write_text(f"backend = sim\nallow-host = lab{i}.example\n")
        conf.with_suffix(".new").rename(conf)
        manager.process.send_signal(signal.SIGHUP)
        manager.told_nothing_more()
    deadline = time.monotonic() + 90
    while get(port, host="lab39.example") != 200:
        assert time.monotonic() < deadline, manager.log()
        manager.told_nothing_more()
    assert get(port, host="lab38.example") == 403
    assert manager.stop() == 0


def test_check_config_says_what_is_wrong_without_starting(tmp_path):
    def check(text):
        (tmp_path / "conf").write_text(text)
        return subprocess.run([LINKBANDD, "--check-config", "--config", tmp_path / "conf"],
                              capture_output=True, text=True, timeout=60)

    good = check((ROOT / "systemd" / "linkbandd.conf").read_text())
    assert (good.returncode, good.stderr) == (0, "")
    assert "nothing wrong" in good.stdout
    bad = check("backend = sim\nloop = yes\n")
    assert bad.returncode == 78
    assert "--backend replay only" in bad.stderr
