"""The vendor's guide, word for word, on its own port in a network namespace of the test's own."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
# Root needs no user namespace for a network namespace, and in a chroot gets none.
MAPPED = ["--map-root-user"] if os.geteuid() else []
GUIDE = HERE.parents[1].parent / "shared" / "reference" / "websocket-integration-guide.md"


@pytest.mark.skipif(not GUIDE.exists(), reason=f"the guide is not there: {GUIDE}")
@pytest.mark.parametrize("story", ["story_python.py", "story_browser.py"])
def test_the_guide_works_as_printed(story):
    command = f"ip link set lo up && exec {sys.executable} {HERE / story}"
    run = subprocess.run(
        ["unshare", "--net", *MAPPED, "sh", "-c", command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
    )
    print(run.stdout.decode())
    assert run.returncode == 0, run.stdout.decode()[-3000:]
