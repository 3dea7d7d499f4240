"""Fixtures of the server alone."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from echo import Server  # noqa: E402


@pytest.fixture
def start():
    servers = []

    def starter(*arguments):
        servers.append(Server(*arguments))
        return servers[-1]

    yield starter
    for server in servers:
        server.stop()
        assert server.process.returncode == 0, server.log


@pytest.fixture
def server(start):
    return start()
