"""How it ends, and how it refuses to begin: within 3 s, with an exit status that says why."""

import asyncio
import json
import pathlib
import signal
import subprocess
import time

import pytest
import websockets
from peers import LINKBANDD, PATIENCE, ROOT, Client, Daemon, free_port, run

ADDRESS = "AA:BB:CC:DD:EE:FF"
SIM = ("--backend", "sim", "--sim", "seed=1,radio=fast")


async def recording_client(daemon):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    assert (await client.command("connect_device", address=ADDRESS))["success"]
    assert (await client.command("start_streaming"))["success"]
    reply = await client.command("start_recording")
    assert reply["success"]
    await asyncio.sleep(1.5)
    return client, pathlib.Path(reply["data"]["path"])


def end(daemon, number=signal.SIGTERM):
    """Seconds until it was gone, its exit status and its log."""
    began = time.monotonic()
    status, log = daemon.stop(number)
    return time.monotonic() - began, status, log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clients_hear_1012_the_recording_is_closed_and_the_band_let_go(number):
    daemon = Daemon(*SIM)

    async def story():
        client, folder = await recording_client(daemon)
        idle = await websockets.connect(daemon.url)
        start = len(client.messages)
        took, status, log = await asyncio.to_thread(end, daemon, number)
        print(f"{number.name}: ended in {took:.2f} s")
        assert status == 0, log
        await client.reader
        told = [(m["event_type"], m["data"]["reason"]) for m in client.messages[start:]
                if m.get("event_type") in ("recording_stopped", "device_disconnected")]
        assert set(told) == {("recording_stopped", "shutdown"), ("device_disconnected", "shutdown")}
        await idle.wait_closed()
        assert client.ws.close_code == idle.close_code == 1012
        assert json.loads((folder / "session.json").read_text())["state"] == "recorded"

    run(story())


@pytest.fixture
def stalling(tmp_path):
    """A daemon whose disk stalls while a file is there, and that file."""
    shim, while_there = tmp_path / "stalled.so", tmp_path / "stalled"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests/integration/stalled_disk.c", "-ldl"], check=True)
    daemon = Daemon(*SIM, env={"LD_PRELOAD": str(shim), "STALLED_WHILE": str(while_there),
                               "ASAN_OPTIONS": "verify_asan_link_order=0"})
    yield daemon, while_there
    if daemon.process.poll() is None:
        daemon.process.kill()


def test_a_stalled_disk_holds_up_neither_the_clients_nor_the_end(stalling):
    daemon, stalled = stalling

    async def story():
        client, folder = await recording_client(daemon)
        stalled.touch()
        await asyncio.sleep(1)
        took, status, log = await asyncio.to_thread(end, daemon)
        print(f"with a stalled disk: ended in {took:.2f} s")
        assert status == 0, log
        assert "without waiting" in log, "the disk did stall"
        await client.reader
        assert client.ws.close_code == 1012
        return folder

    folder = run(story())
    # The next start repairs what was left.
    assert json.loads((folder / "session.json").read_text())["state"] == "recording"
    stalled.unlink()
    daemon.start()
    deadline = time.monotonic() + PATIENCE
    while (state := json.loads((folder / "session.json").read_text())["state"]) == "recording":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    print(f"repaired: {state}")
    assert daemon.stop()[0] == 0


def test_a_stalled_state_disk_holds_up_no_end_without_a_recording(stalling):
    """What is wanted of the band is on its way to a disk that takes nothing."""
    daemon, stalled = stalling

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        assert (await client.command("connect_device", address=ADDRESS))["success"]
        stalled.touch()
        assert (await client.command("start_streaming"))["success"]
        _, status, log = await asyncio.to_thread(end, daemon)
        assert status == 0 and "without waiting" in log, log
        await client.reader
        assert client.ws.close_code == 1012

    run(story())


