"""The protocol's state without any I/O: what to send, and what is meant by what came.

One for the life of a band, across connections: what was subscribed, which daemon it was, which message comes next.
"""

import itertools
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple, Union

from .blocks import KINDS, Block
from .errors import CommandError

Key = Tuple[str, str, str]


class Reply(NamedTuple):
    """The outcome of the command with this number."""

    number: int
    outcome: Union[Dict[str, Any], CommandError]


class Told(NamedTuple):
    """An event, as it came."""

    event: Dict[str, Any]


Received = Union[Reply, Told, Block, None]


class Protocol:
    def __init__(self) -> None:
        self._told: Dict[str, Any] = {}
        # What was last told of each band that is connected, under way or waited for, in the order they came.
        self.devices: Dict[str, Dict[str, Any]] = {}
        # The sensors that each band streams, as far as it was told since the connection was made.
        self.streaming: Dict[str, Set[str]] = {}
        # Whether the last device_info came of another daemon than the one before.
        self.restarted = False
        self._numbers = itertools.count(1)
        self._waiting: Dict[int, Tuple[str, Dict[str, Any]]] = {}
        self._next: Dict[Key, int] = {}
        # What makes this client's subscription anew: the last `subscribe` and the distinct `unsubscribe`s since.
        self._subscribed: List[Tuple[str, Dict[str, Any]]] = []

    @property
    def device_info(self) -> Dict[str, Any]:
        """Of the band that came first of those there are, else that there is none."""
        return next(iter(self.devices.values()), self._told)

    @property
    def instance(self) -> Optional[str]:
        """Of the daemon: another one after its restart."""
        instance: Optional[str] = self._told.get("server", {}).get("instance")
        return instance

    def request(self, command: str, parameters: Mapping[str, object]) -> Tuple[int, str]:
        """The command's number, and the message to send. A parameter that is None is left out."""
        number = next(self._numbers)
        given = {name: value for name, value in parameters.items() if value is not None}
        self._waiting[number] = (command, given)
        return number, json.dumps({"type": "command", "command": command, "parameters": given, "id": number})

    def resubscriptions(self) -> List[str]:
        """The messages that make a new connection get what the last one got."""
        return [self.request(command, parameters)[1] for command, parameters in self._subscribed]

    def forget(self, number: int) -> None:
        """Nobody waits for this command's outcome any more."""
        self._waiting.pop(number, None)

    def lost(self) -> None:
        """The connection has ended: nothing sent on it is answered any more, and what changes is not told."""
        self._waiting.clear()
        self.devices.clear()

    def receive(self, text: Union[str, bytes]) -> Received:
        """What the message means; None where it means nothing to this version."""
        try:
            message = json.loads(text)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            return None
        if kind == "command_response":
            return self._reply(message)
        if kind == "event":
            return self._event(message)
        if kind in KINDS:
            return self._block(message)
        return None

    def _reply(self, message: Dict[str, Any]) -> Optional[Reply]:
        number, data = message.get("id"), message["data"]
        if number not in self._waiting:
            return None
        command, parameters = self._waiting.pop(number)
        if not message["success"]:
            error = CommandError(command, data["error_code"], data["error_message"], data["details"])
            return Reply(number, error)
        if command in ("subscribe", "unsubscribe"):
            self._remember(command, parameters, data)
        return Reply(number, data)

    def _remember(self, command: str, parameters: Dict[str, Any], in_force: Dict[str, Any]) -> None:
        if command == "subscribe":
            self._subscribed = []
        if (command, parameters) not in self._subscribed:
            self._subscribed.append((command, parameters))
        # What isn't subscribed is not missed.
        devices: Optional[List[str]] = in_force.get("device_ids")
        for key in list(self._next):
            device, kind, sensor = key
            if sensor not in in_force[kind] or device not in (devices or [device]):
                del self._next[key]

    def _event(self, message: Dict[str, Any]) -> Told:
        name, data = message["event_type"], message["data"]
        if name == "device_info":
            self._device_info(data)
        elif name == "stream_started":
            self.streaming[data["device_id"]] = set(data["sensors"])
        elif name == "stream_stopped" and not data["will_resume"]:
            left = set(self.streaming.pop(data["device_id"], ())) - set(data["sensors"])
            self.streaming.update({data["device_id"]: left} if left else {})
        elif name == "device_disconnected" and not data["will_reconnect"]:
            self.devices.pop(data["device_id"], None)
        elif name == "device_connection_failed" and not data["will_retry"]:
            self.devices.pop(data["device_id"], None)
        return Told(message)

    def _device_info(self, data: Dict[str, Any]) -> None:
        before = self.instance
        self._told = data
        self.restarted = before is not None and before != self.instance
        if self.restarted:
            self._next.clear()
            self.streaming.clear()
        if data["device_id"] is None:
            self.devices.clear()
        else:
            self.devices[data["device_id"]] = data

    def _block(self, message: Dict[str, Any]) -> Block:
        block = Block(message)
        key = (block.device_id, block.kind, block.sensor)
        seq: int = message["seq"]
        # The battery's last level comes again to each new connection, with the seq that it had.
        block.missed = max(0, seq - self._next.get(key, seq))
        self._next[key] = seq + 1
        return block
