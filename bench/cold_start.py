#!/usr/bin/python3
"""How long from exec to a listening socket, and the memory at rest: cold_start.py [PROGRAM] [ROUNDS].

The time runs from before the fork until a connection is accepted by the kernel: the median and the range of some rounds,
with everything in the page cache. Memory is read 2 s later, nothing connected: RSS, and PSS, where pages shared with
other processes count by share.
"""

import pathlib
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/linkbandd")
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 15
START_MS, MEMORY_MB = 50, 12


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start():
    port = free_port()
    begun = time.monotonic()
    process = subprocess.Popen([PROGRAM, "--backend", "bluez", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, (time.monotonic() - begun) * 1000
        except OSError:
            if process.poll() is not None:
                sys.exit(f"{PROGRAM} ended with {process.returncode}")
            time.sleep(0.0005)


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {key: int(text.split(f"\n{key}:")[1].split()[0]) / 1024 for key in ("Rss", "Pss")}


times = []
for n in range(ROUNDS):
    process, ms = start()
    times.append(ms)
    if n == ROUNDS - 1:
        time.sleep(2)
        used = memory(process.pid)
    process.terminate()
    process.wait(10)
print(f"exec to listening: median {statistics.median(times):.1f} ms, {min(times):.1f} to {max(times):.1f} of {ROUNDS} (aim {START_MS})")
print(f"memory at rest: RSS {used['Rss']:.1f} MB, PSS {used['Pss']:.1f} MB (aim {MEMORY_MB})")
