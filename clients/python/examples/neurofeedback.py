#!/usr/bin/env python3
"""Neurofeedback by ear: the more alpha there is in the EEG, the higher the tone; silence where it is not known.

usage: neurofeedback.py [SECONDS] [URL] [--wav FILE]     to a file, else to the loudspeaker (aplay, of alsa-utils)
"""

import array
import asyncio
import math
import subprocess
import sys
import wave

import linkband

arguments = sys.argv[1:]
FILE = arguments[arguments.index("--wav") + 1] if "--wav" in arguments else None
if FILE:
    del arguments[arguments.index("--wav"):arguments.index("--wav") + 2]
SECONDS = float(arguments[0]) if arguments else 60
URL = arguments[1] if len(arguments) > 1 else linkband.DEFAULT_URL
RATE = 22050
# An octave and a half around 330 Hz; a share of alpha of a half and more is the top.
LOW_HZ, HIGH_HZ, MOST = 220, 620, 0.5
LOUD = 8000


class Tone:
    """Goes on from sound to sound without a click: phase and loudness glide."""

    def __init__(self):
        self.phase, self.hertz, self.loud = 0.0, LOW_HZ, 0.0

    def next(self, share, seconds):
        hertz = self.hertz if share is None else LOW_HZ * (HIGH_HZ / LOW_HZ) ** min(share / MOST, 1)
        loud = 0 if share is None else LOUD
        count = round(seconds * RATE)
        sound = array.array("h")
        for i in range(count):
            self.hertz += (hertz - self.hertz) / (0.1 * RATE)
            self.loud += (loud - self.loud) / (0.05 * RATE)
            self.phase += 2 * math.pi * self.hertz / RATE
            sound.append(round(self.loud * math.sin(self.phase)))
        if sys.byteorder == "big":
            sound.byteswap()
        return sound.tobytes()


class Speaker:
    def __init__(self):
        self.player = subprocess.Popen(["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE)],
                                       stdin=subprocess.PIPE)

    def writeframes(self, sound):
        self.player.stdin.write(sound)
        self.player.stdin.flush()

    def close(self):
        self.player.stdin.close()
        self.player.wait()


def opened():
    if not FILE:
        return Speaker()
    out = wave.open(FILE, "wb")
    out.setparams((1, 2, RATE, 0, "NONE", ""))
    return out


async def main():
    out, tone = opened(), Tone()
    try:
        async with linkband.connect(URL) as band:
            blocks = band.stream("eeg", kind="processed")
            await band.start_streaming(sensors=["eeg"], duration=SECONDS)
            async for block in blocks:
                out.writeframes(tone.next(block.values["ch1_relative_powers"]["alpha"], 0.5))
    finally:
        out.close()


asyncio.run(main())
