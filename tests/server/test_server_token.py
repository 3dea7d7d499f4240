"""The token: every peer needs it where it is set, and it must be set beyond loopback."""

import re
import socket
import subprocess

import pytest
from echo import PROGRAM

TOKEN = "s3cret+token/of=the~study"
ENCODED = "s3cret%2Btoken%2Fof%3Dthe~study"


@pytest.fixture
def guarded(start):
    server = start("--token", TOKEN)
    yield server
    server.stop()
    assert "s3cret" not in server.log


def test_http_without_it_hears_401_and_how_to_show_it(guarded):
    for path in ("/", "/page.js", "/page.css", "/health", "/nothing", "/ws", "/?token=wrong", f"/?token={TOKEN}x", f"/?tok={TOKEN}"):
        status, head, body = guarded.get(path)
        assert status == 401 and 'WWW-Authenticate: Bearer realm="linkbandd"' in head, path
        assert b"Bearer" in body and b"s3cret" not in body
    assert guarded.get("/health", f"Authorization: Basic {TOKEN}")[0] == 401
    assert guarded.get("/health", "Authorization: Bearer wrong")[0] == 401


@pytest.mark.parametrize("path", ["/", "/health"])
def test_http_takes_it_in_header_or_address(guarded, path):
    assert guarded.get(path, f"Authorization: Bearer {TOKEN}")[0] == 200
    assert guarded.get(f"{path}?token={TOKEN}")[0] == 200
    assert guarded.get(f"{path}?token={ENCODED}")[0] == 200


def test_the_websocket_takes_it_in_header_or_address(guarded):
    assert guarded.connect().status == 401
    assert guarded.connect(path="/ws?token=wrong").status == 401
    assert guarded.connect(headers=["Authorization: Bearer wrong"]).status == 401
    assert guarded.open(path=f"/ws?token={ENCODED}")
    assert guarded.open(path=f"/?token={TOKEN}")
    assert guarded.open(headers=[f"Authorization: Bearer {TOKEN}"])


def test_it_opens_no_door_that_host_and_origin_shut(guarded):
    with_token = f"/ws?token={TOKEN}"
    assert guarded.connect(path=with_token, host="evil.com").status == 403
    assert guarded.connect(path=with_token, headers=["Origin: https://evil.com"]).status == 403
    assert guarded.get(f"/health?token={TOKEN}", "Sec-Fetch-Site: cross-site")[0] == 403
    peer = guarded.open(path=with_token, headers=["Origin: null"])
    peer.text("count")
    assert peer.next_text() == "1 1", "a page without origin stays restricted"


def test_refused_peers_that_linger_do_not_lock_the_right_token_out(start):
    guarded = start("--token", TOKEN, "--hurry", "1")
    lingering = []
    for _ in range(8):
        while len(lingering) < 64:
            peer = guarded.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            lingering.append(peer)
            if not peer.recv(4096).startswith(b"HTTP/1.1 401"):
                break  # no more come in
        client = guarded.open(path=f"/ws?token={ENCODED}")
        client.text("in")
        assert client.next_text() == "in"
        client.close()
    for peer in lingering:
        peer.close()


def test_the_page_passes_it_on_to_its_own_files(guarded):
    body = guarded.get(f"/?token={ENCODED}")[2].decode()
    if "page.js" not in body:
        pytest.skip("not built: the page (npm ci in web, esbuild)")
    links = re.findall(r'(?:href|src)="(page\.[^"]*)"', body)
    assert len(links) == 2
    for link in links:
        status, head, _ = guarded.get(f"/{link}", "Accept-Encoding: gzip")
        assert status == 200 and "no-store" in head and "ETag" not in head, link


def test_without_a_token_the_page_is_as_it_was(server):
    assert b"token" not in server.get("/")[2]


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_beyond_loopback_it_is_demanded(start, address):
    refused = subprocess.run([PROGRAM, "--listen", "127.0.0.1:0", "--listen", address], capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "--token-file" in refused.stderr and "127.0.0.1" in refused.stderr
    assert refused.stderr.count("\n") == 1, refused.stderr
    started = subprocess.Popen([PROGRAM, "--token", TOKEN, "--listen", address], stdout=subprocess.PIPE, text=True)
    assert started.stdout.readline().strip()
    started.terminate()
    assert started.wait(10) == 0


@pytest.mark.parametrize("family, address, fine", [
    (socket.AF_INET, "127.0.0.1", True), (socket.AF_INET, "127.3.2.1", True), (socket.AF_INET, "0.0.0.0", False),
    (socket.AF_INET6, "::1", True), (socket.AF_INET6, "::", False), (socket.AF_INET6, "::ffff:127.0.0.1", True),
])
def test_of_a_socket_handed_down_too_whatever_it_is_called(family, address, fine):
    with socket.socket(family) as listening:
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind((address, 0))
        listening.listen()
        with subprocess.Popen([PROGRAM, "--fd", str(listening.fileno())], pass_fds=[listening.fileno()], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            line = program.stdout.readline()
            program.terminate()
            assert bool(line) == fine
            if not fine:
                assert "--token-file" in program.stderr.read()


def test_a_unix_socket_handed_down_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        refused = subprocess.run([PROGRAM, "--fd", str(listening.fileno())], pass_fds=[listening.fileno()], text=True,
                                 capture_output=True, check=False, timeout=60)
        assert refused.returncode == 1 and "TCP" in refused.stderr
