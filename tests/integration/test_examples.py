"""The examples of docs/examples, as a reader would run them."""

import asyncio
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import pytest
import websockets

from peers import PATIENCE, Client, Daemon, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
ADDRESS = "AA:BB:CC:DD:EE:FF"
# Who reads them has the package installed.
INSTALLED = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python")}


def test_stream_counts_what_came(daemon):
    out = subprocess.run(
        [sys.executable, EXAMPLES / "stream.py", "3", daemon.url], capture_output=True, text=True, timeout=120, env=INSTALLED
    )
    assert out.returncode == 0, out.stderr
    counts = {line.split(":")[0]: int(line.split()[1]) for line in out.stdout.splitlines()[1:]}
    assert counts["eeg"] > 250 and counts["ppg"] > 28 and counts["acc"] > 25


def test_stream_takes_a_band_that_is_connected_already(daemon, clients):
    async def story():
        async with clients() as client:
            assert (await client.command("connect_device", address=ADDRESS))["success"]
            again = await client.command("connect_device", address=ADDRESS)
            assert again["message"].endswith(": it was already so")

    run(story())
    out = subprocess.run([sys.executable, EXAMPLES / "stream.py", "2", daemon.url], capture_output=True, text=True, timeout=120,
                         env=INSTALLED)
    assert out.returncode == 0 and "eeg" in out.stdout, out


README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("which, prints", [(0, "["), (1, '"sensor_type":"eeg"')], ids=["with linkband", "with websockets"])
def test_the_readme_s_scripts_stream_as_printed(daemon, which, prints):
    scripts = re.findall(r"```python\n(.*?)```", README, re.S)
    assert [script.count("ws://localhost:8121/ws") for script in scripts] == [1, 1]
    script = scripts[which].replace("ws://localhost:8121/ws", daemon.url)
    with subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE, text=True, env=INSTALLED) as running:
        timer = threading.Timer(PATIENCE, running.kill)
        timer.start()
        found = any(prints in line for line in running.stdout)
        timer.cancel()
        running.kill()
    assert found, f"no EEG in {PATIENCE} s"


def test_the_readme_s_simulated_bands_start():
    found = re.findall(r"^build/linkbandd (--backend sim .*?) *#", README, re.M)
    assert found
    for arguments in found:
        assert Daemon(*arguments.split()).stop()[0] == 0


def test_csv_has_a_line_a_sample(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            csv = await asyncio.create_subprocess_exec(
                sys.executable, EXAMPLES / "csv_to_stdout.py", daemon.url, stdout=subprocess.PIPE, env=INSTALLED
            )
            while (await client.command("health_check"))["data"]["clients_connected"] < 2:
                await asyncio.sleep(0.1)
            reply = await client.command("start_streaming", sensors=["eeg"], duration=2)
            assert reply["success"]
            text = (await csv.communicate())[0].decode()
            stopped = await client.event("stream_stopped", reason="duration")
            assert stopped["data"]["sensors"] == ["eeg"]
            lines = text.splitlines()
            assert lines[0].startswith("timestamp_ms,ch1_uV")
            sent = sum(len(m["data"]) for m in client.messages if m.get("sensor_type") == "eeg" and m["type"] == "raw_data")
            assert len(lines) - 1 == sent > 400

    run(story())


def test_live_plot_draws(daemon, clients):
    pytest.importorskip("matplotlib")

    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            await client.command("start_streaming", sensors=["eeg"])
            with tempfile.NamedTemporaryFile(suffix=".png") as picture:
                plot = await asyncio.create_subprocess_exec(
                    sys.executable, EXAMPLES / "live_plot.py", daemon.url, "--save", picture.name, env=INSTALLED
                )
                assert await plot.wait() == 0
                assert picture.read(8) == b"\x89PNG\r\n\x1a\n"

    run(story())


def open_browser():
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--window-size=1000,1100", "--user-data-dir=" + tempfile.mkdtemp()):
        options.add_argument(argument)
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("selenium")
    browser = open_browser()
    yield browser
    browser.quit()


def until(browser, script, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not browser.execute_script("return !!(" + script + ")"):
        assert time.monotonic() < deadline, f"not in {seconds} s: {script}"
        time.sleep(0.1)


def test_the_page_example_opened_from_a_file_streams(daemon, browser):
    browser.get(f"file://{EXAMPLES}/page.html?url={daemon.url}")
    until(browser, "document.getElementById('last').textContent.includes('leadoff_ch1')")


def test_the_daemons_own_page_is_without_errors_and_connected(daemon, browser):
    browser.get(f"http://localhost:{daemon.port}/")
    until(browser, "document.readyState === 'complete'")
    time.sleep(2)  # in which an error may come
    errors = [e for e in browser.get_log("browser") if e["level"] == "SEVERE" and "favicon" not in e["message"]]
    assert not errors
    assert daemon.process.poll() is None


def test_two_heads_of_a_recording_stand_in_one_figure(tmp_path):
    pytest.importorskip("mne", reason="no python3-mne")
    daemon = Daemon("--backend", "sim", "--sim", "bands=2,radio=fast,speed=10", "--max-bands", "2", "--data-dir", str(tmp_path / "data"))

    async def story():
        client = Client(await websockets.connect(daemon.url, max_size=2**20))
        for name in ("LXB-51A00000", "LXB-51A00001"):
            assert (await client.command("connect_device", device_id=name))["success"]
        assert (await client.command("start_recording"))["success"]
        for name in ("LXB-51A00000", "LXB-51A00001"):
            await client.wait(lambda m: m["type"] == "raw_data" and m["device_id"] == name, start=len(client.messages))
        stopped = await client.command("stop_recording")
        await client.event("recording_file", state="ready", file="LXB-51A00001/session.bdf")
        await client.close()
        return stopped["data"]["session_id"]

    try:
        session = run(story())
    finally:
        daemon.stop()
    # Drawn into a file instead of a window.
    script = (EXAMPLES / "two_heads.py").read_text().replace("both.plot(", "figure = both.plot(show=False, ").replace("block=True", "block=False")
    script += f"figure.savefig({str(tmp_path / 'both.png')!r})\nprint(both.ch_names, both.n_times)\n"
    out = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "data" / session], capture_output=True, text=True, timeout=180, env={**os.environ, "MPLBACKEND": "agg"}
    )
    assert out.returncode == 0, out.stderr
    assert "['0000 ch1', '0000 ch2', '0001 ch1', '0001 ch2']" in out.stdout
    assert (tmp_path / "both.png").stat().st_size > 10000
