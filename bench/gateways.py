"""Gateways and a cluster on this machine: three nats-server, a player of spools, a linkband-uplink each; what they cost."""

import contextlib
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import threading
import time

import latency
import relays

sys.path.insert(0, str(relays.ROOT / "tests/uplink"))
import servers  # noqa: E402

BANDS = 4
WARM = 5
PROBE_HZ, PROBE_BYTES = 10, 1900
STORED_PROBE = PROBE_BYTES + 48  # with its subject and the store's head
SAMPLED = 10  # gateways of which the memory is looked at


class Probe(threading.Thread):
    """A publisher beside the gateways, at one server: how long an acknowledgement takes."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.wire = socket.create_connection(("127.0.0.1", port), 300)
        self.file, self.name, self.found, self.sent, self.ended = self.wire.makefile("rb"), name, [], 0, threading.Event()
        self.wire.sendall(f"CONNECT {{\"verbose\":false}}\r\nSUB _INBOX.{name} 1\r\n".encode())

    def answer(self):
        while not (line := self.file.readline()).startswith(b"MSG"):
            assert line, "the server is gone"
            if line.startswith(b"PING"):
                self.wire.sendall(b"PONG\r\n")
        body = self.file.read(int(line.split()[-1]) + 2)
        assert b'"error"' not in body, body

    def run(self):
        head = f"PUB linkband.v1.probe.{self.name}.probe.raw _INBOX.{self.name} {PROBE_BYTES}\r\n".encode()
        while not self.ended.wait(1 / PROBE_HZ):
            begun = time.monotonic_ns()
            self.wire.sendall(head + bytes(PROBE_BYTES) + b"\r\n")
            self.answer()
            self.sent += 1
            self.found.append((begun, (time.monotonic_ns() - begun) / 1e6))

    def end(self):
        self.ended.set()
        self.join()
        self.wire.close()


class Player:
    def __init__(self, folder, gateways, pace):
        command = [sys.executable, relays.ROOT / "bench/spool_player.py", folder, str(gateways), str(BANDS), str(pace)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        """({gateway: {band: the number that its next record would have}}, how many messages all are)"""
        written, made = {}, 0
        for line in self.process.communicate("\n")[0].splitlines():
            gateway, band, number, messages = line.split()
            written.setdefault(gateway, {})[band] = int(number)
            made += int(messages)
        return written, made


class Uplink:
    def __init__(self, spool, url):
        self.spool = spool
        command = [servers.PROGRAM, "--spool", spool, "--to", url, "--site", "bench", "--gateway", spool.name]
        self.process = subprocess.Popen(command, stderr=open(f"{spool}.log", "w"))

    def is_up(self):
        return ": connected" in pathlib.Path(f"{self.spool}.log").read_text()

    def cursor(self):
        lines = (self.spool / "cursors/uplink").read_text().splitlines()
        return {band: int(number) for band, number in map(str.split, lines)}


class World:
    """Everything that runs, and its end. The player ends first, told by `written`."""

    def __init__(self, folder, gateways, pace):
        with contextlib.ExitStack() as undo:
            self.cluster = servers.Cluster(folder)
            undo.callback(self.cluster.close)
            (folder / "spools").mkdir()
            self.player = Player(folder / "spools", gateways, pace)
            undo.callback(self._end, self.player.process)
            self.uplinks = []
            for spool in sorted((folder / "spools").iterdir()):
                self.uplinks.append(Uplink(spool, self.cluster.url))
                undo.callback(self._end, self.uplinks[-1].process)
            servers.until(lambda: all(uplink.is_up() for uplink in self.uplinks), "all gateways connected", 300)
            self.probes = [Probe(server.client, f"p{n}") for n, server in enumerate(self.cluster.servers)]
            for probe in self.probes:
                probe.start()
                undo.callback(probe.end)
            self.player.begin()
            self.undo = undo.pop_all()

    @staticmethod
    def _end(process):
        process.kill()
        process.wait()

    def pids(self):
        return {"server": [server.process.pid for server in self.cluster.servers],
                "gateway": [uplink.process.pid for uplink in self.uplinks],
                "player": [self.player.process.pid], "probe": [os.getpid()]}

    def stored(self):
        """The gateways' messages in the stream, and their bytes."""
        state, probed = self.cluster.alive().stream()["state"], sum(probe.sent for probe in self.probes)
        return state["messages"] - probed, state["bytes"] - probed * STORED_PROBE

    def look(self):
        """One moment: the processors' time, the stream."""
        messages, stored_bytes = self.stored()
        return {"ns": time.monotonic_ns(), "cpu": {kind: [latency.used(pid)[0] for pid in pids] for kind, pids in self.pids().items()},
                "machine": machine_ns(), "messages": messages, "bytes": stored_bytes}

    def memory(self):
        return {kind: statistics.median(rss_mb(pid) for pid in pids[:SAMPLED]) for kind, pids in self.pids().items()}

    def arrived(self):
        """Waits for the last acknowledgement: what was made, what is stored, how long that took after the last line."""
        (written, made), begun = self.player.end(), time.monotonic()
        servers.until(lambda: all(uplink.cursor() == written[uplink.spool.name] for uplink in self.uplinks), "all acknowledged", 300)
        took = time.monotonic() - begun
        for probe in self.probes:
            probe.end()
        return {"made": made, "stored": self.stored()[0], "last_acknowledged_after_s": took}


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def machine_ns():
    """Of all processors together: (busy, all)."""
    fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    tick = 1e9 / os.sysconf("SC_CLK_TCK")
    return (sum(fields) - fields[3] - fields[4]) * tick, sum(fields) * tick


def percent(before, after, kind):
    """Of one core, each process of the kind."""
    took = after["ns"] - before["ns"]
    return [100 * (b - a) / took for a, b in zip(before["cpu"][kind], after["cpu"][kind])]


def measure(folder, gateways, pace, seconds):
    """A row of the table: so many gateways of four bands for so many seconds."""
    world = World(folder, gateways, pace)
    with world.undo:
        time.sleep(WARM)
        before = world.look()
        time.sleep(seconds)
        after, memory = world.look(), world.memory()
        arrived = world.arrived()
    return {"gateways": gateways, "pace": pace, "bands": BANDS * gateways * pace, **told(before, after, world.probes),
            "gateway_mb": memory["gateway"], "server_mb": memory["server"], **arrived}


def told(before, after, probes):
    took = (after["ns"] - before["ns"]) / 1e9
    cpu = {kind: percent(before, after, kind) for kind in before["cpu"]}
    acks = latency.percentiles([ms for probe in probes for ns, ms in probe.found if before["ns"] <= ns < after["ns"]])
    busy, whole = (b - a for a, b in zip(before["machine"], after["machine"]))
    ours = sum(map(sum, cpu.values()))
    return {"seconds": took, "messages_a_second": (after["messages"] - before["messages"]) / took,
            "bytes_a_second": (after["bytes"] - before["bytes"]) / took, "ack": acks,
            "gateway_cpu_percent": statistics.mean(cpu["gateway"]), "server_cpu_percent": sorted(cpu["server"], reverse=True),
            "player_cpu_percent": cpu["player"][0], "probe_cpu_percent": cpu["probe"][0],
            "gateways_cpu_percent": sum(cpu["gateway"]), "others_cpu_percent": max(0, 100 * busy / took / 1e9 - ours),
            "idle_percent": 100 * (whole - busy) / whole}
