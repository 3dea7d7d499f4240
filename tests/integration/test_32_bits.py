"""On a 32-bit machine, too, files may be larger than 2 GiB and times later than 2038: seen in how it is compiled."""

import json
import pathlib
import shlex
import subprocess

import pytest

from peers import LINKBANDD

BUILD = pathlib.Path(LINKBANDD).resolve().parent


@pytest.fixture(scope="module")
def commands():
    """The compiler's arguments by source, below src/."""
    listed = BUILD / "compile_commands.json"
    if not listed.exists():
        pytest.skip(f"{BUILD} is no build directory")
    entries = json.loads(listed.read_text())
    found = {e["file"].split("/src/", 1)[1]: shlex.split(e["command"]) for e in entries if "/src/" in e["file"]}
    assert len(found) > 50
    return found


def test_offsets_and_times_have_64_bits_in_every_file(commands):
    for file, command in commands.items():
        assert "-D_FILE_OFFSET_BITS=64" in command and "-D_TIME_BITS=64" in command, file


def test_the_recorder_compiles_for_a_32_bit_machine(commands, tmp_path):
    """Formats and conversions included; a 64-bit machine's own headers serve, but for one that says which functions are stubs."""
    (tmp_path / "gnu").mkdir()
    (tmp_path / "gnu" / "stubs-32.h").touch()
    there = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()
    if there != "x86_64-linux-gnu":
        pytest.skip("needs gcc for x86-64, which has -m32")
    headers = ["-isystem", tmp_path, "-isystem", f"/usr/include/{there}"]
    for file, command in commands.items():
        if not file.startswith("record/"):
            continue
        flags = [word for word in command if word.startswith(("-I", "-D", "-W", "-std"))]
        source = next(word for word in command if word.endswith("/" + file))
        system = [x for word, path in zip(command, command[1:]) if word == "-isystem" for x in (word, path)]
        done = subprocess.run(["gcc", "-m32", "-fsyntax-only", "-Werror", *flags, *system, *headers, source],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
