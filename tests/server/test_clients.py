"""Places, queues, time: what one client may do to the others (nothing)."""

import socket
import subprocess
import threading
import time

import pytest
from echo import PATIENCE, PROGRAM, UNHURRIED


def test_a_text_comes_back_whole_however_it_was_cut(server):
    peer = server.open()
    text = "héllo €𝄞 " * 4000
    payload = text.encode()[:60000].decode(errors="ignore").encode()
    for at in range(0, len(payload), 777):
        peer.send(1 if at == 0 else 0, payload[at:at + 777], final=at + 777 >= len(payload))
    assert peer.next_text() == f"{len(payload)} bytes"
    peer.text("")
    assert peer.next_text() == ""


def test_65536_bytes_pass_and_one_more_closes_1009(server):
    peer = server.open()
    peer.text("x" * 65536)
    assert peer.next_text() == "65536 bytes"
    peer.text("x" * 65537)
    assert peer.close_code() == 1009


def test_endless_fragments_close_1009(server):
    peer = server.open()
    peer.send(1, b"x", final=False)
    try:
        for _ in range(100):
            peer.send(0, b"x" * 1000, final=False)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert peer.close_code() in (1009, None)
    assert server.open()


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ab\xe2\x82"])
def test_bad_utf8_closes_1007(server, bad):
    peer = server.open()
    peer.send(1, bad)
    assert peer.close_code() == 1007


def test_a_character_cut_off_by_an_empty_last_fragment_closes_1007(server):
    peer = server.open()
    peer.send(1, b"\xe2\x82", final=False)
    peer.send(0, b"")
    assert peer.close_code() == 1007


def test_a_binary_message_is_told_and_the_socket_stays_open(server):
    peer = server.open()
    peer.send(2, b"\x00\xff" * 5000)
    assert peer.next_text() == "binary"
    peer.text("still here")
    assert peer.next_text() == "still here"


def test_what_comes_in_one_piece_with_the_handshake_is_heard(server):
    peer = server.connect()
    early = server.connect(after=peer.frame(1, b"early") + peer.frame(1, b"bird"))
    assert [early.next_text() for _ in range(3)][1:] == ["early", "bird"]


def test_a_ping_is_answered_with_its_payload(server):
    peer = server.open()
    peer.send(9, b"are you there")
    assert peer.receive() == (10, b"are you there")


def test_the_eleventh_waits_two_seconds_then_hears_1013(server):
    places = [server.open() for _ in range(10)]
    began = time.monotonic()
    late = server.connect()
    assert late.status == 101
    late.text("tick 1 100")
    places[0].text("count")
    assert places[0].next_text() == "10 0"
    assert late.close_code() == 1013
    assert time.monotonic() - began >= 0.15, "two seconds, hurried by ten"


def test_a_place_that_falls_free_goes_to_who_waits(start):
    server = start(*UNHURRIED)
    places = [server.open() for _ in range(10)]
    late = server.connect()
    late.text("heard later")
    places[0].text("after it")
    assert places[0].next_text() == "after it"
    time.sleep(0.2)
    places[3].close()
    assert late.next_text().startswith("hello")
    assert late.next_text() == "heard later"


def test_sixteen_may_wait_and_the_next_gets_503(start):
    server = start(*UNHURRIED)
    for _ in range(26):
        assert server.connect().status == 101
    assert server.connect().status == 503


def test_the_sixty_fifth_connection_is_closed_at_accept(start):
    server = start(*UNHURRIED)
    peers = [server.raw() for _ in range(64)]
    extra = server.raw()
    assert extra.recv(1) == b""
    peers[0].close()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            assert server.get("/health")[0] == 200
            break
        except (OSError, IndexError):
            time.sleep(0.05)
    else:
        raise AssertionError("no place came free")
    for peer in peers:
        peer.close()


def test_handshakes_that_are_never_finished_keep_nobody_out(start):
    server = start("--hurry", "0.5")
    idle = [server.raw() for _ in range(64)]
    time.sleep(4)  # two seconds, at half the pace; each may have ten
    assert server.get("/health")[0] == 200
    client = server.open()
    client.text("in")
    assert client.next_text() == "in"
    assert server.descriptors() > 64, "only those in the way were ended"
    for peer in idle:
        peer.close()


