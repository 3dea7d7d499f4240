"""A band over the daemon's WebSocket, for asyncio."""

import asyncio
import datetime
import inspect
import weakref
from typing import Any, Awaitable, Callable, Dict, List, Literal, Mapping, Optional, Set, Type, TypedDict, Union

from ._generated import Commands, DeviceInfo, Event, Sensor
from .blocks import Block
from .connection import Connection
from .errors import CommandError, ConnectionLost
from .protocol import Protocol, Reply, Told
from .queues import Queue, Stream
from .reconnection import Reconnection, delay

DEFAULT_URL = "ws://localhost:8121/ws"


class ConnectionLostEventData(TypedDict):
    code: int
    reason: str
    will_reconnect: bool


class ConnectionLostEvent(TypedDict):
    """Of this package, not of the daemon: the connection has ended."""

    type: Literal["event"]
    event_type: Literal["connection_lost"]
    data: ConnectionLostEventData
    timestamp: str


class ConnectionRestoredEventData(TypedDict):
    restarted: bool
    instance: Optional[str]


class ConnectionRestoredEvent(TypedDict):
    """Of this package: there is one again, subscribed as before. `restarted`: of another run of the daemon, which knows
    nothing of what the one before was told."""

    type: Literal["event"]
    event_type: Literal["connection_restored"]
    data: ConnectionRestoredEventData
    timestamp: str


AnyEvent = Union[Event, ConnectionLostEvent, ConnectionRestoredEvent]
Handler = Callable[[Any], Union[None, Awaitable[None]]]


def _own_event(name: str, data: Mapping[str, Any]) -> Dict[str, Any]:
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    return {"type": "event", "event_type": name, "data": data, "timestamp": stamp}


