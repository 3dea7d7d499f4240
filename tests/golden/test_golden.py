"""What the program says to the byte, as it is in the tree. Where it is meant to say something else: tests/golden/make."""

import math
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import transcripts  # noqa: E402


NUMBER = re.compile(r"-?\d+\.\d+")


def to_the_byte(expected, got):
    return expected == got


def but_for_rounding(expected, got):
    """Another FFTW, as Debian 13 has it, rounds the last digit of a figure in five otherwise."""
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(got))
    return NUMBER.sub("#", expected) == NUMBER.sub("#", got) and all(
        math.isclose(float(a), float(b), rel_tol=1e-4) for a, b in pairs)


def compare(path, lines, told=None, same=to_the_byte):
    """Fails with the first line that differs; `told`: what each line is the sum of."""
    expected = path.read_text().splitlines()
    for number in range(max(len(expected), len(lines))):
        pair = [text[number] if number < len(text) else "(nothing)" for text in (expected, lines)]
        if same(*pair):
            continue
        whole = "\n".join(transcripts.gather(told[number])) if told and number < len(told) else ""
        pytest.fail(
            f"{path.relative_to(transcripts.ROOT)}, line {number + 1}:\nexpected {pair[0]}\ngot      {pair[1]}\n{whole}",
            pytrace=False,
        )


def stem(path):
    return path.stem


@pytest.mark.parametrize("capture", transcripts.CAPTURES, ids=stem)
def test_a_capture_gives_what_it_gave(capture):
    raw, processed = transcripts.process(capture)
    compare(HERE / "process" / f"{capture.stem}.raw", raw)
    if processed:
        compare(HERE / "process" / f"{capture.stem}.processed", processed, same=but_for_rounding)


@pytest.mark.parametrize("path", sorted(HERE.glob("dialogues/*.txt")), ids=stem)
def test_a_dialogue_goes_as_it_went(path):
    compare(path, transcripts.dialogue(path))


@pytest.mark.parametrize("walk", transcripts.WALKS)
def test_a_walk_through_commands_and_faults_goes_as_it_went(walk):
    lines, told = zip(*transcripts.WALKS[walk]())
    compare(HERE / "walks" / f"{walk}.txt", lines, told)