def test_who_said_close_keeps_no_place(start):
    server = start(*UNHURRIED)
    places = [server.open() for _ in range(10)]
    places[4].send(8, b"\x03\xe8")
    server.open()  # at once, though the other neither reads nor ends the connection


@pytest.mark.parametrize("half_closed", [False, True])
def test_a_stuck_client_loses_its_own_and_nobody_elses_frames(start, half_closed):
    server = start(*UNHURRIED)
    stuck = server.open(receive_buffer=4096)
    good = [server.open() for _ in range(9)]
    got = [[] for _ in good]
    frames, rounds = 20, 100

    def read(peer, into):
        while len(into) < frames * rounds:
            into.append(int(peer.next_text().split()[0]))

    threads = [threading.Thread(target=read, args=pair, daemon=True) for pair in zip(good, got)]
    for thread in threads:
        thread.start()
    if half_closed:
        stuck.socket.shutdown(socket.SHUT_WR)
    began = server.memory_kib()
    for n in range(rounds):
        good[0].text(f"tick {frames} 4000")
        while any(len(numbers) < (n + 1) * frames for numbers in got) and any(t.is_alive() for t in threads):
            time.sleep(0.001)
    for thread in threads:
        thread.join(PATIENCE)
    grown = server.memory_kib() - began
    print(f"resident memory grew by {grown} KiB over {frames * rounds * 4000 / 1e6:.0f} MB sent to each")
    for numbers in got:
        assert numbers == list(range(frames * rounds))
    if not server.is_sanitized():
        assert grown < 6000


# A socket that takes a part of the first frame, and each third time nothing.
SHORT_SENDS = """
#include <errno.h>
#include <sys/socket.h>
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static int calls;
    size_t n = message->msg_iov[0].iov_len;
    if (++calls % 3 == 0) {
        errno = EAGAIN;
        return -1;
    }
    return send(fd, message->msg_iov[0].iov_base, n < 1000 ? n : 1000, flags);
}
"""


@pytest.mark.parametrize("short", [False, True])
def test_data_that_may_wait_for_more_goes_out_without_it(start, tmp_path, monkeypatch, short):
    if short and start().is_sanitized():
        pytest.skip("the sanitizers want to be loaded first")
    if short:
        (tmp_path / "shim.c").write_text(SHORT_SENDS)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c"], check=True)
        monkeypatch.setenv("LD_PRELOAD", str(tmp_path / "shim.so"))
    peer = start().open()
    for n in range(5):
        peer.text("more 24 1500")
        assert [int(peer.next_text().split()[0]) for _ in range(24)] == list(range(24 * n, 24 * n + 24))
    peer.text("more 3 900")
    peer.text("after them")
    assert [peer.next_text().split()[0] for _ in range(4)] == ["120", "121", "122", "after"]


@pytest.mark.parametrize("talks", [False, True])
def test_a_client_that_takes_nothing_for_a_minute_is_told_1013(start, talks):
    server = start("--hurry", "10")
    stuck = server.open(receive_buffer=4096)
    good = server.open()
    for _ in range(30):
        good.text("tick 20 8000")
        for _ in range(20):
            good.next_text()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if talks:
            stuck.send(10)
        good.text("count")
        if good.next_text() == "1 0":
            break
        time.sleep(0.1)
    else:
        raise AssertionError("still there")
    if not talks:  # what it sent after the end would take from it what it has not read
        assert stuck.close_code() == 1013, "it reads again, late: all that was sent, then why"
    server.stop()
    assert ("reads nothing" if talks else "silent") in server.log


