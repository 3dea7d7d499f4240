"""Link Bands over linkbandd's WebSocket: connect() for asyncio, Band without; read_session() for its recordings."""

from .blocks import Block
from .client import DEFAULT_URL, AnyEvent, AsyncBand, connect
from .errors import CommandError, ConnectionLost, Error, NotReachable, Rejected
from .queues import Queue, Stream
from .session import Session, SessionError, read_session
from .sync import Band

__version__ = "0.1.0"
__all__ = [
    "DEFAULT_URL", "AnyEvent", "AsyncBand", "Band", "Block", "CommandError", "ConnectionLost", "Error", "NotReachable",
    "Queue", "Rejected", "Session", "SessionError", "Stream", "connect", "read_session",
]
