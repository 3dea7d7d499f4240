#!/usr/bin/python3
"""Plays a band's minute at its own pace into many spools, as docs/spool.md has them: what many linkbandd would write.

    bench/spool_player.py FOLDER GATEWAYS BANDS PACE

Says `ready` once all spools are there, plays PACE times as fast as a band from a line of its standard input to the next, then tells
what it wrote. A line is written within 0.4 s, as by the daemon; nothing is computed or synced.
"""

import heapq
import itertools
import pathlib
import resource
import select
import sys
import time

import relays  # noqa: F401  (the way to recordings)
from recordings import SIMULATED

sys.path.insert(0, str(relays.ROOT / "tests/uplink"))
import spool_writer  # noqa: E402

FLUSH = 0.4
MINUTE = 60


def portions():
    """[(lines, text, seconds it is of)] of the minute, 0.4 s each."""
    lines = [line for line in SIMULATED.read_text().splitlines(True) if line[0] != "#" and float(line.split()[0]) < MINUTE]
    by_place = {place: list(group) for place, group in itertools.groupby(lines, lambda line: int(float(line.split()[0]) / FLUSH))}
    grouped = [by_place.get(n, []) for n in range(round(MINUTE / FLUSH))]
    return [(len(group), "".join(group), {int(float(line.split()[0])) for line in group}) for group in grouped]


class Band(spool_writer.Band):
    """One band's folder, written a portion at a time. `messages`: so many batches of a second it is."""

    place, messages, second_now = 0, 0, None

    def write(self, minute):
        if self.place % len(minute) == 0:
            self._begin()
            self.second_now = None
        lines, text, seconds = minute[self.place % len(minute)]
        self.file.write(text)
        self.file.flush()
        self.number += lines
        self.messages += len(seconds - {self.second_now})
        self.second_now = max(seconds, default=self.second_now)
        self.place += 1


def make(folder, gateways, bands):
    made = []
    for n in range(gateways):
        spool = pathlib.Path(folder) / f"g{n}"
        (spool / "cursors").mkdir(parents=True)
        (spool / "id").write_text(f"{n:032x}\n")
        made += [Band(spool, f"LXB-{n:06X}{m:02X}") for m in range(bands)]
    return made


def play(bands, minute, pace):
    """Each begins somewhere else in a second: gateways know nothing of each other."""
    begin = time.monotonic()
    due = [(begin + n / len(bands) / pace, n) for n in range(len(bands))]
    heapq.heapify(due)
    while True:
        at, n = due[0]
        if select.select([sys.stdin], [], [], max(0, at - time.monotonic()))[0]:
            return
        bands[n].write(minute)
        heapq.heapreplace(due, (at + FLUSH / pace, n))


def main(folder, gateways, bands, pace):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    minute, made = portions(), make(folder, int(gateways), int(bands))
    print("ready", flush=True)
    sys.stdin.readline()
    play(made, minute, float(pace))
    for band in made:
        band.end()
        print(band.folder.parents[1].name, band.name, band.number, band.messages, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
