"""What can go wrong.

Error
├── CommandError            the daemon refused a command
├── SessionError            a recording lacks what was asked for (session.py)
└── ConnectionLost          the connection ended; whether what was sent was carried out is not known
    ├── NotReachable        none could be made
    └── Rejected            the daemon does not let this client in: not tried again
"""

from typing import Any, Mapping


class Error(Exception):
    """Whatever this package raises by itself."""


class CommandError(Error):
    """A command was refused: `code` for programs, `message` for people, `details` as the protocol has them."""

    def __init__(self, command: str, code: str, message: str, details: Mapping[str, Any]):
        super().__init__(f"{command}: {code}: {message}")
        self.command = command
        self.code = code
        self.message = message
        self.details = details


class ConnectionLost(Error):
    """`code` and `reason` are the WebSocket's: 1006 without a close, 1012 at the daemon's shutdown, 1013 where it has
    no place or this client read too slowly, 1000 where this program closed it."""

    def __init__(self, code: int, reason: str):
        super().__init__(f"{reason} ({code})" if reason else f"the connection was closed with {code}")
        self.code = code
        self.reason = reason


class NotReachable(ConnectionLost):
    """No daemon answered there, or it has no place for one more client now."""


class Rejected(ConnectionLost):
    """`status` is HTTP's: 401 (the token is missing or wrong), 403 (not from here), 404 (not this path)."""

    def __init__(self, status: int, reason: str):
        super().__init__(1006, reason)
        self.status = status
