"""Hostile and broken clients, each in a process of its own: attackers.py PORT KIND SECONDS. Prints how much it did."""

import os
import select
import socket
import struct
import sys
import time

HANDSHAKE = (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
STORM_A_SECOND = 1500
COMMAND = b'{"command":"get_streaming_status"}'


def connect(port, receive_buffer=None):
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(5)
    peer.connect(("127.0.0.1", port))
    return peer


def opened(port, receive_buffer=None):
    peer = connect(port, receive_buffer)
    peer.sendall(HANDSHAKE)
    return peer


def text(payload):
    mask = os.urandom(4)
    head = bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else struct.pack(">BBH", 0x81, 0xFE, len(payload))
    return head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload))


def slow(port, until):
    """Reads a few bytes at a time, far less than comes."""
    peer, done = opened(port, 4096), 0
    while until():
        done += len(peer.recv(20))
        time.sleep(0.02)
    return done


def stuck(port, until):
    """Reads nothing at all, and asks for more."""
    peer = opened(port, 4096)
    peer.settimeout(0.2)
    done = 0
    while until():
        try:
            peer.sendall(text(COMMAND))
            done += 1
        except OSError:
            pass
        time.sleep(0.02)
    return done


def half_closed(port, until):
    peer = opened(port, 4096)
    peer.shutdown(socket.SHUT_WR)
    while until():
        time.sleep(0.1)
    return 1


def reset(port, until):
    done = 0
    while until():
        peer = opened(port)
        peer.recv(100)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        done += 1
        time.sleep(0.01)
    return done


def byte_at_a_time(port, until):
    done = 0
    while until():
        peer = connect(port)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in HANDSHAKE + text(COMMAND) * 3:
            peer.sendall(bytes([byte]))
            done += 1
            time.sleep(0.0005)
            if not until():
                break
        peer.close()
    return done


def slow_loris(port, until):
    """Forty handshakes that never end."""
    peers, done = [], 0
    while until():
        while len(peers) < 40:
            peers.append(connect(port))
        for peer in list(peers):
            try:
                peer.sendall(b"G")
                done += 1
            except OSError:
                peers.remove(peer)
        time.sleep(0.1)
    return done


def storm(port, until):
    """Connects and goes, as fast as it may."""
    done, began = 0, time.monotonic()
    while until():
        try:
            peer = connect(port)
            if done % 3 == 0:
                peer.sendall(HANDSHAKE)
            peer.close()
        except OSError:
            pass
        done += 1
        ahead = done / STORM_A_SECOND - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    return done


def flood(port, until):
    """Commands without end, whose answers it reads."""
    peer, done = opened(port), 0
    batch = text(COMMAND) * 50
    peer.setblocking(False)
    while until():
        readable, writable, _ = select.select([peer], [peer], [], 0.1)
        if readable and not peer.recv(65536):
            break
        if writable:
            try:
                sent = peer.send(batch)
                if sent < len(batch):  # the border of a message is lost, and with it the client
                    break
                done += 50
            except BlockingIOError:
                pass
        time.sleep(0.005)
    return done


def garbage(port, until):
    done = 0
    while until():
        peer = opened(port)
        peer.recv(100)
        try:
            peer.sendall(os.urandom(500))
            while peer.recv(65536):
                pass
        except OSError:
            pass
        peer.close()
        done += 1
    return done


KINDS = {f.__name__: f for f in (slow, stuck, half_closed, reset, byte_at_a_time, slow_loris, storm, flood, garbage)}


def main():
    port, kind, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        try:
            done += KINDS[kind](port, lambda: time.monotonic() < end) or 0
        except OSError:  # thrown out: comes back
            time.sleep(0.05)
    print(done)


if __name__ == "__main__":
    main()
