"""--token-file: what it may hold, what starts without it, who gets in with it."""

import asyncio
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request

import pytest
import websockets
from peers import HEADERS, LINKBANDD, Daemon, free_port, refusal_status

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def refused(*arguments, **options):
    """The one line that a start ends with, and its exit status."""
    done = subprocess.run([LINKBANDD, "--backend", "sim", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False, **options)
    assert done.stderr.count("\n") == 1 and done.stdout == "", done.stderr
    assert TOKEN not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("content, mode, told", [
    (TOKEN, 0o644, "chmod 600"), (TOKEN, 0o602, "chmod 600"), ("", 0o600, "openssl rand -hex 32"), ("\n\n", 0o600, "one line"),
    ("short", 0o600, "16 to 256"), ("x" * 257, 0o600, "16 to 256"), (f"{TOKEN}\n{TOKEN}", 0o600, "one line"),
    (f"{TOKEN} {TOKEN}", 0o600, "visible"), ("schlüssel" * 4, 0o600, "ASCII"),
])
def test_a_file_that_will_not_do_is_refused_with_what_to_do(token_file, content, mode, told):
    token_file.write_text(content)
    token_file.chmod(mode)
    status, line = refused("--token-file", token_file, "--listen", "127.0.0.1:0")
    assert status == 78 and told in line and str(token_file) in line


def test_a_file_that_is_none_is_refused_with_what_to_do(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, told in ((tmp_path / "missing", "openssl"), (tmp_path, "no regular file"), (tmp_path / "pipe", "no regular file")):
        status, line = refused("--token-file", path, "--listen", "127.0.0.1:0")
        assert status == 78 and told in line, line


def test_beyond_loopback_nothing_starts_without_it(token_file):
    status, line = refused("--listen", "0.0.0.0:0")
    assert status == 78 and "--token-file" in line and "127.0.0.1" in line
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        os.set_inheritable(listening.fileno(), True)
        # As systemd hands it down: descriptor 3, told by the environment.
        script = f'exec 3<&{listening.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {LINKBANDD} --backend sim "$@"'
        done = subprocess.run(["bash", "-c", script, "-"], capture_output=True, text=True, timeout=60, check=False,
                              pass_fds=[listening.fileno()])
        assert done.returncode == 78 and "--token-file" in done.stderr, done.stderr
    daemon = Daemon("--backend", "sim", "--listen", f"0.0.0.0:{free_port()}", "--token-file", str(token_file))
    assert daemon.stop()[0] == 0


def test_who_shows_it_gets_in_and_it_is_never_logged(token_file):
    daemon = Daemon("--backend", "sim", "--log-level", "debug", "--token-file", str(token_file))

    async def first_message(**options):
        async with websockets.connect(**options) as ws:
            return json.loads(await ws.recv())

    def status(path, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{daemon.port}{path}", headers=headers)) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            assert "Bearer" in error.headers["WWW-Authenticate"]
            return error.code

    async def story():
        with pytest.raises(websockets.InvalidHandshake) as refusal:
            await first_message(uri=daemon.url)
        assert refusal_status(refusal.value) == 401
        for options in ({"uri": f"{daemon.url}?token={TOKEN}"},
                        {"uri": daemon.url, HEADERS: {"Authorization": f"Bearer {TOKEN}"}}):
            assert (await first_message(**options))["event_type"] == "device_info"

    asyncio.run(story())
    assert (status("/"), status("/?token=wrong"), status(f"/?token={TOKEN}")) == (401, 401, 200)
    assert status("/", Authorization=f"Bearer {TOKEN}") == 200
    end, log = daemon.stop()
    assert end == 0 and TOKEN not in log and "--token-file" in log
    assert TOKEN not in " ".join(daemon.arguments)
