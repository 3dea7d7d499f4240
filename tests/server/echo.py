"""The server alone, as echo_server runs it, with its seconds divided by ten."""

import base64
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

PROGRAM = os.environ.get("ECHO_SERVER") or str(
    pathlib.Path(__file__).parents[2] / "build" / "echo_server")
# For a machine that is busy, or valgrind.
PATIENCE = 90
# The server's seconds are ten of these: what is not to be over while a busy machine makes its way there.
UNHURRIED = ("--hurry", "0.1")


class Peer:
    """A WebSocket client that does only what it is told to, on a raw socket."""

    def __init__(self, server, path="/ws", headers=(), host=None, receive_buffer=None, family=socket.AF_INET,
                 after=b""):
        self.socket = socket.socket(family)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        v6 = family == socket.AF_INET6
        port = server.port6 if v6 else server.port
        self.socket.connect(("::1" if v6 else "127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host or f'localhost:{port}'}", "Upgrade: websocket",
                 "Connection: keep-alive, Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + after)
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            piece = self.socket.recv(4096)
            if not piece:
                break
            self.bytes += piece
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        self.status = int(head.split()[1]) if head else 0
        self.head = head.decode()

    def frame(self, opcode, payload=b"", final=True):
        mask = os.urandom(4)
        n = len(payload)
        size = bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0xFE, n) if n < 65536 else struct.pack(">BQ", 0xFF, n)
        masked = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
        return bytes([opcode | (0x80 if final else 0)]) + size + mask + masked

    def send(self, opcode, payload=b"", final=True):
        self.socket.sendall(self.frame(opcode, payload, final))

    def text(self, text):
        self.send(1, text.encode())

    def take(self, n):
        while len(self.bytes) < n:
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError("closed")
            self.bytes += piece
        taken, self.bytes = self.bytes[:n], self.bytes[n:]
        return taken

    def receive(self):
        """(opcode, payload) of the next frame."""
        first, n = self.take(2)
        assert first & 0x80 and not n & 0x80, "whole and unmasked"
        if n == 126:
            n = struct.unpack(">H", self.take(2))[0]
        return first & 15, self.take(n)

    def next_text(self):
        while True:
            opcode, payload = self.receive()
            if opcode == 1:
                return payload.decode()
            if opcode == 8:
                raise ConnectionError(f"closed {code(payload)}")
            if opcode == 9:
                self.send(10, payload)

    def close_code(self):
        """Reads to the end; the code of the close frame, None if there was none."""
        found = None
        try:
            while True:
                opcode, payload = self.receive()
                if opcode == 8:
                    found = code(payload)
                    self.send(8, payload[:2])
        except (ConnectionError, BrokenPipeError):
            return found

    def close(self):
        self.socket.close()


def code(payload):
    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, "--listen", "127.0.0.1:0", "--listen", "[::1]:0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        addresses = self.process.stdout.readline().strip().split(", ")
        assert addresses[0], self.process.stderr.read()
        self.port = int(addresses[0].rsplit(":", 1)[1])
        self.port6 = int(addresses[1].rsplit(":", 1)[1]) if len(addresses) > 1 else None
        self.peers = []
        self.log = ""

    def connect(self, **options):
        peer = Peer(self, **options)
        self.peers.append(peer)
        return peer

    def open(self, **options):
        """A client with a place."""
        peer = self.connect(**options)
        assert peer.status == 101, peer.head
        assert peer.next_text().startswith("hello")
        return peer

    def raw(self, sent=b""):
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        peer.sendall(sent)
        return peer

    def http(self, request):
        with self.raw(request.replace("\n", "\r\n").encode()) as peer:
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode(), body

    def get(self, path, *headers, host="localhost", method="GET"):
        return self.http("\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]))

    def memory_kib(self):
        for line in open(f"/proc/{self.process.pid}/status", encoding="ascii"):
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    def is_sanitized(self):
        """The address sanitizer keeps freed memory: its size says nothing."""
        return "libasan" in open(f"/proc/{self.process.pid}/maps", encoding="utf-8").read()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        _, self.log = self.process.communicate(timeout=PATIENCE)
        for peer in self.peers:
            peer.close()
        return time.monotonic() - started
