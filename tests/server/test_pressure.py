"""Clients that ask for more than their share, that come too early, that read slowly, that say nothing or too much."""

import select
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest
from echo import PATIENCE, UNHURRIED

# A process whose clocks run forty times as fast, so that its minutes pass in seconds.
FAST_CLOCK = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define FASTER 40
int clock_gettime(clockid_t clock, struct timespec *at)
{
    static int64_t began[16];
    if (syscall(SYS_clock_gettime, clock, at) != 0)
        return -1;
    if (clock == CLOCK_REALTIME || clock < 0 || clock > 15)
        return 0;
    int64_t now = at->tv_sec * INT64_C(1000000000) + at->tv_nsec;
    if (!began[clock])
        began[clock] = now;
    now = began[clock] + (now - began[clock]) * FASTER;
    at->tv_sec = now / 1000000000;
    at->tv_nsec = now % 1000000000;
    return 0;
}
int epoll_pwait(int fd, struct epoll_event *events, int most, int ms, const sigset_t *mask)
{
    return syscall(SYS_epoll_pwait, fd, events, most, ms > 0 ? (ms + FASTER - 1) / FASTER : ms, mask, 8);
}
int epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
    return epoll_pwait(fd, events, most, ms, NULL);
}
"""


def closing(peer):
    """Reads to the end; code and reason of the close frame."""
    try:
        while True:
            opcode, payload = peer.receive()
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0], payload[2:].decode()
    except ConnectionError:
        return None, ""


def test_what_is_sent_while_waiting_is_answered_once_a_place_falls_free(start):
    server = start(*UNHURRIED)
    places = [server.open() for _ in range(10)]
    late = [server.connect() for _ in range(3)]
    # Together with the handshake, a part of a message, and more of them than lws reads at once.
    late.append(server.connect(after=places[0].frame(1, b"0") + places[0].frame(1, b"1")))
    sent = [["first", "second"], ["in two parts"], [f"message {n}" for n in range(300)], ["0", "1"]]
    for text in sent[0]:
        late[0].text(text)
    late[1].send(1, b"in two ", final=False)
    late[2].socket.sendall(b"".join(late[2].frame(1, text.encode()) for text in sent[2]))
    for peer in places[:3]:
        peer.close()
    places[3].send(8, b"\x03\xe8")
    late[1].send(0, b"parts")
    for peer, texts in zip(late, sent):
        assert peer.next_text().startswith("hello")
        assert [peer.next_text() for _ in texts] == texts


def test_who_waited_in_vain_is_told_so_though_it_sent_much(server):
    places = [server.open() for _ in range(10)]
    late = server.connect()
    for n in range(100):
        late.text(f"tick 1 {n}")
    assert closing(late)[0] == 1013
    places[0].text("nothing of it was heard")
    assert places[0].next_text() == "nothing of it was heard"


def test_who_leaves_while_it_waits_takes_no_place(start):
    server = start(*UNHURRIED)
    places = [server.open() for _ in range(10)]
    for _ in range(16):
        gone = server.connect()
        gone.text("I can't wait")
        gone.close()
    deadline = time.monotonic() + PATIENCE
    while (late := server.connect()).status != 101:
        assert time.monotonic() < deadline, "those who left are still waited for"
        time.sleep(0.05)
    places[0].close()
    assert late.next_text().startswith("hello")


class SlowReader:
    """Reads at a steady pace, and answers a ping once it has come to it."""

    def __init__(self, peer, piece):
        self.peer, self.piece, self.pongs = peer, piece, 0

    def read(self):
        piece = self.peer.socket.recv(self.piece)
        assert piece, "closed"
        self.peer.bytes += piece
        while len(self.peer.bytes) > 4:
            size = self.peer.bytes[1]
            whole = 2 + size if size < 126 else 4 + int.from_bytes(self.peer.bytes[2:4], "big")
            if len(self.peer.bytes) < whole:
                break
            opcode, payload = self.peer.receive()
            if opcode == 9:
                self.peer.send(10, payload)
                self.pongs += 1


def test_a_reader_that_is_slow_but_steady_stays(server):
    """80 kB/s, hurried by ten: its kernel takes something only now and then, and a ping lies behind all that waits."""
    slow = SlowReader(server.open(), 8000)
    good = server.open()
    until = time.monotonic() + 7

    def feed():
        while time.monotonic() < until:
            good.text("tick 10 8000")
            for _ in range(10):
                good.next_text()
            time.sleep(0.05)

    feeder = threading.Thread(target=feed)
    feeder.start()
    while time.monotonic() < until:
        slow.read()
        time.sleep(0.1)
    feeder.join()
    good.text("count")
    assert good.next_text() == "2 0"
    print(f"{slow.pongs} pings answered")


def test_a_peer_that_never_answers_is_told_why_it_is_dropped(server):
    code, reason = closing(server.open())
    assert code == 1013 and "ping" in reason


def test_who_talks_but_answers_no_ping_stays(start, tmp_path, monkeypatch):
    (tmp_path / "clock.c").write_text(FAST_CLOCK)
    subprocess.run([shutil.which("cc"), "-shared", "-fPIC", "-o", tmp_path / "clock.so", tmp_path / "clock.c"], check=True)
    if start().is_sanitized():
        pytest.skip("the sanitizer must come first")
    monkeypatch.setenv("LD_PRELOAD", str(tmp_path / "clock.so"))
    server = start("--hurry", "1")
    peer = server.open()
    pings, texts, until = 0, 0, time.monotonic() + 10  # 400 s
    while time.monotonic() < until:
        peer.text("I am here")
        while (frame := peer.receive())[0] == 9:
            pings += 1
        assert frame == (1, b"I am here"), frame
        texts += 1
        time.sleep(0.02)
    assert pings >= 3, "its minutes did pass"


FLOODS = {"pings": (9,), "empty texts": (1,), "bad JSON": (1, b"{"), "empty fragments": (0, b"", False)}


class Flood:
    """A client that sends the same frames as fast as they are taken, and throws away what it gets."""

    def __init__(self, server, frame):
        self.peer = server.open()
        self.socket = self.peer.socket
        if frame[0] == 0:
            self.peer.send(1, b"", final=False)
        self.batch = b"".join(self.peer.frame(*frame) for _ in range(2000))
        self.rest = memoryview(self.batch)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        self.socket.setblocking(False)

    def send(self, seconds, most=float("inf")):
        """Bytes taken in that time, or `most` if that is sooner."""
        taken, until = 0, time.monotonic() + seconds
        while time.monotonic() < until and taken < most:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 0.1)
            if readable:
                assert self.socket.recv(1 << 20), "closed"
            if writable:
                n = self.socket.send(self.rest)
                taken += n
                self.rest = self.rest[n:] if n < len(self.rest) else memoryview(self.batch)
        return taken


@pytest.mark.parametrize("kind", FLOODS)
def test_one_connection_cannot_hold_a_core_by(start, kind):
    """Once it has used up what it may send at once, 64 KiB a second are taken of it, and no millions."""
    server = start("--hurry", "1")
    good, flood = server.open(), Flood(server, FLOODS[kind])
    at_once = flood.send(1, most=1_500_000)
    time.sleep(0.5)
    later = flood.send(1)
    good.text("still served")
    assert good.next_text() == "still served"
    print(f"{at_once} bytes taken at once, {later} in the next second")
    assert later < 1_000_000
