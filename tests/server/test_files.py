"""Files over HTTP: parts of them, readers that are slow, readers that pause."""

import os
import re
import socket
import time

import pytest
from echo import PATIENCE

SIZE = 3_000_000
GET = b"GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def data(tmp_path):
    content = os.urandom(SIZE)
    (tmp_path / "data").write_bytes(content)
    return tmp_path / "data"


def header(head, name):
    found = re.search(rf"^{name}: (.*)\r?$", head, re.MULTILINE)
    return found and found[1].strip()


def begun(server, receive_buffer=4096):
    """A download of which the beginning of the head was read; asked for anew where the hurried handshake was over too soon."""
    while True:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.settimeout(PATIENCE)
        peer.connect(("127.0.0.1", server.port))
        try:
            peer.sendall(GET)
            if peer.recv(12) == b"HTTP/1.1 200":
                return peer
        except OSError:
            pass
        peer.close()


def rest_of(peer):
    """Reads to the end; the body."""
    answer = b""
    while piece := peer.recv(65536):
        answer += piece
    return answer


@pytest.mark.parametrize("asked, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=65530-131080", 65530, 131080), ("bytes=2999999-", SIZE - 1, SIZE - 1),
    ("bytes=1000000-", 1_000_000, SIZE - 1), ("bytes=-5", SIZE - 5, SIZE - 1), ("bytes=0-99999999", 0, SIZE - 1)])
def test_a_part_of_a_file_comes_as_206(start, data, asked, first, last):
    status, head, body = start("--file", str(data)).get("/file", f"Range: {asked}")
    assert status == 206 and body == data.read_bytes()[first:last + 1]
    assert header(head, "Content-Range") == f"bytes {first}-{last}/{SIZE}" and header(head, "Content-Length") == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=3000000-", "bytes=9999999-99999999", "bytes=-0"])
def test_behind_the_end_is_416_with_the_size(start, data, asked):
    status, head, _ = start("--file", str(data)).get("/file", f"Range: {asked}")
    assert status == 416 and header(head, "Content-Range") == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=5", "bytes=9-5", "lines=1-2", "bytes=0-1,5-6"])
def test_what_is_no_single_part_gets_the_whole(start, data, asked):
    status, head, body = start("--file", str(data)).get("/file", f"Range: {asked}")
    assert status == 200 and len(body) == SIZE and header(head, "Accept-Ranges") == "bytes"


def test_a_download_goes_on_where_it_ended_if_the_file_is_still_the_same(start, data):
    server = start("--file", str(data))
    _, head, _ = server.get("/file", method="HEAD")
    tag = header(head, "ETag")
    assert tag and header(head, "Accept-Ranges") == "bytes" and header(head, "Content-Length") == str(SIZE)
    resume = ("Range: bytes=1000-", f"If-Range: {tag}")
    assert server.get("/file", *resume)[0::2] == (206, data.read_bytes()[1000:])
    with data.open("ab") as file:
        file.write(b"more")
    status, head, body = server.get("/file", *resume)
    assert status == 200 and body == data.read_bytes() and header(head, "ETag") != tag
    assert server.get("/health", "Range: bytes=1-2")[0::2] == (200, b"well\n"), "only files have parts"


def test_a_reader_that_is_slow_but_steady_gets_all(start, data):
    """4 kB/s, hurried by 50: the socket has no room for more in all that time, and 6 s without progress would be the end."""
    server = start("--file", str(data), "--hurry", "50")
    peer = begun(server)
    until = time.monotonic() + 10
    answer = b""
    while time.monotonic() < until:
        answer += peer.recv(200)
        time.sleep(0.05)
    answer += rest_of(peer)
    peer.close()
    assert answer.partition(b"\r\n\r\n")[2] == data.read_bytes()


def test_a_reader_that_pauses_for_half_a_minute_gets_all(start, data):
    server = start("--file", str(data))
    peer = begun(server)
    time.sleep(3)  # hurried by ten
    assert rest_of(peer).partition(b"\r\n\r\n")[2] == data.read_bytes()
    peer.close()


def test_paused_downloads_keep_nobody_out(start, data):
    server = start("--file", str(data))
    paused = [begun(server) for _ in range(64)]
    deadline = time.monotonic() + PATIENCE  # each may rest for one second, hurried by ten, while all are taken
    while time.monotonic() < deadline:
        try:
            assert server.get("/health")[0] == 200
            break
        except (OSError, IndexError):
            time.sleep(0.05)
    else:
        raise AssertionError("nobody else came in")
    for peer in paused:
        peer.close()


def test_a_download_nobody_reads_is_given_up(start, data):
    server = start("--file", str(data), "--hurry", "100")
    before = server.descriptors()
    peer = begun(server)
    deadline = time.monotonic() + PATIENCE  # five minutes, hurried by 100
    while server.descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.descriptors() <= before
    peer.close()
