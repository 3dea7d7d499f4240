"""For every suite: no test reads or writes what the one who runs it has in the home directory."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def home_of_its_own(tmp_path_factory):
    for kind in ("data", "state"):
        os.environ[f"XDG_{kind.upper()}_HOME"] = str(tmp_path_factory.mktemp(kind))
