import pathlib
import shutil
import signal
import subprocess

import gateway
import link
import pytest
import servers
import spool_writer
from servers import PROGRAM, REBUILD, program, rebuild_is_there


class Uplink:
    """The program, carrying `spool`; killed and begun anew at will."""

    def __init__(self, spool, url, *more):
        self.spool, self.command = pathlib.Path(spool), [PROGRAM, "--spool", spool, "--to", url, "--site", "lab", *more]
        self.command += ["--gateway", "g1"]
        self.log = self.spool.parent / "uplink.log"
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=open(self.log, "a"))

    def end(self, kill=False):
        self.process.kill() if kill else self.process.terminate()
        return self.process.wait(servers.PATIENCE)

    def cursor(self, name="uplink"):
        """{band: first record that was not acknowledged}"""
        lines = (self.spool / "cursors" / name).read_text().split("\n")
        return {band: int(number) for band, number in (line.split() for line in lines if line)}

    def told(self):
        return self.log.read_text()


@pytest.fixture(autouse=True)
def everything_it_needs():
    if not PROGRAM.exists():
        pytest.skip("linkband-uplink was not built: its libraries are not there")


@pytest.fixture(scope="module")
def cluster(request, tmp_path_factory):
    """Of three, or of what the module has as SERVERS."""
    if not program("nats-server"):
        pytest.skip("no nats-server")
    made = servers.Cluster(tmp_path_factory.mktemp("nats"), getattr(request.module, "SERVERS", 3))
    yield made
    made.close()


@pytest.fixture
def mosquitto(tmp_path):
    if not program("mosquitto") or not program("mosquitto_sub"):
        pytest.skip("no mosquitto")
    made = servers.Mosquitto(tmp_path)
    yield made
    made.close()


@pytest.fixture
def uplinks(tmp_path):
    """carry(spool, url, …) → Uplink; ended afterwards."""
    begun = []

    def carry(spool, url, *more):
        begun.append(Uplink(spool, url, *more))
        return begun[-1]

    yield carry
    for one in begun:
        if one.process.poll() is None:
            one.end(kill=True)


@pytest.fixture
def rebuilt(cluster, tmp_path):
    """rebuilt(band) → the folder that docs/examples/uplink/rebuild.mjs makes of the stream."""
    if not rebuild_is_there():
        pytest.skip("npm could not get what rebuild.mjs needs")

    def rebuild(band, spool_id=spool_writer.SPOOL_ID):
        url = f"nats://127.0.0.1:{cluster.alive().client}"
        out = tmp_path / "rebuilt"
        shutil.rmtree(out, ignore_errors=True)
        done = subprocess.run(
            ["node", REBUILD / "rebuild.mjs", url, "bands", out], capture_output=True, text=True, timeout=servers.PATIENCE
        )
        assert done.returncode == 0, done.stderr
        print(done.stdout)
        return out / "lab" / "g1" / band / spool_id, done.stdout

    return rebuild


@pytest.fixture
def daemon(tmp_path):
    """daemon(option, …) → gateway.Daemon; ended afterwards."""
    begun = []

    def start(*more, **rest):
        begun.append(gateway.Daemon(tmp_path, *more, **rest))
        return begun[-1]

    yield start
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


@pytest.fixture
def way(cluster):
    """To the cluster's first server, through a link that can be cut."""
    made = link.Link(cluster.servers[0].client)
    yield made
    made.close()
