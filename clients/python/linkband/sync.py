"""A band for programs without asyncio: notebooks, PsychoPy."""

import asyncio
import threading
from typing import Any, Callable, Coroutine, Dict, Generic, Iterator, Literal, Mapping, Optional, TypeVar

from ._generated import BlockingCommands, DeviceInfo, Sensor
from .blocks import Block
from .client import DEFAULT_URL, AnyEvent, Handler, connect
from .errors import ConnectionLost
from .queues import Queue, Stream

T = TypeVar("T")


class Iteration(Iterator[T], Generic[T]):
    """Waits for each next one; `source` counts what was lost, missed and dropped."""

    def __init__(self, source: Queue[T], band: "Band"):
        self.source = source
        self._band = band

    async def _next(self) -> Optional[T]:
        try:
            return await self.source.__anext__()
        except StopAsyncIteration:
            return None

    def __next__(self) -> T:
        item = self._band._wait(self._next())
        if item is None:
            raise StopIteration
        return item


class Band(BlockingCommands):
    """As connect() gives it, but each method waits. Handlers of `on` run in a thread of its own; don't call the band's
    methods from there. Close it, or use it with `with`."""

    def __init__(self, url: str = DEFAULT_URL, *, token: Optional[str] = None, reconnect: bool = True,
                 open_timeout: float = 10.0):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="linkband", daemon=True)
        self._thread.start()
        self._band = connect(url, token=token, reconnect=reconnect, open_timeout=open_timeout)
        self._closed = False
        try:
            self._wait(self._band.__aenter__())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Band":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._closed:
            return
        self._wait(self._band.close())
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connected(self) -> bool:
        return self._band.connected

    @property
    def device_info(self) -> DeviceInfo:
        return self._band.device_info

    @property
    def devices(self) -> Dict[str, DeviceInfo]:
        return self._band.devices

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        return self._band.on(name, handler)

    def events(self, *, limit: int = 1024) -> Iteration[AnyEvent]:
        async def make() -> Queue[AnyEvent]:
            return self._band.events(limit=limit)

        return Iteration(self._wait(make()), self)

    def stream(self, *sensors: Sensor, kind: Literal["raw", "processed", "bands"] = "raw",
               device_id: Optional[str] = None, limit: int = 256, lasting: bool = False) -> Iteration[Block]:
        async def make() -> Stream:
            return self._band.stream(*sensors, kind=kind, device_id=device_id, limit=limit, lasting=lasting)

        return Iteration(self._wait(make()), self)

    def _command(self, name: str, parameters: Mapping[str, object]) -> object:
        return self._wait(self._band._command(name, parameters))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise ConnectionLost(1000, "closed by this program")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise
