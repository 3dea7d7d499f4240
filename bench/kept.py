"""Counts that are held: what they were when bench/kept.json was written, and of which toolchain."""

import json
import pathlib
import platform
import re
import subprocess

FILE = pathlib.Path(__file__).resolve().parent / "kept.json"


def toolchain(build):
    """What instructions depend on beside the source: libc and libm have other code for other processors."""
    cache = (build / "CMakeCache.txt").read_text()
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)", cache, re.M)[1]
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)", cache, re.M)[1]
    flags = re.search(r"^flags\s*:(.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    fast = [flag for flag in ("avx2", "fma", "erms") if flags and flag in flags[1].split()]
    return " · ".join([version, " ".join(platform.libc_ver()), platform.machine(), *fast, kind])


def load():
    return json.loads(FILE.read_text())


def keep(build, counts):
    FILE.write_text(json.dumps({"toolchain": toolchain(build), **counts}, indent=1, ensure_ascii=False) + "\n")