class AsyncBand(Commands):
    """Made by connect(). Each command is a coroutine that settles in any case: with the reply's data, by CommandError
    where the daemon refuses it, by ConnectionLost where the connection ends first or there is none. Nothing is
    ever sent again by itself. Cancelling one does not take the command back."""

    def __init__(self, url: str, token: Optional[str], reconnect: bool, open_timeout: float,
                 wait: Callable[[int], float]):
        self._url = url
        self._token = token
        self._reconnect = reconnect
        self._open_timeout = open_timeout
        self._wait = wait
        self._protocol = Protocol()
        self._connection: Optional[Connection] = None
        self._runner: Optional["asyncio.Task[None]"] = None
        self._why: ConnectionLost = ConnectionLost(1000, "not connected yet")
        self._pending: Dict[int, "asyncio.Future[Dict[str, Any]]"] = {}
        self._handlers: Dict[str, List[Handler]] = {}
        self._tasks: Set["asyncio.Task[None]"] = set()
        # Weak: one that nobody iterates over any more goes by itself.
        self._streams: "weakref.WeakSet[Stream]" = weakref.WeakSet()
        self._queues: "weakref.WeakSet[Queue[AnyEvent]]" = weakref.WeakSet()

    async def __aenter__(self) -> "AsyncBand":
        connection = await self._open()
        await self._begin(connection)
        self._runner = asyncio.ensure_future(self._run(connection))
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """What waits for an answer gets ConnectionLost, iterations end."""
        runner, self._runner = self._runner, None
        if runner:
            runner.cancel()
            await asyncio.wait([runner])
        connection = self._connection
        self._lose(ConnectionLost(1000, "closed by this program"))
        self._end()
        if connection:
            await connection.close()

    @property
    def connected(self) -> bool:
        """To the daemon; whether a band is, tells `device_info`."""
        return self._connection is not None

    @property
    def device_info(self) -> DeviceInfo:
        """As it was last told; of several bands that of the one that came first."""
        return self._protocol.device_info  # type: ignore[return-value]

    @property
    def devices(self) -> Dict[str, DeviceInfo]:
        """What was last told of each band that is connected, under way or waited for, by its device_id, in the order
        they came."""
        return dict(self._protocol.devices)  # type: ignore[arg-type]

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        """Calls handler(event) at each event of that name, of the daemon's or `connection_lost`, `connection_restored`;
        a coroutine function runs as a task. Returns what undoes it; it outlives lost connections."""
        handlers = self._handlers.setdefault(name, [])
        handlers.append(handler)

        def undo() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return undo

    def events(self, *, limit: int = 1024) -> Queue[AnyEvent]:
        """All events from now on, for `async for`; beyond `limit` not taken the oldest are dropped and counted."""
        queue: Queue[AnyEvent] = Queue(limit)
        self._add(self._queues, queue)
        return queue

    def stream(self, *sensors: Sensor, kind: Literal["raw", "processed", "bands"] = "raw",
               device_id: Optional[str] = None, limit: int = 256, lasting: bool = False) -> Stream:
        """The sensors' blocks from now on, for `async for`. It ends where the daemon tells that the stream has ended
        for good (lasting: it waits for the next one), outlives lost connections and the daemon's restart, and raises
        what ends the connection for good. Beyond `limit` blocks not taken the oldest are dropped. Make it before
        `start_streaming` to get each sample: it starts nothing by itself. `bands` come only once they were asked for:
        `subscribe(kinds=["bands", …])`."""
        if not sensors:
            raise ValueError("no sensor was named: eeg, ppg, acc or bat")
        stream = Stream(sensors, kind, device_id, limit, lasting)
        for device, running in self._protocol.streaming.items():
            stream.started(device, running)
        self._add(self._streams, stream)
        return stream

    def _add(self, queues: "weakref.WeakSet[Any]", queue: Queue[Any]) -> None:
        if self._runner is None or self._runner.done():
            queue.end(self._why)
        queues.add(queue)

    async def _command(self, name: str, parameters: Mapping[str, object]) -> object:
        if self._connection is None:
            raise self._why
        number, text = self._protocol.request(name, parameters)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        try:
            await self._connection.send(text)
            return await future
        finally:
            self._pending.pop(number, None)
            self._protocol.forget(number)
            if not future.cancel() and not future.cancelled():
                future.exception()  # looked at, so that asyncio doesn't complain where send() has raised

    def _open(self) -> Awaitable[Connection]:
        return Connection.open(self._url, self._token, self._open_timeout)

    async def _begin(self, connection: Connection) -> None:
        """Makes a new connection the one that is used: its first message tells whose it is."""
        self._take(await connection.receive())
        for text in self._protocol.resubscriptions():
            await connection.send(text)
        self._connection = connection

    async def _run(self, connection: Connection) -> None:
        reconnection = Reconnection(self._open, self._wait)
        try:
            while True:
                lost = await self._read(connection)
                self._lose(lost)
                self._tell_lost(lost, self._reconnect)
                if not self._reconnect:
                    raise lost
                connection = await self._resume(reconnection)
        except ConnectionLost as final:
            if self._reconnect:
                self._tell_lost(final, False)
            self._why = final
            self._end(final)

    async def _resume(self, reconnection: Reconnection) -> Connection:
        while True:
            connection = await reconnection.again()
            try:
                await self._begin(connection)
            except ConnectionLost:
                continue
            self._dispatch(_own_event("connection_restored", {
                "restarted": self._protocol.restarted, "instance": self._protocol.instance}))
            return connection

    async def _read(self, connection: Connection) -> ConnectionLost:
        try:
            while True:
                self._take(await connection.receive())
        except ConnectionLost as lost:
            return lost

    def _tell_lost(self, lost: ConnectionLost, will_reconnect: bool) -> None:
        self._dispatch(_own_event("connection_lost", {
            "code": lost.code, "reason": lost.reason, "will_reconnect": will_reconnect}))

    def _lose(self, lost: ConnectionLost) -> None:
        self._connection = None
        self._why = lost
        self._protocol.lost()
        for future in list(self._pending.values()):
            if not future.done():
                future.set_exception(lost)

    def _end(self, error: Optional[ConnectionLost] = None) -> None:
        for stream in list(self._streams):
            stream.end(error)
        for queue in list(self._queues):
            queue.end(error)

    def _take(self, text: Union[str, bytes]) -> None:
        received = self._protocol.receive(text)
        if isinstance(received, Reply):
            self._settle(received)
        elif isinstance(received, Block):
            for stream in list(self._streams):
                stream.offer(received)
        elif isinstance(received, Told):
            self._follow_streams(received.event)
            self._dispatch(received.event)

    def _settle(self, reply: Reply) -> None:
        future = self._pending.get(reply.number)
        if future is None or future.done():
            return
        if isinstance(reply.outcome, CommandError):
            future.set_exception(reply.outcome)
        else:
            future.set_result(reply.outcome)

    def _follow_streams(self, event: Dict[str, Any]) -> None:
        name, data = event["event_type"], event["data"]
        for stream in list(self._streams):
            if name == "stream_started":
                stream.started(data["device_id"], data["sensors"])
            elif name == "stream_stopped" and not data["will_resume"]:
                stream.stopped(data["device_id"], data["sensors"])
            elif name == "device_info" and self._protocol.restarted:
                stream.forget()

    def _dispatch(self, event: Dict[str, Any]) -> None:
        for queue in list(self._queues):
            queue.put(event)  # type: ignore[arg-type]
        for handler in list(self._handlers.get(event["event_type"], [])):
            try:
                made = handler(event)
                if inspect.isawaitable(made):
                    self._keep(made)
            except Exception as error:  # the program's: the connection goes on
                self._complain(error)

    def _keep(self, made: Awaitable[Any]) -> None:
        async def handled() -> None:
            try:
                await made
            except Exception as error:
                self._complain(error)

        task = asyncio.ensure_future(handled())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _complain(error: Exception) -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a handler of linkband's events failed", "exception": error})


def connect(url: str = DEFAULT_URL, *, token: Optional[str] = None, reconnect: bool = True,
            open_timeout: float = 10.0, delay: Callable[[int], float] = delay) -> AsyncBand:
    """For `async with`: there NotReachable or Rejected is raised where the first connection can't be made.

    token: of the daemon's --token-file, None where it has none.
    reconnect: make a lost connection anew, until it is rejected; False: the first loss is final.
    open_timeout: seconds for one try, until the daemon has said who it is.
    delay: seconds before the next try, of the number of vain tries since the loss.
    """
    return AsyncBand(url, token, reconnect, open_timeout, delay)
