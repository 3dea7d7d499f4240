"""The golden transcripts: what the program says, made anew. `make` writes them, test_golden.py compares.

process/NAME.raw, .processed  a capture through `linkbandd process`: counts and checksums, some lines whole
dialogues/NAME.txt            a script (lines with "> ", for dialogue.c) and between them what went to the sockets
walks/NAME.txt                dialogues made here, a line for each: what was told, and the checksum of its bytes
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
DIALOGUE = str(pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build")).resolve() / "dialogue")
CAPTURES = sorted([*ROOT.glob("tests/data/*/*.lbcap"), *ROOT.glob("tests/fuzz/corpus/captures/*")])
RUN = 10  # messages to a checksum
WHOLE = 400  # characters of a message shown


def checksum(text):
    return f"{zlib.crc32(text.encode()):08x}"


def cut(text):
    return text if len(text) <= WHOLE else f"{text[:WHOLE]}… ({len(text)})"


# ---- process


def figures(value, path, into):
    """Each number in it, by its place; lists are one place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            figures(inner, f"{path}.{key}", into)
    elif isinstance(value, list):
        for inner in value:
            figures(inner, path, into)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        into[path].append(value)


def means(lines):
    """So that a difference says which figure it is, and how much of one."""
    found = collections.defaultdict(list)
    for line in lines:
        figures(json.loads(line)["data"], "", found)
    for path, values in sorted(found.items()):
        if not re.search("timestamp|beats", path):
            yield f"{path[1:]}: {len(values)}, {sum(values) / len(values):.5g} from {min(values):.5g} to {max(values):.5g}"


def section(title, lines):
    yield f"== {title}: {len(lines)}"
    for i in range(0, len(lines), RUN):
        yield f"{i} to {min(i + RUN, len(lines)) - 1}: {checksum(chr(10).join(lines[i : i + RUN]))}"
    yield from (f"first: {cut(lines[0])}", f"last: {cut(lines[-1])}")


def of_kind(lines, kind):
    by_sensor = collections.defaultdict(list)
    for line in lines:
        if line.startswith(f'{{"type":"{kind}"'):
            by_sensor[re.search('"sensor_type":"([a-z]*)"', line)[1]].append(line)
    return sorted(by_sensor.items())


def is_raw(line):
    return line.startswith('{"type":"raw_data"')


def order(lines):
    """Which message follows which; their bytes are in the sections."""
    kinds = [line[: line.index('","device_id"')] for line in lines]
    return f"order of {len(lines)}: {checksum(chr(10).join(kinds))}"


def process(capture):
    """The transcripts of one capture: (raw, processed)."""
    ran = subprocess.run([LINKBANDD, "process", capture.relative_to(ROOT)], cwd=ROOT, capture_output=True, text=True)
    lines = ran.stdout.splitlines()
    raw = [f"exit {ran.returncode}", *ran.stderr.splitlines(), order([line for line in lines if is_raw(line)])]
    processed = [order(lines)] if any(not is_raw(line) for line in lines) else []
    for sensor, told in of_kind(lines, "raw_data"):
        raw += section(f"raw {sensor}", told)
    for sensor, told in of_kind(lines, "processed_data"):
        processed += [*section(f"processed {sensor}", told), *means(told)]
    return raw, processed


# ---- dialogues


