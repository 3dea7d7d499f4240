"""Each command in each state, over the WebSocket: the tables of docs/state-machine.md are read and walked.

Three clients look on. One brings the band into the state, with the radio's own times; one gives the row's command; one only
listens. Replies and errors reach their client alone, events reach all.

A state lasts as long as the radio lets it, and the machine may be busy: the command goes out in one write behind a question
that is answered at once. Whatever was told before that answer, the state was over before the command came: such a walk
says nothing, and is walked again with more time."""

import asyncio
import re
import socket
from collections import Counter

import websockets

from peers import PATIENCE, ROOT, Client, Daemon, validate

ADDRESS = "AA:BB:CC:DD:EE:FF"
OTHER = "11:22:33:44:55:66"
NO_SESSION = "20000101T000000Z_none"
LONG = ("connect another", "scan")  # these rows begin first
AT_ONCE = 24  # rows walked side by side, each with a daemon of its own
AGAIN = 4  # … of those that say nothing
ATTEMPTS = 8
QUIET = 1.0  # s, in which what is too much may come

# A row's command → the protocol's, with parameters.
COMMANDS = {
    "scan": ("scan_devices", {"duration": 20}),  # outlasts what else is under way
    "stop_scan": ("stop_scan", {}),
    "connect": ("connect_device", {"address": ADDRESS}),
    "connect another": ("connect_device", {"address": OTHER}),
    "disconnect": ("disconnect_device", {}),
    "start eeg": ("start_streaming", {"sensors": ["eeg"]}),
    "start ppg": ("start_streaming", {"sensors": ["ppg"]}),
    "stop": ("stop_streaming", {}),
    "insert_marker": ("insert_marker", {"label": "here"}),
    "start_streaming": ("start_streaming", {"sensors": ["eeg"]}),
    "delete_recording, of none": ("delete_recording", {"session_id": NO_SESSION}),
    "keep_recent, of a band that never was here": ("keep_recent", {"device_id": "LXB-00000000"}),
}
SHORT = {"scan": "scan_devices", "connect": "connect_device", "disconnect": "disconnect_device",
         "start": "start_streaming", "stop": "stop_streaming"}

# Where a command finds things as it wants them, its event goes to the sender alone.
ALREADY = {
    "connect_device": "device_connected",
    "disconnect_device": "device_disconnected user_request",
    "start_streaming": "stream_started",
    "stop_streaming": "stream_stopped",
    "stop_recording": "recording_stopped",
}


async def nothing(first):
    pass


async def bluetooth_off(first):
    await first.event("bluetooth_status", powered=False)


async def scanning(first):
    pending = await give(first, "scan_devices", duration=5)
    await first.wait(lambda m: m.get("event_type") == "scan_result" and m["data"]["devices"])
    return pending


async def connecting(first):
    return await give(first, "connect_device", address=ADDRESS)


async def connected(first):
    assert (await first.command("connect_device", address=ADDRESS))["success"]


async def starting(first):
    return await give(first, "start_streaming", sensors=["eeg"])


async def streaming(first):
    await connected(first)
    assert (await first.command("start_streaming", sensors=["eeg"]))["success"]


async def disconnecting(first):
    return await give(first, "disconnect_device")


async def waiting(first):
    await connected(first)
    await first.event("device_disconnected", reason="link_lost", will_reconnect=True)


async def waiting_with_stream(first):
    await streaming(first)
    await first.event("stream_stopped", will_resume=True)


async def waiting_bluetooth_off(first):
    await streaming(first)
    await first.event("device_disconnected", reason="bluetooth_off")


async def recording(first):
    await connected(first)
    assert (await first.command("start_recording"))["success"]
    while not (await first.command("get_recording_status"))["data"]["samples"]["eeg"]:
        await asyncio.sleep(0.1)


# The state → the simulated band that lets it be, with the seconds that it is given; how to get near it; and the last step,
# which tells nobody anything: what is answered later is handed back.
STATES = {
    "idle": ("", nothing, nothing),
    "Bluetooth off": ("bluetooth=off", bluetooth_off, nothing),
    "scanning": ("", scanning, nothing),
    "connecting": ("", nothing, connecting),
    "connected": ("", connected, nothing),
    "starting": ("", connected, starting),
    "streaming": ("", streaming, nothing),
    "disconnecting": ("", streaming, disconnecting),
    "waiting": ("drop-at={4}:{3}", waiting, nothing),
    "waiting, stream to resume": ("drop-at={8}:{3}", waiting_with_stream, nothing),
    "waiting, Bluetooth off": ("off={20}:600", waiting_bluetooth_off, nothing),
    "recording": ("", recording, nothing),
}


class SaysNothing(Exception):
    """The state was over before the command came."""


async def give(client, command, **parameters):
    """Sends a command without waiting for its outcome, but until the daemon has taken it; returns its name."""
    await client.send({"command": command, "parameters": parameters})
    await client.send({"type": "health_check", "id": f"after {command}"})
    await client.wait(lambda m: m["type"] == "health_check_response" and m.get("id") == f"after {command}")
    return command