def test_who_comes_while_it_stops_and_what_the_disk_answers_late_do_no_harm(stalling):
    """The manager is gone after the signal, the server 1.5 s later, and the disk is back after both."""
    daemon, stalled = stalling

    async def story():
        client, _ = await recording_client(daemon)
        stalled.touch()
        await asyncio.sleep(1)
        await client.send({"command": "stop_recording"})
        await asyncio.sleep(0.2)
        daemon.process.send_signal(signal.SIGTERM)
        await client.event("device_disconnected", reason="shutdown")
        late = await websockets.connect(daemon.url)
        with pytest.raises(websockets.ConnectionClosed):
            await late.recv()
        assert late.close_code == 1012
        await asyncio.sleep(0.3)
        stalled.unlink()
        _, log = await asyncio.to_thread(daemon.process.communicate, timeout=PATIENCE)
        assert daemon.process.returncode == 0, log

    run(story())


@pytest.fixture(params=[signal.SIG_DFL, signal.SIG_IGN], ids=["in a terminal", "under nohup"])
def hangup(request):
    """What SIGHUP does where the daemon is started; the tests may themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, request.param)
    yield request.param
    signal.signal(signal.SIGHUP, before)


def test_a_hangup_without_a_configuration_is_a_clean_end_unless_it_is_ignored(hangup):
    daemon = Daemon(*SIM)
    daemon.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    if hangup == signal.SIG_IGN:
        assert daemon.process.poll() is None
    status, log = daemon.stop()
    assert status == 0 and ("stopping: signal 1\n" in log) == (hangup == signal.SIG_DFL), log


def test_a_second_signal_ends_it_at_once(stalling):
    daemon, stalled = stalling

    async def story():
        await recording_client(daemon)
        stalled.touch()
        await asyncio.sleep(1)

    run(story())
    daemon.process.send_signal(signal.SIGTERM)
    _, status, log = end(daemon, signal.SIGINT)
    assert status == 0 and "at once" in log and "without waiting" not in log, log


@pytest.mark.parametrize("arguments, told", [
    (["--bad"], ["--bad", "--help"]),
    (["--backend", "usb"], ["--backend", "usb", "bluez|sim|replay"]),
    (["--backend"], ["--backend", "value"]),
    ([], ["--backend", "bluez, sim or replay"]),
    (["--backend", "sim", "--sim", "no=1"], ["no"]),
    (["--backend", "sim", "--listen", "localhost:8121"], ["--listen", "localhost:8121", "127.0.0.1:8121"]),
    (["--backend", "sim", "--listen", "127.0.0.1:99999"], ["--listen", "99999"]),
    (["--backend", "sim", "--capture", "x"], ["--capture", "replay"]),
    (["--config", "/nowhere/linkbandd.conf"], ["/nowhere/linkbandd.conf", "No such file"]),
    (["record"], ["record", "process"]),
])
def test_a_wrong_option_is_one_line_and_78(arguments, told):
    done = subprocess.run([LINKBANDD, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and all(word in done.stderr for word in told), done.stderr


def test_a_port_in_use_is_one_line_and_1_for_it_may_come_free():
    daemon = Daemon(*SIM)
    done = subprocess.run([LINKBANDD, *SIM, "--listen", f"127.0.0.1:{daemon.port}"], capture_output=True, text=True,
                          timeout=60, check=False, env=daemon.env)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert f"127.0.0.1:{daemon.port} is in use" in done.stderr and "--listen" in done.stderr
    assert daemon.stop()[0] == 0


def test_an_address_that_is_not_of_this_machine_is_one_line_and_1(tmp_path):
    token = tmp_path / "token"
    token.write_text("an-address-beyond-this-machine-wants-a-token\n")
    token.chmod(0o600)
    done = subprocess.run([LINKBANDD, *SIM, "--listen", f"192.0.2.1:{free_port()}", "--token-file", token],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "192.0.2.1" in done.stderr


def test_units_know_which_status_a_restart_does_not_mend():
    unit = (ROOT / "systemd/linkbandd.service.in").read_text()
    assert "RestartPreventExitStatus=78" in unit and "Restart=on-failure" in unit
