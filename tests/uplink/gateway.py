"""A whole gateway's daemon, on simulated bands, with a spool."""

import os
import re
import signal
import subprocess
import urllib.request

import servers
from servers import BUILD

PACKET = re.compile(r"^[0-9.]+ (eeg|ppg|acc|bat) ", re.M)


class Daemon:
    def __init__(self, folder, *more, spool=None):
        self.folder, self.spool = folder, spool or folder / "spool"
        self.command = [BUILD / "linkbandd", "--backend", "sim", "--spool", self.spool, "--data-dir", folder / "data"]
        self.command += ["--state-dir", folder / "state", "--listen", "127.0.0.1:0", *more]
        self.start()

    def start(self):
        self.log = open(self.folder / "linkbandd.log", "a+")
        began = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(self.command, stderr=self.log)

        def port():
            text = (self.folder / "linkbandd.log").read_text()[began:]
            return int(re.search(r"listens on 127\.0\.0\.1:(\d+)", text)[1])

        self.port = servers.until(lambda: _or_none(port), "the daemon")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(servers.PATIENCE)

    def id(self):
        return (self.spool / "id").read_text().strip()

    def told(self):
        return (self.folder / "linkbandd.log").read_text()

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.M)[1])

    def segments(self, band):
        folder = self.spool / "bands" / band
        return {path.name: path.read_text() for path in sorted(folder.iterdir())} if folder.exists() else {}

    def packets(self, band):
        return sum(len(PACKET.findall(text)) for text in self.segments(band).values())

    def next_record(self, band):
        """Once it has ended: where a reader's cursor comes to stand."""
        segments = self.segments(band)
        last = max(segments)
        assert segments[last].endswith("#! end\n")
        return int(last[:-6]) + segments[last].split(f"#! record {int(last[:-6])}\n")[1].count("\n") - 1


def _or_none(function):
    try:
        return function()
    except TypeError:
        return None


def connected(*bands):
    return [word for band in bands for word in ("--auto-connect", band)]
