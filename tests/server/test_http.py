"""Plain HTTP and the handshake: who may come in, and what anyone else hears."""

import gzip
import os
import socket
import time

import pytest
from echo import PATIENCE, UNHURRIED


@pytest.mark.parametrize("path", ["/", "/ws"])
def test_a_websocket_opens_on(server, path):
    assert server.open(path=path)


@pytest.mark.parametrize("path", ["/other", "/ws/", "/health"])
def test_no_websocket_opens_on(server, path):
    assert server.connect(path=path).status == 404


@pytest.mark.parametrize("request_line, status", [
    ("GET / HTTP/1.1", 200), ("GET /?token=x HTTP/1.1", 200),
    ("GET /health HTTP/1.1", 200), ("GET /nothing HTTP/1.1", 404), ("GET /ws HTTP/1.1", 426), ("GET /../etc/passwd HTTP/1.1", 404),
    ("POST / HTTP/1.1", 405), ("PUT /x HTTP/1.1", 405), ("CONNECT / HTTP/1.1", 405), ("OPTIONS / HTTP/1.1", 405),
    ("CONNECT localhost:80 HTTP/1.1", 400), ("GET / HTTP/2.0", 400), ("GET /", 400), ("GET  / HTTP/1.1", 400),
    ("hello", 400), ("GET https://localhost/ HTTP/1.1", 400), ("\x01\x02", 400),
])
def test_a_request_gets_its_status(server, request_line, status):
    assert server.http(request_line + "\nHost: localhost\n\n")[0] == status


def header(head, name):
    return next((line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith(name.lower() + ":")), None)


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css"])
def test_the_page_comes_compressed_and_is_asked_for_once(server, path):
    if b"page.js" not in server.get("/")[2]:
        pytest.skip("not built: the page (npm ci in web, esbuild)")
    status, head, plain = server.get(path)
    assert status == 200 and header(head, "Content-Encoding") is None and header(head, "Cache-Control") == "no-cache"
    _, packed_head, packed = server.get(path, "Accept-Encoding: deflate, gzip")
    assert header(packed_head, "Content-Encoding") == "gzip" and "Accept-Encoding" in header(packed_head, "Vary")
    assert gzip.decompress(packed) == plain and len(packed) < len(plain)
    tags = [header(one, "ETag") for one in (head, packed_head)]
    assert len(set(tags)) == 2
    for accepted, tag in (("identity", tags[0]), ("gzip", tags[1])):
        status, again, body = server.get(path, f"Accept-Encoding: {accepted}", f'If-None-Match: "other", {tag}')
        assert (status, body, header(again, "ETag"), header(again, "Content-Length")) == (304, b"", tag, None)
    assert server.get(path, f"If-None-Match: {tags[1]}")[0] == 200


def test_the_whole_page_is_small(server):
    if b"page.js" not in server.get("/")[2]:
        pytest.skip("not built: the page (npm ci in web, esbuild)")
    assert sum(len(server.get(path, "Accept-Encoding: gzip")[2]) for path in ("/", "/page.js", "/page.css")) < 150_000


def test_head_has_the_length_and_no_body(server):
    _, head, body = server.get("/")
    length = f"Content-Length: {len(body)}"
    assert length in head
    status, head, body = server.get("/", method="HEAD")
    assert status == 200 and body == b"" and length in head


def test_every_answer_is_nosniff_and_bound_by_a_policy(server):
    for path in ("/", "/health", "/nothing"):
        head = server.get(path)[1]
        assert "X-Content-Type-Options: nosniff" in head and "default-src 'none'" in head
        assert "unsafe" not in head


@pytest.mark.parametrize("host, status", [
    ("localhost", 200), ("LOCALHOST:8121", 200), ("127.0.0.1", 200), ("127.9.8.7:1", 200), ("[::1]:8121", 200),
    ("localhost.evil.com", 403), ("127.0.0.1.evil.com", 403), ("evil.com", 403), ("localhost.", 403), ("", 403),
    ("user@localhost", 403), ("localhost@evil.com", 403), ("[::2]", 403), ("0x7f.1", 403), ("2130706433", 403),
    ("a" * 300, 403),
])
def test_host_decides(server, host, status):
    assert server.get("/health", host=host)[0] == status


@pytest.mark.parametrize("target, status", [
    ("http://localhost/", 200), ("http://127.0.0.1:8121", 200), ("HTTP://LOCALHOST/health", 200), ("http://localhost/nothing", 404),
    ("http://evil.com/", 403), ("http:///", 403), ("http://localhost@evil.com/", 403), ("http://localhost/" + "x" * 9000, 414),
])
def test_the_host_of_an_absolute_target_decides_and_not_the_header(server, target, status):
    assert server.http(f"GET {target} HTTP/1.1\nHost: localhost\n\n")[0] == status
    assert server.http(f"GET {target} HTTP/1.1\nHost: evil.com\n\n")[0] == status


def test_no_host_and_two_hosts_are_refused(server):
    assert server.http("GET / HTTP/1.1\n\n")[0] == 400
    assert server.http("GET http://localhost/ HTTP/1.1\n\n")[0] == 400
    assert server.http("GET / HTTP/1.1\nHost: localhost\nHost: localhost\n\n")[0] == 400


