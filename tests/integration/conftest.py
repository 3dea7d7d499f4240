"""Fixtures of the running daemon and of clients."""

import os
import subprocess

import pytest
import websockets

from peers import ROOT, Client, Daemon, validate


@pytest.fixture
def daemon(request):
    """A daemon on the simulated band; `@pytest.mark.arguments(...)` replaces its arguments."""
    marker = request.node.get_closest_marker("arguments")
    arguments = marker.args if marker else ("--backend", "sim", "--sim", "seed=1,radio=fast")
    daemon = Daemon(*arguments)
    yield daemon
    status, log = daemon.stop()
    assert status == 0, log
    assert "Sanitizer" not in log, log


@pytest.fixture
def clients(daemon):
    """`async with clients() as c`: a connected client whose every message fits the schema."""

    class Connection:
        async def __aenter__(self):
            self.client = Client(await websockets.connect(daemon.url, max_size=2**20))
            return self.client

        async def __aexit__(self, *_):
            await self.client.close()
            validate(self.client.messages)

    return Connection


@pytest.fixture(scope="session")
def unsynced_folders(tmp_path_factory):
    """The environment in which files are synced, and folders are not: EINVAL."""
    shim = tmp_path_factory.mktemp("shim") / "unsynced.so"
    source = ROOT / "tests/integration/unsynced_folders.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    return {**os.environ, "LD_PRELOAD": str(shim), "ASAN_OPTIONS": "verify_asan_link_order=0"}


def pytest_configure(config):
    config.addinivalue_line("markers", "arguments(*arguments): linkbandd's arguments")
