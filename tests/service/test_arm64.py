"""The package cross-built for arm64, its unit tests run under qemu-user: tests/service/arm64."""

import os
import pathlib
import shutil
import subprocess

import pytest
from test_package import skip_offline

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", HERE.parents[1] / "build"))


@pytest.mark.skipif(os.environ.get("LINKBANDD_TEST_ALL") != "yes", reason="only in scripts/test --all")
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mmdebstrap"), reason="needs root and mmdebstrap")
def test_the_package_for_arm64():
    skip_offline()
    done = subprocess.run([HERE / "arm64", BUILD / "arm64"], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "100% tests passed" in done.stdout
