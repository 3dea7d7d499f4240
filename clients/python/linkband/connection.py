"""One WebSocket to the daemon, used once."""

import asyncio
import inspect
from typing import Any, Dict, Optional, Union

import websockets
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from .errors import ConnectionLost, NotReachable, Rejected

# websockets' asyncio client was made anew in version 14, with another name for the headers; 15 asks the environment
# for a proxy, which a daemon on this machine is never behind.
_connect: Any = getattr(websockets, "connect")
_PARAMETERS = inspect.signature(_connect).parameters
_HEADERS = "additional_headers" if "additional_headers" in _PARAMETERS else "extra_headers"
_NO_PROXY: Dict[str, Any] = {"proxy": None} if "proxy" in _PARAMETERS else {}

REASONS = {
    401: "the token is missing or wrong",
    403: "the daemon takes no clients from this host or origin",
    404: "there is no WebSocket at this path: it is /ws",
}
# A daemon's frames are at most 16 KiB.
MAX_MESSAGE = 2**20
# Silence after which the daemon is held for dead, s: within two of these the connection is lost.
PING_SECONDS = 20
CLOSE_SECONDS = 2


def _status(refusal: Any) -> Optional[int]:
    """The HTTP status of a refused handshake, if it came so far: of version 14 on, or before."""
    status: Optional[int] = (refusal.response.status_code if hasattr(refusal, "response")
                             else getattr(refusal, "status_code", None))
    return status


def _refused(refusal: Exception, url: str) -> ConnectionLost:
    status = _status(refusal)
    if status in REASONS:
        return Rejected(status, f"{status}: {REASONS[status]}")
    if status == 503:
        return NotReachable(1013, "503: the daemon has no place for one more client")
    return NotReachable(1006, f"no WebSocket answers at {url}: {refusal}")


def _lost(closed: Any) -> ConnectionLost:
    close = closed.rcvd
    if close is None:
        return ConnectionLost(1006, "the connection broke")
    return ConnectionLost(close.code, close.reason)


class Connection:
    def __init__(self, socket: Any):
        self._socket = socket
        self._first: Optional[Union[str, bytes]] = None

    @classmethod
    async def open(cls, url: str, token: Optional[str], timeout: float) -> "Connection":
        """Raises NotReachable or Rejected. The first message, device_info, has come: of more clients than it has places
        for the daemon takes the connection, but says nothing."""
        shown = url.partition("?")[0]
        try:
            return await asyncio.wait_for(cls._open(url, token), timeout)
        except ConnectionClosed as closed:
            lost = _lost(closed)
            raise NotReachable(lost.code, lost.reason or "the daemon closed the connection at once") from None
        except InvalidURI:
            raise ValueError(f"{shown} is no WebSocket's address: it must be like ws://localhost:8121/ws") from None
        except InvalidHandshake as refusal:
            raise _refused(refusal, shown) from None
        except asyncio.TimeoutError:
            raise NotReachable(1006, f"{shown} does not answer within {timeout:g} s") from None
        except (OSError, EOFError) as error:
            raise NotReachable(1006, f"{shown} can't be reached: {error}") from None

    @classmethod
    async def _open(cls, url: str, token: Optional[str]) -> "Connection":
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: Dict[str, Any] = {_HEADERS: headers, **_NO_PROXY}
        socket = await _connect(
            url, compression=None, max_size=MAX_MESSAGE, ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS, close_timeout=CLOSE_SECONDS, open_timeout=None, **options)
        self = cls(socket)
        try:
            self._first = await socket.recv()
        except asyncio.CancelledError:
            await self.close()
            raise
        return self

    async def receive(self) -> Union[str, bytes]:
        """The next message. Raises ConnectionLost."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            message: Union[str, bytes] = await self._socket.recv()
            return message
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def send(self, message: str) -> None:
        """Raises ConnectionLost."""
        try:
            await self._socket.send(message)
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def close(self) -> None:
        await self._socket.close()
