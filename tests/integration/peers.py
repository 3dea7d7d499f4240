"""A running daemon, clients of it, and the schema of what they get. Sockets stay on loopback."""

import asyncio
import functools
import inspect
import itertools
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time

import websockets

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))
PATIENCE = 90  # s, for what comes in a moment where the machine is not busy
LONGEST = 1800  # s, of a whole story
# websockets' asyncio client was made anew in version 14, with another name for this.
HEADERS = next(name for name in ("additional_headers", "extra_headers")
               if name in inspect.signature(websockets.connect).parameters)


def refusal_status(refusal):
    """The HTTP status that a websockets.InvalidHandshake tells: of version 14 on, or before."""
    return refusal.response.status_code if hasattr(refusal, "response") else refusal.status_code


def free_port():
    """Below the range that the kernel gives to clients: none of those beside it takes it meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Daemon:
    """linkbandd on a port of its own."""

    def __init__(self, *arguments, port=None, env=None):
        self.port = port
        self.arguments = [LINKBANDD, *arguments]
        self.data = tempfile.TemporaryDirectory()
        self.env = {**os.environ, "XDG_DATA_HOME": self.data.name, "XDG_STATE_HOME": self.data.name + "/state",
                    **(env or {})}
        self.process = None
        if port:
            self.arguments += ["--listen", f"127.0.0.1:{port}"]
            self.start()
        else:
            self.start_anywhere()

    def start_anywhere(self):
        """On a port that is free; another one where somebody took that meanwhile."""
        arguments = self.arguments
        for _ in range(5):
            self.port = free_port()
            self.arguments = [*arguments, "--listen", f"127.0.0.1:{self.port}"]
            try:
                self.start()
                return
            except AssertionError as failure:
                if " is in use" not in str(failure):
                    raise
        raise AssertionError("no port stays free")

    def start(self):
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, env=self.env)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError(self.process.stderr.read().decode()) from None
                time.sleep(0.02)
        raise AssertionError("linkbandd does not listen")

    def stop(self, number=signal.SIGTERM):
        """Ends it; returns its exit status and what it logged."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            _, log = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, log.decode()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    def memory_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


class Client:
    """One WebSocket that keeps all it got, in order."""

    def __init__(self, ws):
        self.ws = ws
        self.messages = []
        self.ids = itertools.count(1)
        self.reader = asyncio.ensure_future(self._read())
        self.news = asyncio.Event()

    async def _read(self):
        try:
            async for text in self.ws:
                assert isinstance(text, str)
                self.messages.append(json.loads(text))
                self.news.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self.news.set()

    async def wait(self, wanted, seconds=PATIENCE, start=0):
        """The first message from number `start` on that `wanted` accepts."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self.messages[start:]:
                if wanted(message):
                    return message
            start = len(self.messages)
            self.news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"not told in {seconds} s; last: {self.messages[-3:]}"
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def event(self, event_type, start=0, seconds=PATIENCE, **data):
        return await self.wait(
            lambda m: m.get("event_type") == event_type
            and all(m["data"].get(k) == v for k, v in data.items()),
            seconds,
            start,
        )

    async def data(self, sensor, start=0, seconds=PATIENCE, type="raw_data"):
        return await self.wait(
            lambda m: m["type"] == type and m["sensor_type"] == sensor, seconds, start
        )

    async def send(self, message):
        await self.ws.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def command(self, command, seconds=PATIENCE, **parameters):
        """Sends a command; returns its reply."""
        number = next(self.ids)
        start = len(self.messages)
        await self.send(
            {"type": "command", "command": command, "parameters": parameters, "id": number}
        )
        return await self.wait(
            lambda m: m["type"] == "command_response" and m.get("id") == number, seconds, start
        )

    async def close(self):
        await self.ws.close()
        await self.reader


def run(story):
    return asyncio.run(asyncio.wait_for(story, LONGEST))


def schema():
    return json.loads((ROOT / "docs" / "schema.json").read_text())


def expanded(part, definitions, strict=False):
    """The part of the schema with what it refers to put in its place; strict: no object has more than its properties,
    so that a field of which the schema doesn't know is found here."""
    if isinstance(part, list):
        return [expanded(one, definitions, strict) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return expanded(definitions[part["$ref"].removeprefix("#/$defs/")], definitions, strict)
    closed = {"additionalProperties": False} if strict and isinstance(part.get("properties"), dict) else {}
    return {**closed, **{key: expanded(value, definitions, strict) for key, value in part.items()}}


def consts(subschema):
    """The properties that tell one kind of message from another, with their values."""
    return {k: v["const"] for k, v in subschema["properties"].items() if "const" in v}


@functools.lru_cache(maxsize=None)
def validators():
    import jsonschema

    whole = schema()
    kinds = [expanded(kind, whole["$defs"], strict=True) for kind in whole["oneOf"]]
    return [(consts(kind), jsonschema.Draft202012Validator(kind)) for kind in kinds]


def validate(messages):
    """Holds each message against docs/schema.json, which must name all that is in it; one kind at a time, for a oneOf of
    all is slow."""
    for message in messages:
        fitting = [v for c, v in validators() if all(message.get(k) == x for k, x in c.items())]
        assert len(fitting) == 1, f"of {len(fitting)} kinds: {json.dumps(message)[:400]}"
        errors = [e.message for e in fitting[0].iter_errors(message)]
        assert not errors, f"{json.dumps(message)[:400]}: {errors[:3]}"
        assert "channel" not in message
