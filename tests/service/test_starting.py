"""What it finds at its start is enough and makes sense, or it says what is wrong: it neither crashes nor guesses."""

import os
import pathlib
import resource
import signal
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
SIM = (LINKBANDD, "--backend", "sim", "--listen", "127.0.0.1:0")


def begin(tmp_path, *arguments, limit=None, **env):
    """A daemon, and the line that tells that it listens or why it ended."""
    preexec = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None
    process = subprocess.Popen(["timeout", "-s", "KILL", "20", *SIM, "--state-dir", tmp_path, "--data-dir", tmp_path, *arguments], preexec_fn=preexec,
                               env={**os.environ, **env}, stderr=subprocess.PIPE, text=True)
    return process, process.stderr.readline()


def end(process):
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    return process.wait(90), rest


def test_with_too_few_descriptors_it_refuses_and_with_enough_it_ends_cleanly(tmp_path):
    started = []
    for limit in range(4, 45):
        process, first = begin(tmp_path, limit=limit)
        if " listens on " in first:
            started.append(limit)
            status, rest = end(process)
            assert status == 0, (limit, status, rest)
        else:
            rest = process.stderr.read()
            assert process.wait(90) == 1, (limit, first, rest)
            if "ulimit -n" not in first:  # the dynamic linker's own, for want of one descriptor
                assert "Too many open files" in first or "cannot open shared object" in first, (limit, first)
    assert started == list(range(started[0], 45)) and started[0] < 40, started


SINCE = 2**63 - 1


@pytest.mark.parametrize("key", ["since", "until"])
def test_wants_of_a_time_that_no_clock_shows_are_not_taken_up(tmp_path, key):
    times = {"until": 0, "since": 0, key: SINCE}
    (tmp_path / "wants").write_text("backend = sim\nname = LXB-51A00000\naddress = AA:BB:CC:DD:EE:FF\nsensors = eeg\n"
                                    "sample_rate = 250\nduration = 0\n" + "".join(f"{k} = {v}\n" for k, v in times.items()))
    process, first = begin(tmp_path)
    status, rest = end(process)
    assert status == 0
    assert "wants: can't be understood: nothing is resumed" in first + rest
    assert "runtime error" not in rest


@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_wants_that_are_no_file_are_not_waited_for(tmp_path, kind):
    if kind == "pipe":
        os.mkfifo(tmp_path / "wants")
    else:
        (tmp_path / "wants").symlink_to("/dev/zero")
    process, first = begin(tmp_path)
    assert "wants: can't be understood" in first
    assert end(process)[0] == 0


@pytest.mark.parametrize("option", ["--config", "--token-file"])
@pytest.mark.parametrize("kind", ["pipe", "device", "endless", "folder"])
def test_files_that_are_none_are_refused_and_not_waited_for(tmp_path, option, kind):
    path = tmp_path / "path"
    {"pipe": lambda: os.mkfifo(path, 0o600), "device": lambda: path.symlink_to("/dev/full"),
     "endless": lambda: path.symlink_to("/dev/zero"), "folder": lambda: path.mkdir(0o700)}[kind]()
    done = subprocess.run([*SIM, option, path], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    assert done.returncode == 78
    assert "can't be read: it is no regular file" in done.stderr


def test_a_configuration_without_end_is_refused_by_its_length(tmp_path):
    (tmp_path / "conf").write_text("# much\n" * 10000 + "backend = sim\n")
    done = subprocess.run([LINKBANDD, "--check-config", "--config", tmp_path / "conf"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "it is too long" in done.stderr) == (78, True)


def test_a_configuration_with_a_zero_byte_is_refused_not_cut(tmp_path):
    (tmp_path / "conf").write_bytes(b"backend = sim\0\nlog-level = nonsense\n")
    done = subprocess.run([LINKBANDD, "--check-config", "--config", tmp_path / "conf"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "zero byte" in done.stderr


@pytest.mark.parametrize("fds, names, pid", [
    ("nonsense", None, None), ("-1", None, None), ("99999999999999999999", None, None), ("1", None, "nonsense"),
    ("3", "a:b", None), ("900", None, None)])
def test_handed_down_sockets_that_make_no_sense_are_refused(tmp_path, fds, names, pid):
    """Else it would listen somewhere else than whoever started it meant."""
    env = {**os.environ, "LISTEN_FDS": fds, **({"LISTEN_FDNAMES": names} if names else {}), "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", f'LISTEN_PID={pid or "$$"} exec "$@"', "sh", *SIM], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 78, done.stderr
    assert "LISTEN_FDS" in done.stderr


def test_a_manager_that_can_t_be_told_is_told_of(tmp_path):
    process, first = begin(tmp_path, NOTIFY_SOCKET="nonsense", WATCHDOG_USEC="nonsense")
    status, rest = end(process)
    assert status == 0 and " listens on " in first
    assert "$NOTIFY_SOCKET" in rest and "no watchdog is fed" in rest
