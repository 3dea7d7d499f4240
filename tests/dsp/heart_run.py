"""Runs the heart over a capture, and reads what it tells."""
import os
import pathlib
import struct
import subprocess

import numpy as np

from heart_simulation import FS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
FIRST_TICK = 1000


def fields(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def run(text):
    """What is told each second, and the record's own figures at its end."""
    done = subprocess.run([BUILD / "heart_probe"], input=text, capture_output=True, check=True)
    lines = [fields(line) for line in done.stdout.decode().splitlines()]
    return lines[:-1], lines[-1]


def capture(ir, red=None):
    """PPG packets of 28 samples whose ticks are at FS."""
    red = ir if red is None else red
    lines = []
    for k in range(len(ir) // 28):
        body = struct.pack("<I", int(round(k * 28 / FS * 32768)) + FIRST_TICK)
        for i in range(k * 28, k * 28 + 28):
            body += int(red[i]).to_bytes(3, "big") + int(ir[i]).to_bytes(3, "big")
        lines.append(f"{(k + 1) * 28 / FS:.6f} ppg {body.hex()}\n")
    return "".join(lines).encode()


def column(seconds, name):
    return np.array([float(second[name]) for second in seconds])


def finite(values):
    return values[np.isfinite(values)]


def values(second, name):
    return np.array([float(v) for v in second[name].split(",") if v])


def intervals(record):
    """Of the beats kept: time in s, interval to the one before in ms, σ in s, is it NN."""
    rows = [row.split(":") for row in record["nn"].split(",") if row]
    at, rr, sigma, normal = np.array(rows, float).T
    return at, rr, sigma, normal > 0
