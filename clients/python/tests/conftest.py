"""Coroutines as tests, and a real daemon on the simulated band."""

import asyncio
import inspect
import pathlib
import sys

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
sys.path[:0] = [str(PACKAGE), str(ROOT / "tests" / "integration")]

from peers import Daemon  # noqa: E402

PATIENCE = 120


def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    story = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    asyncio.run(asyncio.wait_for(story, PATIENCE))
    return True


@pytest.fixture
def daemons():
    """daemons(*arguments): a running daemon, ended with the test."""
    running = []

    def start(*arguments):
        daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast", *arguments)
        running.append(daemon)
        return daemon

    yield start
    for daemon in running:
        daemon.process.kill()
        daemon.process.communicate()


@pytest.fixture
def daemon(daemons):
    return daemons()
