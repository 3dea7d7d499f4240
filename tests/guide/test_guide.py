"""What the vendor's guide does, on its own port in a network namespace of the test's own.

Two clients of ours do what its steps do; where the guide itself is beside the clone, its code runs as printed, too.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from guide import GUIDE

HERE = pathlib.Path(__file__).resolve().parent
# Root needs no user namespace for a network namespace, and in a chroot gets none.
MAPPED = ["--map-root-user"] if os.geteuid() else []
AS_PRINTED = ["story_python.py", "story_browser.py"] if GUIDE.exists() else []


@pytest.mark.parametrize("story", ["own_python.py", "own_browser.py", *AS_PRINTED])
def test_a_client_of_the_guide_works(story):
    if "browser" in story:
        pytest.importorskip("selenium", reason="not installed: python3-selenium")
        if not shutil.which("chromedriver"):
            pytest.skip("not installed: chromium-driver")
    command = f'ip link set lo up && exec "{sys.executable}" "{HERE / story}"'
    run = subprocess.run(
        ["unshare", "--net", *MAPPED, "sh", "-c", command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240,
    )
    print(run.stdout.decode())
    assert run.returncode == 0, run.stdout.decode()[-3000:]
