"""Real servers of their own: three nats-server in a cluster, one mosquitto. On ports that were free."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
PROGRAM = BUILD / "linkband-uplink"
REBUILD = ROOT / "docs" / "examples" / "uplink"
PATH = "/usr/sbin:/sbin:" + os.environ["PATH"]
PATIENCE = 60


def program(name):
    """Its path, or None. Another nats-server than the machine's: NATS_SERVER=…"""
    return os.environ.get(name.upper().replace("-", "_")) or shutil.which(name, path=PATH)


def rebuild_is_there():
    return (REBUILD / "node_modules" / "nats").exists()


def until(true, what, seconds=PATIENCE):
    """Polls until `true()` gives something; that is returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if found := true():
                return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_ports(count):
    """Free now, and below the range that the kernel gives away (32768 on): a server that was killed finds its own still free.
    Who takes them binds at once, and tells where somebody was quicker."""
    with contextlib.ExitStack() as stack:
        taken = []
        while len(taken) < count:
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", random.randrange(12000, 32000)))
                taken.append(one.getsockname()[1])
        return taken


def nats_version():
    return subprocess.run([program("nats-server"), "--version"], capture_output=True, text=True).stdout.split()[-1].lstrip("v")


def syncs_at_once():
    """What docs/scale.md says to take, where the server knows it."""
    return ", sync_interval: always" if tuple(map(int, nats_version().split(".")[:2])) >= (2, 10) else ""


class Nats:
    """One server; `client` is a connection's port."""

    def __init__(self, folder, name, client, routes, own_route):
        self.folder, self.client, self.process = pathlib.Path(folder) / name, client, None
        self.folder.mkdir()
        cluster = ""
        if routes:
            listed = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes if port != own_route)
            cluster = f"cluster {{ name: test, listen: 127.0.0.1:{own_route}, routes: [{listed}] }}\n"
        (self.folder / "conf").write_text(
            f"server_name: {name}\nlisten: 127.0.0.1:{client}\n"
            f"jetstream {{ store_dir: {self.folder}/js, max_file: 1G{syncs_at_once()} }}\n{cluster}"
        )

    def start(self):
        log = open(self.folder / "log", "a")
        self.process = subprocess.Popen([program("nats-server"), "-c", self.folder / "conf"], stdout=log, stderr=log)

    def kill(self, number=signal.SIGKILL):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
        self.process = None

    def request(self, subject, body=None, seconds=5):
        with socket.create_connection(("127.0.0.1", self.client), seconds) as peer, peer.makefile("rwb") as wire:
            wire.readline()
            text = json.dumps(body or {}).encode()
            wire.write(b'CONNECT {"verbose":false}\r\nSUB _INBOX.test 1\r\n')
            wire.write(f"PUB {subject} _INBOX.test {len(text)}\r\n".encode() + text + b"\r\n")
            wire.flush()
            while not (line := wire.readline()).startswith(b"MSG"):
                if not line:
                    raise OSError("the server is gone")
            return json.loads(wire.read(int(line.split()[-1])))

    def stream(self):
        answer = self.request("$JS.API.STREAM.INFO.bands")
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer


class Cluster:
    def __init__(self, folder, size=3, duplicate_window=3600 * 10**9):
        ports = free_ports(2 * size)
        routes = ports[size:] if size > 1 else []
        self.servers = [
            Nats(folder, f"n{i}", ports[i], routes, routes[i] if routes else None) for i in range(size)
        ]
        self.url = ",".join(f"nats://127.0.0.1:{server.client}" for server in self.servers)
        for server in self.servers:
            server.start()
        self.size, self.duplicate_window = size, duplicate_window
        until(self._make_stream, "a stream in the cluster")

    def _make_stream(self):
        answer = self.servers[0].request(
            "$JS.API.STREAM.CREATE.bands",
            {"name": "bands", "subjects": ["linkband.v1.>"], "num_replicas": self.size, "duplicate_window": self.duplicate_window},
            seconds=1,  # nobody answers before there is a leader
        )
        return "error" not in answer

    def alive(self):
        return next(server for server in self.servers if server.process)

    def stored(self):
        """Messages that the stream has."""
        return self.alive().stream()["state"]["messages"]

    def stored_bytes(self):
        return self.alive().stream()["state"]["bytes"]

    def leader(self):
        name = self.alive().stream()["cluster"]["leader"]
        return self.servers[int(name[1:])]

    def close(self):
        for server in self.servers:
            server.kill()


class Mosquitto:
    def __init__(self, folder):
        (self.port,) = free_ports(1)
        conf = pathlib.Path(folder) / "mosquitto.conf"
        conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.url, self.conf, self.process = f"mqtt://127.0.0.1:{self.port}", conf, None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [program("mosquitto"), "-c", self.conf], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        until(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() or True, "mosquitto")

    def close(self):
        self.process.kill()
        self.process.wait()
