"""Instructions of a running process by callgrind: of each function, and by stage, a room of src or a library.

What libc, libm and the like spend is their caller's: formatting a number is the protocol's cost, not libc's.
"""

import collections
import pathlib
import re
import subprocess

FIELD = re.compile(r"(c?ob|c?f[lien]|cfn)=(?:\((\d+)\))? ?(.*)$")
KINDS = {"ob": "ob", "cob": "ob", "fn": "fn", "cfn": "fn"}
# Libraries that are a stage; others are their caller's.
LIBRARIES = {"libwebsockets": "libwebsockets", "libuv": "libuv", "libdbus-1": "libdbus"}


class Profile:
    """own: {function: instructions}; calls: {(caller, callee): [times, instructions]}; a function is (object, file, name)."""

    def __init__(self, path):
        self.own = collections.Counter()
        self.calls = collections.defaultdict(lambda: [0, 0])
        self.names = {}
        self.at = {}
        self.times = None
        for line in pathlib.Path(path).read_text().splitlines():
            self.read(line)
        self.total = sum(self.own.values())

    def read(self, line):
        field = FIELD.match(line)
        if field:
            self.set(field[1], field[2], field[3])
        elif line.startswith("calls="):
            self.times = int(line[6:].split()[0])
        elif line[:1] and line[0] in "0123456789+-*" and len(parts := line.split()) == 2:
            self.add(int(parts[1]))

    def set(self, key, number, name):
        kind = KINDS.get(key, "fl")
        if number and name:
            self.names[kind, number] = name
        value = self.names[kind, number] if number else name
        if key == "fn":
            self.at.update(fn=value, file=self.at.get("fl"), object=self.at.get("ob"))
        self.at[key] = value
        if key in ("fl", "fi", "fe"):  # the latter two: inlined here, the function's all the same
            self.at["here"] = value

    def add(self, cost):
        caller = self.at["object"], self.at["file"], self.at["fn"]
        if self.times is None:
            self.own[caller] += cost
            return
        callee = self.at.get("cob") or caller[0], self.at.get("cfi") or self.at.get("cfl") or self.at["here"], self.at["cfn"]
        edge = self.calls[caller, callee]
        edge[0] += self.times
        edge[1] += cost
        self.times = None
        for key in ("cob", "cfi", "cfl"):
            self.at.pop(key, None)

    def called(self, *names):
        """How often functions of these names were called."""
        return sum(times for (_, callee), (times, _) in self.calls.items() if callee[2].split("'")[0] in names)

    def allocations(self):
        """But for libdbus's own, which are many where signals come in a bunch, as on a busy machine."""
        return sum(times for (caller, callee), (times, _) in self.calls.items()
                   if callee[2].split("'")[0] in ("malloc", "calloc", "realloc") and "libdbus" not in (caller[0] or ""))

    def packets(self):
        """How many were taken, by the daemon or the floor."""
        return self.called("pipeline_packet", "send_to_all")

    def messages(self):
        """How many of the band's messages were written."""
        return self.called("message_raw", "message_eeg", "message_ppg", "message_acc")

    def stages(self):
        """{stage: instructions}: what has no stage of its own is shared among its callers, by what each had of it."""
        of = collections.Counter()
        callers = collections.defaultdict(collections.Counter)
        for (caller, callee), (_, cost) in self.calls.items():
            if caller != callee:
                callers[callee][caller] += cost
        todo = collections.Counter(self.own)
        for _ in range(50):
            todo, before = collections.Counter(), todo
            for function, cost in before.items():
                self.share(function, cost, callers[function], of, todo)
            if not todo:
                break
        of["other"] += sum(todo.values())
        return {name: round(cost) for name, cost in of.most_common()}

    @staticmethod
    def share(function, cost, callers, of, todo):
        stage = stage_of(function)
        total = sum(callers.values())
        if stage or not total:
            of[stage or "other"] += cost
            return
        for caller, part in callers.items():
            todo[caller] += cost * part / total


def stage_of(function):
    """The room or the library, None where it is its caller's."""
    program, file, _ = function
    room = re.search(r"/(?:src|include)/(\w+)/[^/]+$", file or "")
    if room and (program or "").endswith("linkbandd"):
        return room[1]
    return next((stage for name, stage in LIBRARIES.items() if name in (program or "")), None)


UNDER = ("valgrind", "-q", "--tool=callgrind", "--collect-jumps=no")


def under(folder):
    return (*UNDER, f"--callgrind-out-file={folder}/callgrind.out")


def control(pid, what):
    subprocess.run(["callgrind_control", what, str(pid)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def begin(pid):
    control(pid, "-z")


def end(pid, folder):
    """What was spent since `begin`."""
    control(pid, "-d")
    return Profile(sorted(pathlib.Path(folder).glob("callgrind.out.*"))[-1])