def tables():
    """The rows (state, command, [told, …]) of the page's two tables."""
    text = (ROOT / "docs" / "state-machine.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line.startswith("| ")]
    other, main = [], []
    for a, b, *told in (row for row in rows if len(row) == 3):
        if a in STATES:
            main.append((a, b, told[0].split(" · ")))
        elif ": " in told[0]:
            other.append((b, a, told[0].split(" · ")))
    return main, other


def event_text(message):
    data, kind = message["data"], message["event_type"]
    words = {
        "scan_result": lambda: [data["status"]],
        "device_connected": lambda: ["resumed"] * data["resumed"],
        "device_disconnected": lambda: [data["reason"]] + ["will_reconnect"] * data["will_reconnect"],
        "device_connection_failed": lambda: [data["error_code"]] + ["will_retry"] * data["will_retry"],
        "stream_started": lambda: [",".join(data["sensors"]), f"at {data['sample_rate']}"] + ["resumed"] * data["resumed"],
        "stream_stopped": lambda: [",".join(data["sensors"]), data["reason"]],
        "recording_started": lambda: [],
        "recording_stopped": lambda: [data["reason"]],
        "recording_file": lambda: [data["state"]],
        "marker": lambda: [],
        "error": lambda: [data["error_code"]],
    }.get(kind)
    return words and " ".join([kind, *words()])


def told(messages):
    """What these messages say, in the tables' words. A scan tells `scanning` with each band it hears, whenever that is:
    only the first counts."""
    lines = []
    for message in messages:
        if message["type"] == "command_response":
            outcome = "ok" if message["success"] else message["data"]["error_code"]
            lines.append(f"{message['command']}: {outcome}")
        elif message["type"] == "event" and (text := event_text(message)):
            if text != "scan_result scanning" or text not in lines:
                lines.append(text)
    return lines


def expected(lines, pending, command):
    """What the row tells the client whose command is `pending`, the one who gives `command`, and the one who looks on."""
    first, second, third = [], [], []
    for line in lines:
        reply = re.fullmatch(r"(\w+): (already ok|ok|[A-Z_]+)", line)
        if not reply:
            for of in (first, second, third):
                if line != "scan_result scanning" or line not in of:
                    of.append(line)
            continue
        name, outcome = SHORT.get(reply[1], reply[1]), reply[2]
        # Of two replies to the same command the first success is the pending one's.
        mine = name != pending or (name == command and (outcome != "ok" or f"{name}: ok" in first))
        of = second if mine else first
        of.append(f"{name}: {outcome.removeprefix('already ')}")
        if outcome == "already ok" and name in ALREADY:
            of.append(ALREADY[name] + "*")
        elif outcome not in ("ok", "already ok", "CANCELLED"):
            of.append(f"error {outcome}")
    return first, second, third


def same(lines, wanted):
    return len(lines) == len(wanted) and all(
        a.startswith(b[:-1]) if b.endswith("*") else a == b for a, b in zip(lines, wanted)
    )


class Watch:
    """A daemon in a state, and its three clients from the moment on at which the state is reached."""

    def __init__(self, state, attempt, absent=False):
        self.options, self.near, self.last = STATES[state]
        self.options = re.sub(r"\{(\d+)\}", lambda seconds: str(int(seconds[1]) * 2**attempt), self.options)
        if absent:  # no band is there for longer than any try lasts
            self.options = re.sub(r"(drop-at=\d+):.*", r"\1:600", self.options)

    async def __aenter__(self):
        options = ",".join(o for o in ("seed=1", self.options) if o)
        self.daemon = await asyncio.to_thread(Daemon, "--backend", "sim", "--sim", options)
        try:
            await asyncio.wait_for(self.begin(), PATIENCE)
        except (AssertionError, asyncio.TimeoutError) as never:
            await asyncio.to_thread(self.daemon.stop)
            raise SaysNothing(f"the state was not reached: {never}") from never
        return self

    async def begin(self):
        self.clients = [Client(await websockets.connect(self.daemon.url)) for _ in range(3)]
        for client in self.clients:
            await client.command("subscribe", kinds=["events"])
        pending = await self.near(self.clients[0])
        # What told the first of the state is on its way to the others, too: their answers come behind it.
        await asyncio.gather(*(client.command("health_check") for client in self.clients))
        self.starts = [len(c.messages) for c in self.clients]
        self.pending = await self.last(self.clients[0]) or pending

    async def __aexit__(self, *_):
        for client in self.clients:
            await client.close()
            validate(client.messages)
        status, log = await asyncio.to_thread(self.daemon.stop)
        assert status == 0 and "Sanitizer" not in log, log

    async def ask(self, *commands):
        """The second gives these in one go, behind what is answered at once."""
        second = self.clients[1]
        wire = second.ws.transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        for message in ({"type": "health_check", "id": "first"}, *commands):
            await second.send(message)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        first = await second.wait(lambda m: m["type"] == "health_check_response" and m.get("id") == "first")
        before = told(second.messages[self.starts[1] : second.messages.index(first)])
        if set(before) - {"scan_result scanning"}:
            raise SaysNothing(f"told before the command: {before}")

    def since(self):
        return [c.messages[s:] for c, s in zip(self.clients, self.starts)]

    async def until(self, done):
        """Waits until `done()`, then for a while, so that what is too much is seen as well."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not done() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        await asyncio.sleep(QUIET)

    async def all_open(self):
        for client in self.clients:
            assert (await client.command("health_check"))["success"]


async def walk_row(attempt, state, row_command, lines):
    """One row; returns what is wrong with it."""
    command, parameters = COMMANDS.get(row_command, (row_command, {}))
    async with Watch(state, attempt, absent=row_command == "connect another") as watch:
        if row_command == "delete_recording, of the running":
            status = await watch.clients[0].command("get_recording_status")
            command, parameters = "delete_recording", {"session_id": status["data"]["session_id"]}
            watch.starts[0] = len(watch.clients[0].messages)
        wanted = expected(lines, watch.pending, command)
        await watch.ask({"command": command, "parameters": parameters})
        await watch.until(lambda: all(len(told(m)) >= len(w) for m, w in zip(watch.since(), wanted)))
        got = [told(messages) for messages in watch.since()]
        await watch.all_open()
    return [
        f"{state} | {row_command}, told {who}:\n    {' · '.join(lines)}\n  not {' · '.join(w)}"
        for who, lines, w in zip(("who was first", "the sender", "who looks on"), got, wanted)
        if not same(lines, w)
    ]


def rows_for(state, rows):
    """The other commands' rows in this state."""
    chosen = {}
    for where, command, lines in rows:
        if where == "recording":
            continue
        if where == "any" or (state in where.split(", ") if where != "any other" else command not in chosen):
            chosen[command] = lines
    return chosen


async def walk_others(attempt, state, rows):
    """The other commands of a state, all in one go: some states last no longer."""
    chosen = rows_for(state, rows)
    wanted, broadcast, commands = Counter(), Counter(), []
    async with Watch(state, attempt) as watch:
        for row_command, lines in chosen.items():
            command, parameters = COMMANDS.get(row_command, (row_command, {}))
            _, mine, all_ = expected(lines, None, command)
            wanted.update(line.removesuffix("*") for line in mine)
            broadcast.update(all_)
            commands.append({"command": command, "parameters": parameters})
            if command == "unsubscribe":
                commands.append({"command": "subscribe", "parameters": {"kinds": ["events"]}})
                wanted["subscribe: ok"] += 1
        await watch.ask(*commands)
        kinds = re.compile("|".join(["error", "marker", "recording"] + [COMMANDS.get(c, (c,))[0] + ":" for c in chosen]))

        def seen(messages):
            return Counter(re.sub("^recording_stopped .*", "recording_stopped", l) for l in told(messages) if kinds.match(l))

        await watch.until(lambda: seen(watch.since()[1]) >= wanted)
        first, second, third = [seen(messages) for messages in watch.since()]
        await watch.all_open()
    wrong = [f"{state}, the other commands: {second - wanted} too much, {wanted - second} missing"] if second != wanted else []
    return wrong + [f"{state}, told who did not ask: {c}, not {broadcast}" for c in (first, third) if c != broadcast]


async def all_of(walks):
    """What is wrong of all; who says nothing is walked again, a few at a time."""
    limits = [asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AGAIN)]

    async def one(walk, *row):
        for attempt in range(ATTEMPTS):
            async with limits[attempt > 0]:
                try:
                    return await walk(attempt, *row)
                except SaysNothing as nothing:
                    print(f"again: {row[0]}, {row[1] if walk is walk_row else 'the other commands'}: {nothing}")
        return [f"{row[0]}, {row[1]}: never in that state in {ATTEMPTS} attempts"]

    return [line for wrong in await asyncio.gather(*(one(*walk) for walk in walks)) for line in wrong]


def test_each_command_in_each_state():
    main, other = tables()
    assert {s for s, _, _ in main} | {"recording"} == set(STATES) and len(main) == 8 * (len(STATES) - 1)
    walks = [(walk_row, *row) for row in sorted(main, key=lambda row: row[1] not in LONG)]
    walks += [(walk_row, *row) for row in other if row[0] == "recording"]
    walks += [(walk_others, state, other) for state in STATES if state != "recording"]
    print(f"{len(walks)} walks")
    wrong = asyncio.run(all_of(walks))
    assert not wrong, "\n".join(wrong)


def test_no_command_is_without_a_row(daemon):
    async def story():
        client = Client(await websockets.connect(daemon.url))
        info = (await client.command("get_server_info"))["data"]
        await client.close()
        return info["commands"]

    main, other = tables()
    rows = {COMMANDS.get(c, (c.split(",")[0],))[0] for _, c, _ in main + other}
    assert rows == set(asyncio.run(story()))
