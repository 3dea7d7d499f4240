"""linkbandctl as a shell runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import linkband
from conftest import PACKAGE

ADDRESS = "AA:BB:CC:DD:EE:FF"


def arguments(*given):
    return [sys.executable, "-m", "linkband", *given]


def environment(daemon, **more):
    url = daemon if isinstance(daemon, str) else daemon.url
    return {**os.environ, "PYTHONPATH": str(PACKAGE), "LINKBAND_URL": url, **more}


def ctl(daemon, *given, status=0, **more):
    done = subprocess.run(arguments(*given), capture_output=True, text=True, timeout=120,
                          env=environment(daemon, **more))
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


@pytest.fixture
def connected(daemon):
    ctl(daemon, "connect", ADDRESS)
    return daemon


def test_a_recording_is_made_by_three_commands_and_copied_by_a_fourth(daemon, tmp_path):
    assert ADDRESS in ctl(daemon, "connect").stdout
    session = ctl(daemon, "record", "start", "--name", "sleep", "--formats", "csv,bdf").stdout.strip()
    assert json.loads(ctl(daemon, "record", "status", "--json").stdout)["is_recording"]
    assert float(ctl(daemon, "mark", "here").stdout) > 1e12
    ctl(daemon, "stream", "-n", "1", "--sensors", "eeg")  # a recording wants a sample
    assert ctl(daemon, "record", "stop").stdout.strip() == session
    assert ctl(daemon, "record", "stop").stdout == ""
    folder = ctl(daemon, "recordings", "get", session, "-o", str(tmp_path)).stdout.strip()
    kept = json.loads(ctl(daemon, "recordings", "ls", "--json").stdout)
    assert kept["state"] == "complete" and kept["session_id"] == session
    assert sorted(os.listdir(folder)) == sorted(kept["files"])
    assert sum(os.path.getsize(os.path.join(folder, name)) for name in kept["files"]) == kept["bytes"]
    assert "here" in (tmp_path / session / "markers.csv").read_text()
    only = ctl(daemon, "recordings", "get", session, "eeg.csv", "-o", str(tmp_path / "only")).stdout.strip()
    assert os.listdir(only) == ["eeg.csv"]
    assert "nope.csv" in ctl(daemon, "recordings", "get", session, "nope.csv", status=1).stderr
    assert "recordings ls" in ctl(daemon, "recordings", "get", "nope", status=1).stderr
    ctl(daemon, "recordings", "rm", session)
    assert ctl(daemon, "recordings", "ls").stdout == ""


def test_keep_makes_a_recording_of_what_has_just_been(connected):
    ctl(connected, "stream", "--sensors", "eeg", "-n", "20")
    session = ctl(connected, "keep", "5", "--name", "before", "--participant", "07").stdout.strip()
    only = ctl(connected, "keep", "--sensors", "eeg", "--formats", "jsonl").stdout.strip()
    assert only != session
    told = {one["session_id"]: one for one in
            map(json.loads, ctl(connected, "recordings", "ls", "--json").stdout.splitlines())}
    assert (told[session]["session_name"], told[session]["state"]) == ("before", "complete")
    assert {"eeg.csv", "columns.json", "session.bdf"} <= set(told[session]["files"])
    assert told[only]["sensors"] == ["eeg"]
    assert told[only]["files"] == ["packets.lbcap", "processed.jsonl", "session.json"]


@pytest.mark.parametrize("formats, made", [
    ("csv", {"eeg.csv", "columns.json"}), ("jsonl", {"processed.jsonl"}), ("bdf,jsonl", {"session.bdf"})])
def test_record_stop_waits_for_what_is_made_of_each_format(connected, formats, made):
    session = ctl(connected, "record", "start", "--formats", formats).stdout.strip()
    ctl(connected, "stream", "-n", "1", "--sensors", "eeg")
    assert ctl(connected, "record", "stop").stdout.strip() == session
    [told] = map(json.loads, ctl(connected, "recordings", "ls", "--json").stdout.splitlines())
    assert told["state"] == "complete" and made <= set(told["files"])


def test_stream_prints_lines_of_json_or_csv_and_nothing_else(connected):
    done = ctl(connected, "stream", "--sensors", "eeg,ppg", "-n", "7")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 7 and {one["sensor_type"] for one in lines} <= {"eeg", "ppg"}
    csv = ctl(connected, "stream", "--sensors", "eeg", "--csv", "-n", "30").stdout.splitlines()
    assert csv[0] == "timestamp,ch1,ch2,leadoff_ch1,leadoff_ch2" and len(csv) == 31
    assert all(re.fullmatch(r"[\d.]+,-?[\d.]+,-?[\d.]+,[01],[01]", line) for line in csv[1:])
    # What it started it has stopped.
    assert json.loads(ctl(connected, "status", "--json").stdout)["streaming"]["state"] == "idle"


def test_stream_leaves_a_running_stream_as_it_is(connected):
    with linkband.Band(connected.url) as band:
        band.start_streaming(sensors=["eeg"])
        assert '"eeg"' in ctl(connected, "stream", "-n", "1").stdout
        assert "ppg is not in the stream" in ctl(connected, "stream", "--sensors", "ppg", status=1).stderr
        assert band.get_streaming_status()["sensors"] == ["eeg"]


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_and_the_stream_it_started(connected, number, status):
    # Who runs the tests in the background may have SIGINT ignored, and it is handed down so.
    with subprocess.Popen(arguments("stream", "--sensors", "eeg"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=environment(connected),
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as running:
        assert running.stdout.readline()
        running.send_signal(number)
        _, words = running.communicate(timeout=120)
        assert (running.returncode, words) == (status, "")
    assert json.loads(ctl(connected, "status", "--json").stdout)["streaming"]["state"] == "idle"


def test_a_closed_pipe_ends_it_quietly(connected):
    with subprocess.Popen(arguments("stream", "--sensors", "eeg"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=environment(connected)) as running:
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == "" and running.wait(120) == 0


@pytest.mark.parametrize("line, status, told", [
    ("{ctl} status >&-", 0, ""), ("{ctl} status 2>&-", 0, "daemon"), ("{ctl} record stop 2>&-", 0, ""),
    ("{ctl} status > /dev/full", 1, "No space left"), ("{ctl} --help > /dev/full", 1, "No space left"),
    ("{ctl} --help | true; exit ${{PIPESTATUS[0]}}", 0, ""), ("{ctl} status | true; exit ${{PIPESTATUS[0]}}", 0, ""),
    ("{ctl} --version", 0, linkband.__version__)])
def test_whatever_becomes_of_its_output(daemon, line, status, told):
    shell = line.format(ctl=f"{sys.executable} -m linkband")
    done = subprocess.run(["bash", "-c", shell], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, env=environment(daemon))
    assert done.returncode == status and "Traceback" not in done.stdout
    assert told in done.stdout if told else done.stdout == ""


def test_time_is_up_with_27(connected):
    assert "time is up" in ctl(connected, "stream", "-W", "0.5", status=27).stderr
    assert json.loads(ctl(connected, "status", "--json").stdout)["streaming"]["state"] == "idle"
    assert "time is up" in ctl(connected, "wait", "streaming", "-W", "0.5", status=27).stderr
    ctl(connected, "wait", "connected", "-W", "120")


def test_wait_ends_when_it_is_so(daemon):
    with subprocess.Popen(arguments("wait", "streaming", "-W", "120"), env=environment(daemon)) as waiting:
        with linkband.Band(daemon.url) as band:
            while band.check_device_connection()["clients_connected"] < 2:
                assert waiting.poll() is None
                time.sleep(0.05)
            band.connect_device(address=ADDRESS)
            band.start_streaming(sensors=["eeg"])
            assert waiting.wait(120) == 0


def test_events_are_lines_and_the_daemon_s_end_is_3(daemon):
    with subprocess.Popen(arguments("events"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment(daemon)) as listening:
        assert json.loads(listening.stdout.readline())["type"] == "event"
        ctl(daemon, "mark", "a")
        labels = (json.loads(line)["data"].get("label") for line in listening.stdout)
        assert "a" in labels
        daemon.process.terminate()
        assert "1012" in listening.communicate(timeout=120)[1] and listening.returncode == 3
    assert "reached" in ctl(daemon, "status", status=3).stderr


def test_status_scan_and_disconnect(daemon):
    assert "not connected" in ctl(daemon, "status").stdout
    [line] = ctl(daemon, "scan", "-d", "1").stdout.splitlines()
    device_id, address, rssi, name = line.split("\t")
    assert (address, name) == (ADDRESS, device_id) and int(rssi) < 0
    assert ctl(daemon, "connect", device_id).stdout.startswith(device_id)
    assert ctl(daemon, "connect").stdout.startswith(device_id)
    assert f"{device_id} {ADDRESS} connected" in ctl(daemon, "status").stdout
    ctl(daemon, "disconnect")
    assert "NOT_CONNECTED" in ctl(daemon, "stream", status=1).stderr


def test_several_bands_are_told_apart(daemons):
    daemon = daemons("--max-bands", "2", "--sim", "seed=1,radio=fast,bands=3")
    one, two, three = sorted(line.split("\t")[0] for line in ctl(daemon, "scan", "-d", "1").stdout.splitlines())
    there = ctl(daemon, "connect", ADDRESS, two).stdout.splitlines()
    assert [line.split("\t")[0] for line in there] == [one, two]
    refused = ctl(daemon, "connect", three, ADDRESS, status=1)
    assert "BUSY" in refused.stderr and refused.stdout.startswith(one)
    status = ctl(daemon, "status").stdout
    assert all(f"{name} AA:BB:CC:DD:EE:" in status for name in (one, two)) and three not in status
    lines = ctl(daemon, "stream", "--sensors", "eeg", "-n", "8").stdout.splitlines()
    assert {json.loads(line)["device_id"] for line in lines} == {one, two}
    told = json.loads(ctl(daemon, "status", "--json").stdout)["streaming"]["devices"]
    assert [band["state"] for band in told] == ["idle", "idle"]
    assert f"{one}, {two}" in ctl(daemon, "stream", "--sensors", "eeg", "--csv", status=1).stderr
    assert len(ctl(daemon, "stream", "--sensors", "eeg", "--csv", "--device", two, "-n", "3").stdout.splitlines()) == 4
    lines = ctl(daemon, "stream", "--device", two, "-n", "4").stdout.splitlines()
    assert {json.loads(line)["device_id"] for line in lines} == {two}
    session = ctl(daemon, "record", "start", "--device", two, "--formats", "csv").stdout.strip()
    ctl(daemon, "mark", "hers", "--device", two)
    ctl(daemon, "stream", "--sensors", "eeg", "-n", "4", "--device", two)
    assert ctl(daemon, "record", "stop").stdout.strip() == session
    [kept] = map(json.loads, ctl(daemon, "recordings", "ls", "--json").stdout.splitlines())
    assert "eeg.csv" in kept["files"] and not kept.get("bands")  # it is of one band
    session = ctl(daemon, "keep", "--device", one, "--formats", "csv").stdout.strip()
    assert session in ctl(daemon, "recordings", "ls").stdout
    ctl(daemon, "disconnect", one)
    assert "time is up" in ctl(daemon, "wait", "connected", "--device", one, "-W", "0.5", status=27).stderr
    ctl(daemon, "wait", "connected", "--device", two, "-W", "60")
    assert two in ctl(daemon, "disconnect", "nope", status=1).stderr
    ctl(daemon, "disconnect")
    assert "not connected" in ctl(daemon, "status").stdout


@pytest.mark.parametrize("given", [
    [], ["nonsense"], ["stream", "--csv"], ["stream", "--sensors", "eeg,xyz"], ["stream", "-n", "0"], ["wait"],
    ["stream", "--csv", "--json"], ["stream", "-W", "0"], ["record"], ["--url", "localhost", "status"],
    ["--token-file", "/nonexistent/token", "status"]])
def test_wrong_use_is_2(given):
    assert "usage: linkbandctl" in ctl("ws://127.0.0.1:1/ws", *given, status=2).stderr


def test_the_token_comes_by_file_or_environment(daemons, tmp_path):
    file = tmp_path / "token"
    file.write_text("a-token-of-some-length\n")
    file.chmod(0o600)
    daemon = daemons("--token-file", str(file))
    assert "token" in ctl(daemon, "status", status=4).stderr
    assert "token" in ctl(daemon, "status", status=4, LINKBAND_TOKEN="wrong").stderr
    ctl(daemon, "status", LINKBAND_TOKEN="a-token-of-some-length")
    ctl(daemon, "--token-file", str(file), "connect", ADDRESS)
    ctl(daemon, "record", "start", "--token-file", str(file))
    ctl(daemon, "stream", "-n", "1", "--sensors", "eeg", "--token-file", str(file))  # a recording wants a sample
    session = ctl(daemon, "record", "stop", "--token-file", str(file)).stdout.strip()
    ctl(daemon, "recordings", "get", session, "--token-file", str(file), "-o", str(tmp_path))
    assert (tmp_path / session / "session.json").exists()
    assert "401" in ctl(daemon.url.replace("/ws", ""), "status", status=4).stderr