def test_a_slow_client_is_told_how_much_it_lost(start):
    server = start(*UNHURRIED)
    slow = server.open(receive_buffer=4096)
    good = server.open()
    total = 2000
    for _ in range(total // 20):
        good.text("tick 20 4000")
        for _ in range(20):
            good.next_text()
    slow.text("dropped")
    seen = 0
    while not (text := slow.next_text()).startswith("dropped"):
        seen += 1
    dropped = int(text.split()[1])
    # What still waited when it asked came before the answer: one order for data and replies.
    assert dropped > 0 and seen + dropped == total


def test_replies_that_pile_up_over_one_mebibyte_close_1013(server):
    peer = server.open(receive_buffer=4096)
    for _ in range(10):
        peer.text("reply 100 16000")
    assert peer.close_code() == 1013


def test_a_message_for_which_there_is_no_memory_is_no_silent_hole(start, tmp_path, monkeypatch):
    server = start()
    if server.is_sanitized():
        pytest.skip("the sanitizer's allocator is not to be put aside")
    (tmp_path / "shim.c").write_text("#include <stddef.h>\nvoid *__libc_malloc(size_t);\n"
                                     "void *malloc(size_t n) { return n > 9000 && n < 9999 ? NULL : __libc_malloc(n); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c"], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(tmp_path / "shim.so"))
    server = start()
    first, other = server.open(), server.open()
    first.text("tick 1 8000")
    assert first.next_text() and other.next_text()
    first.text("tick 3 9200")
    for peer in first, other:
        peer.text("dropped")
        assert peer.next_text() == "dropped 3"
    first.text("event 9200")
    assert first.close_code() == other.close_code() == 1013
    assert server.get("/health")[0] == 200


def test_pings_come_and_a_silent_peer_is_dropped(server):
    began = time.monotonic()
    peer = server.open()
    opcode, payload = peer.receive()
    assert opcode == 9 and len(payload) > 0
    assert time.monotonic() - began >= 2.5, "30 s hurried by ten"
    assert peer.close_code() == 1013
    assert time.monotonic() - began >= 3.8


def test_a_peer_that_answers_pings_stays(server):
    peer = server.open()
    for _ in range(3):  # one unanswered and a second more would be the end
        opcode, payload = peer.receive()
        assert opcode == 9
        peer.send(10, payload)
    peer.text("alive")
    assert peer.next_text() == "alive"


def test_shutdown_tells_1012_and_waits_for_no_stuck_client(server):
    stuck = server.open(receive_buffer=4096)
    good = server.open()
    waiting_http = server.raw(b"GET / HT")
    for _ in range(20):
        good.text("tick 20 8000")
        for _ in range(20):
            good.next_text()
    codes = []
    reader = threading.Thread(target=lambda: codes.append(good.close_code()))
    reader.start()
    took = server.stop()  # which does not wait for ever
    reader.join(PATIENCE)
    print(f"stopped in {took:.3f} s")
    assert codes == [1012]
    waiting_http.close()
    assert stuck


def test_resets_and_vanishing_peers_leave_nothing_behind(server):
    before = server.descriptors()
    for n in range(200):
        peer = server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgr"[:n % 40])
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
    for _ in range(30):
        server.open().close()
    deadline = time.monotonic() + PATIENCE
    while server.descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.descriptors() <= before


def test_a_port_in_use_is_said_with_what_to_do(server):
    second = subprocess.run([PROGRAM, "--listen", f"127.0.0.1:{server.port}"], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert str(server.port) in second.stderr and "in use" in second.stderr and "--listen" in second.stderr


def test_a_normal_close_is_answered_and_nothing_follows(server):
    peer = server.open()
    peer.send(8, b"\x03\xe8bye")
    opcode, payload = peer.receive()
    assert opcode == 8 and payload[:2] == b"\x03\xe8"


def test_ipv6_is_listened_on(server):
    if server.port6 is None:
        pytest.skip("no IPv6 here")
    assert server.open(family=socket.AF_INET6)


def test_out_of_descriptors_the_daemon_waits_and_does_not_spin(start):
    server = start("--hurry", "10")
    import resource
    open_now = server.descriptors()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (open_now + 3, 4096))
    peers = [server.raw() for _ in range(10)]
    time.sleep(0.3)
    ticks = lambda: sum(map(int, open(f"/proc/{server.process.pid}/stat").read().rsplit(") ", 1)[1].split()[11:13]))
    before = ticks()
    time.sleep(1)
    assert ticks() - before < 20, "of a hundred a second"
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (1024, 4096))
    for peer in peers:
        peer.close()
    time.sleep(0.5)
    assert server.get("/health")[0] == 200
    server.stop()
    assert server.log.count("can't accept a connection: Too many open files") == 1


