"""A spool written as docs/spool.md has it, by itself: no line of the daemon's. As a program it goes on until it is told:
spool_writer.py FOLDER BANDS RECORDS_A_SECOND SECONDS_IN_ONE"""

import os
import pathlib
import random
import sys
import time

SEGMENT = 60  # seconds
SPOOL_ID = "0123456789abcdef" * 2
HEAD = """# linkband capture v2
#! start 2026-11-24T09:{minute:02d}:00.000000Z
#! device {band} AA:BB:CC:DD:EE:FF -
#! link up 0.000000 -1000000 1795510796000000
#! stream 0.000000 eeg,ppg,acc,bat
#! record {number}
"""


class Band:
    """One band's folder. `write_second` adds a second's records, and a new segment each minute."""

    def __init__(self, spool, name, seed=1):
        self.name, self.folder = name, pathlib.Path(spool) / "bands" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.number, self.second, self.file, self.random = 1, 0, None, random.Random(f"{name} {seed}")

    def _begin(self):
        self.end()
        self.file = open(self.folder / f"{self.number:020d}.lbcap", "w")
        self.file.write(HEAD.format(minute=self.second // 60 % 60, band=self.name, number=self.number))

    def end(self):
        if self.file:
            self.file.write("#! end\n")
            self.file.close()
        self.file = None

    def _line(self, text):
        self.file.write(text + "\n")
        self.number += 1

    def battery(self, level):
        """In the second that write_second wrote last, as all that has no time of its own."""
        self._line(f"{(self.second - 1) % SEGMENT}.999999 bat {level}")
        self.file.flush()

    def link_down(self):
        self._line(f"#! link down {self.second % SEGMENT}.000000")
        self.end()

    def write_second(self, records=13):
        if self.second % SEGMENT == 0 or not self.file:
            self._begin()
        for i in range(records):
            payload = self.random.randbytes(170).hex()
            self._line(f"{self.second % SEGMENT}.{i * 1000000 // records:06d} eeg {payload}")
        if self.second % 7 == 3:
            self._line(f'#! event {{"type":"event","event_type":"test","second":{self.second}}}')
        self.file.flush()
        self.second += 1


def make(spool, bands=("LXB-0000000A",), spool_id=SPOOL_ID):
    """The folders, and what is to be written into them."""
    spool = pathlib.Path(spool)
    (spool / "cursors").mkdir(parents=True)
    (spool / "id").write_text(spool_id + "\n")
    return [Band(spool, name, spool_id) for name in bands]


def fill(spool, seconds, bands=("LXB-0000000A",), records=13, spool_id=SPOOL_ID):
    made = make(spool, bands, spool_id)
    for _ in range(seconds):
        for band in made:
            band.write_second(records)
    for band in made:
        band.end()
    return made


if __name__ == "__main__":
    writers = make(sys.argv[1], sys.argv[2].split(","))
    while not os.path.exists(f"{sys.argv[1]}/enough"):
        for writer in writers:
            writer.write_second(int(sys.argv[3]))
        time.sleep(1 / float(sys.argv[4]))
    for writer in writers:
        writer.end()