def talk(script, *options):
    """What came of the script's lines: [(line, [what was told])], the first before any line."""
    ran = subprocess.run([DIALOGUE, *options], input="\n".join(script) + "\n", capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{DIALOGUE} ended with {ran.returncode}: {ran.stderr}\n{ran.stdout[-2000:]}")
    steps = [("", [])]
    for line in re.sub('"version":"[^"]*"', '"version":"…"', ran.stdout).splitlines():
        if line.startswith("> "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def gather(lines):
    """Data one after another become one line; what else there is stays whole."""
    gathered = []
    data = []
    for line in [*lines, None]:
        if line and re.match(r"[\d.]+ data ", line):
            data.append(line)
            continue
        if data:
            counts = collections.Counter(" ".join(one.split(" ", 4)[2:4]) for one in data)
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            gathered.append(f"{data[0].split()[0]} data: {told}; {checksum(chr(10).join(data))}")
            data = []
        if line is not None:
            gathered.append(line)
    return gathered


def dialogue(path):
    """The file's script, and what comes of it."""
    script = [line[2:] for line in path.read_text().splitlines() if line.startswith("> ")]
    options = ["--features"] if path.stem.startswith("processed") else ["--bands", "3"] if path.stem.startswith("several") else []
    lines = []
    for line, told in talk([line for line in script if line != "the end"], *options):
        lines += [f"> {line}"] if line else []
        lines += gather(told)
    return lines


def brief(line):
    """A text's kind, without its figures."""
    where, _, text = re.sub(r"^[\d.]+ ", "", line).partition(" {")
    if not text:
        return where.split()[0]
    if where.startswith("data"):
        return " ".join(where.split()[1:3])
    name = re.search('"(?:event_type|command)":"([^"]*)"', text)
    outcome = re.search('"error_code":"([A-Z_]*)"', text)
    return f"{where} {name[1] if name else '?'}{' ' + outcome[1] if outcome else ''}"


def kinds(lines):
    """All in one line: events and replies in their order, then how many of which data."""
    others, data = [], collections.Counter()
    for line in lines:
        if re.match(r"[\d.]+ data ", line):
            data[brief(line)] += 1
        elif others and others[-1][0] == brief(line):
            others[-1][1] += 1
        else:
            others.append([brief(line), 1])
    told = [f"{name} ×{count}" if count > 1 else name for name, count in others]
    return " · ".join(told + [f"{count} {name}" for name, count in sorted(data.items())])


# ---- walks


def say(client, command, **parameters):
    message = {"command": command, **({"parameters": parameters} if parameters else {})}
    return f"{client}: {json.dumps(message)}"


BAND = "LXB-51A00000"
CONNECT = say(1, "connect_device", device_id=BAND)
START = say(1, "start_streaming", sensors=["eeg"])
CONNECTED = ["open 1", "open 2", CONNECT, "+ 2"]
STREAMING = [*CONNECTED, START, "+ 4"]
STATES = {
    "idle": ["open 1", "open 2"],
    "bluetooth off": ["open 1", "! off", "open 2"],
    "scanning": ["open 1", "open 2", say(1, "scan_devices"), "+ 0.1"],
    "connecting": ["open 1", "open 2", CONNECT, "+ 0.1"],
    "connected": CONNECTED,
    "starting": [*CONNECTED, START, "+ 0.1"],
    "streaming": STREAMING,
    "recording": [*CONNECTED, say(1, "start_recording"), "+ 4"],
    "streaming and recording": [*STREAMING, say(1, "start_recording", formats=["csv", "jsonl"]), "+ 1"],
    "disconnecting": [*STREAMING, say(1, "disconnect_device"), "+ 0.01"],
    "waiting": [*CONNECTED, "! absent", "! lost", "+ 1"],
    "waiting with stream": [*STREAMING, "! absent", "! lost", "+ 1"],
    "waiting, bluetooth off": [*STREAMING, "! off", "+ 1"],
}
COMMANDS = {
    "scan": say(2, "scan_devices", duration=3),
    "stop_scan": say(2, "stop_scan"),
    "connect": say(2, "connect_device", device_id=BAND.lower()),
    "connect another": say(2, "connect_device", address="AA:BB:CC:DD:EE:02"),
    "disconnect": say(2, "disconnect_device"),
    "start eeg": say(2, "start_streaming", sensors=["eeg"]),
    "start all at 125": say(2, "start_streaming", sample_rate=125, duration=2),
    "stop": say(2, "stop_streaming"),
    "record": say(2, "start_recording", sensors=["acc", "ppg"], duration=2.5),
    "stop recording": say(2, "stop_recording"),
    "marker": say(2, "insert_marker", label="here"),
    "status": say(2, "get_streaming_status"),
    "check": say(2, "check_device_connection"),
}
FAULTS = {
    "lost": "! lost",
    "bluetooth lost": "! bluetooth-lost",
    "bluetooth off": "! off",
    "suspended": "! suspend 30",
    "all silent": "! silent eeg,ppg,acc,bat",
    "the disk fails": "! disk-fails",
}


def cells():
    """Each command in each state; each fault; and each command with a fault while its operations are pending."""
    for state, reach in STATES.items():
        for name, command in COMMANDS.items():
            yield f"{state} | {name}", reach, [command, "+ 7"]
            yield f"{state} | {name}, lost soon", reach, [command, "+ 0.01", "! lost", "! here", "+ 7"]
        for name, fault in FAULTS.items():
            yield f"{state} | {name}", reach, [fault, "+ 9", "! on", "! here", "! silent", "+ 7"]


class Dice:
    """Not Python's random: what its functions give changes with its version."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def one(self, *choices):
        return choices[self.below(len(choices))]


WRONG = (-1, 0, 1e300, True, "", "eeg", [], ["eeg", "x"], {}, {"a": [1]}, None, "2026-01-31T12:00:00Z", 7, "LXB-0")
PARAMETERS = {
    "scan_devices": ("duration",),
    "connect_device": ("address", "device_id"),
    "disconnect_device": ("device_id",),
    "start_streaming": ("sensors", "sample_rate", "duration"),
    "start_recording": ("session_name", "sensors", "sample_rate", "duration", "formats"),
    "list_recordings": ("limit", "before"),
    "delete_recording": ("session_id",),
    "subscribe": ("sensors", "kinds"),
    "unsubscribe": ("sensors", "kinds"),
    "insert_marker": ("label", "timestamp"),
}
PLAIN = ("stop_scan", "stop_streaming", "stop_recording", "get_recording_status", "check_device_connection")


def random_line(dice):
    what = dice.below(10)
    client = 1 + dice.below(3)
    if what < 4:
        return f"{client}{dice.one(*COMMANDS.values())[1:]}"
    if what == 4:
        return say(client, dice.one(*PLAIN, "health_check", "no_such_command"))
    if what < 7:
        command = dice.one(*PARAMETERS)
        return say(client, command, **{name: dice.one(*WRONG) for name in PARAMETERS[command] if dice.below(2)})
    if what == 7:
        return dice.one("! here", "! on", "! silent", "! refused", CONNECT, START)
    return dice.one(*FAULTS.values(), "! absent", "! refused eeg", "! silent ppg,acc", "! disk-full", "close 3", "open 3")


def wander(seed, steps):
    dice = Dice(seed)
    script = ["open 1", "open 2", "open 3", CONNECT, "+ 1"]
    for _ in range(steps):
        script += [random_line(dice), f"+ {dice.one(0.01, 0.1, 0.7, 3, 12)}"]
    return script


def walk_of_states():
    for title, reach, then in cells():
        told = [line for _, lines in talk([*reach, *then])[1 + len(reach) :] for line in lines]
        yield f"{title} | {kinds(told)} | {checksum(chr(10).join(told))}", told


def walk_at_random(seed, steps):
    for line, told in talk(wander(seed, steps)):
        if told:
            yield f"{line} | {kinds(told)} | {checksum(chr(10).join(told))}", told


WALKS = {"states": walk_of_states, **{f"random{seed}": (lambda s=seed: walk_at_random(s, 50)) for seed in range(1, 13)}}


def all_of():
    """{path: (lines, [what a line is made of])} of all transcripts."""
    made = {}
    for capture in CAPTURES:
        raw, processed = process(capture)
        made[HERE / "process" / f"{capture.stem}.raw"] = (raw, None)
        if processed:
            made[HERE / "process" / f"{capture.stem}.processed"] = (processed, None)
    for path in sorted(HERE.glob("dialogues/*.txt")):
        made[path] = (dialogue(path), None)
    for name, walk in WALKS.items():
        lines, told = zip(*walk())
        made[HERE / "walks" / f"{name}.txt"] = (list(lines), told)
    return made


def write():
    for path, (lines, _) in all_of().items():
        text = "\n".join(lines) + "\n"
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} is another", file=sys.stderr)
