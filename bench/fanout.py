#!/usr/bin/python3
"""What a broadcast frame costs the server, with one client and with ten: processor time, by the kernel's count.

    bench/fanout.py [build/echo_server]

Ten clients are ten writes to sockets, but one frame, made once: so ten cost less than ten times one.
"""

import os
import pathlib
import signal
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/server"))
import rfc6455  # noqa: E402

FRAMES, BYTES, BATCH = 20000, 2000, 50


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e9


def drain(wire, count, into):
    """Reads `count` data frames; counts them by their length alone."""
    expected, got = count * (BYTES + 4), 0
    while got < expected:
        piece = wire.socket.recv(1 << 18)
        if not piece:
            break
        got += len(piece)
    into.append(got)


def measure(program, clients):
    """Microseconds of the server's processor time a frame."""
    server = subprocess.Popen([program, "--hurry", "1", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        wires = [rfc6455.Wire(port) for _ in range(clients)]
        for wire in wires:
            wire.receive()  # hello
        before, got = cpu_seconds(server.pid), []
        for _ in range(FRAMES // BATCH):
            wires[0].send(rfc6455.frame(rfc6455.TEXT, b"tick %d %d" % (BATCH, BYTES)))
            readers = [threading.Thread(target=drain, args=(wire, BATCH, got)) for wire in wires]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
        assert sum(got) == clients * FRAMES * (BYTES + 4), "every client got every frame"
        return 1e6 * (cpu_seconds(server.pid) - before) / FRAMES
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ECHO_SERVER", str(ROOT / "build/echo_server"))
    one, ten = measure(program, 1), measure(program, 10)
    print(f"{FRAMES} frames of {BYTES} bytes: one client {one:.1f} µs a frame, ten clients {ten:.1f} µs, ratio {ten / one:.2f}")
    print(f"a client more costs {(ten - one) / 9:.1f} µs a frame")


if __name__ == "__main__":
    main()
