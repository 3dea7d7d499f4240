"""What the stories share: the guide's code blocks where the guide is there, and a daemon on port 8121.

The stories run in a network namespace of their own (test_guide.py), where 8121 is free.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT.parent / "shared" / "reference" / "websocket-integration-guide.md"
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
ADDRESS = "AA:BB:CC:DD:EE:FF"


DATA = tempfile.TemporaryDirectory()


def blocks(language):
    """The guide's code blocks in a language, by the heading they stand under."""
    heading, found = "", {}
    for part in re.split(r"(^#+ [^\n]*$|^```.*?^```$)", GUIDE.read_text(), flags=re.M | re.S):
        if part.startswith("#"):
            heading = part.lstrip("# ").strip()
        elif part.startswith("```" + language + "\n"):
            found[heading] = part.split("\n", 1)[1].rsplit("```", 1)[0]
    return found


def start_daemon(sim="seed=1,radio=fast"):
    daemon = subprocess.Popen([LINKBANDD, "--backend", "sim", "--sim", sim,
                               "--data-dir", DATA.name, "--state-dir", DATA.name])
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", 8121), 0.2).close()
            return daemon
        except OSError:
            time.sleep(0.02)
    raise AssertionError("linkbandd does not listen on 8121")


def stop_daemon(daemon):
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(90) == 0