@pytest.mark.parametrize("origin, status", [
    ("http://localhost:3000", 101), ("https://127.0.0.1", 101), ("http://[::1]:8080", 101), ("null", 101),
    ("http://evil.com", 403), ("http://localhost.evil.com", 403), ("file://", 403), ("chrome-extension://abc", 403),
    ("http://localhost@evil.com", 403),
])
def test_origin_decides(server, origin, status):
    assert server.connect(headers=[f"Origin: {origin}"]).status == status


def test_a_null_origin_is_restricted_unless_an_option_speaks_of_it(start):
    for options, answer in (((), "1 1"), (("--allow-origin", "null"), "1 0")):
        server = start(*options)
        peer = server.open(headers=["Origin: null"])
        peer.text("count")
        assert peer.next_text() == answer
    assert start("--deny-origin", "null").connect(headers=["Origin: null"]).status == 403


def test_null_origins_take_half_of_the_places_at_most(start):
    server = start()
    frames = [server.open(headers=["Origin: null"]) for _ in range(5)]
    assert server.connect(headers=["Origin: null"]).status == 503
    others = [server.open() for _ in range(5)]
    for peer in frames + others:
        peer.text("count")
        assert peer.next_text().startswith("10 ")


def test_allowed_names_and_origins_come_in_and_refusals_name_the_option(start):
    server = start("--allow-host", "lab.example", "--allow-origin", "https://study.example")
    assert server.get("/health", host="lab.example:8121")[0] == 200
    status, head, _ = server.get("/health", "Origin: https://study.example", "Sec-Fetch-Site: cross-site")
    assert status == 200 and "Access-Control-Allow-Origin: https://study.example" in head
    assert server.connect(host="lab.example", headers=["Origin: http://lab.example"]).status == 101
    assert server.get("/health", host="other.example")[0] == 403
    server.stop()
    assert "--allow-host" in server.log


def test_cross_site_requests_see_the_page_only(server):
    assert server.get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")[0] == 200
    assert server.get("/health", "Sec-Fetch-Site: cross-site")[0] == 403
    assert server.get("/health", "Sec-Fetch-Site: same-origin")[0] == 200


@pytest.mark.parametrize("change, status", [
    (("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"), 426), (("Sec-WebSocket-Version: 13", "X: y"), 426),
    (("Connection: Upgrade", "Connection: close"), 400), (("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "X: y"), 400),
    (("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400), (("GET /", "POST /"), 400), (("HTTP/1.1", "HTTP/1.0"), 400),
    (("Upgrade: websocket", "Upgrade: h2c"), 200), (("Upgrade: websocket", "Upgrade: nonsense"), 200),
    (("GET /", "CONNECT /"), 400),
])
def test_a_handshake_with_a_fault_gets_a_clean_answer(server, change, status):
    whole = ("GET / HTTP/1.1\nHost: localhost\nUpgrade: websocket\nConnection: Upgrade\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n")
    assert server.http(whole.replace(*change))[0] == status


def test_the_accept_key_is_that_of_the_rfc_and_no_subprotocol_is_chosen(server):
    import base64
    import hashlib
    peer = server.raw(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                      b"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, x\r\n\r\n")
    head = peer.recv(4096).decode(errors="replace")
    key = base64.b64encode(hashlib.sha1(b"dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    assert head.startswith("HTTP/1.1 101") and key in head and "Sec-WebSocket-Protocol" not in head
    peer.close()


def test_a_head_over_32_kib_gets_431(server):
    assert server.get("/", "X: " + "y" * 33000)[0] == 431


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_a_handshake_not_finished_in_ten_seconds_is_closed(server, beginning):
    began = time.monotonic()
    peer = server.raw(beginning)
    assert peer.recv(100) == b""
    assert time.monotonic() - began >= 0.9, "hurried by ten"


def test_slow_loris_gains_nothing_by_a_byte_now_and_then(server):
    peers = [server.raw() for _ in range(30)]
    began = time.monotonic()
    alive = peers
    while alive and time.monotonic() - began < PATIENCE:
        rest = []
        for peer in alive:
            try:
                peer.sendall(b"G")
                rest.append(peer)
            except OSError:
                peer.close()
        alive = rest
        time.sleep(0.1)
    assert not alive
    assert server.get("/health")[0] == 200


def test_a_handshake_one_byte_at_a_time_is_understood(start):
    server = start(*UNHURRIED)
    peer = server.raw()
    for byte in b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n":
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(bytes([byte]))
        time.sleep(0.002)
    assert peer.recv(4096).startswith(b"HTTP/1.1 200")
    peer.close()


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 5_000_000])
def test_a_file_arrives_whole_as_an_attachment(start, tmp_path, size):
    path = tmp_path / "data"
    data = os.urandom(size)
    path.write_bytes(data)
    server = start("--file", str(path))
    status, head, body = server.get("/file")
    assert status == 200 and body == data
    assert 'Content-Disposition: attachment; filename="da_ta.csv"' in head
