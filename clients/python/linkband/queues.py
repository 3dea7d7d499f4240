"""What waits for the program to take it: bounded, the oldest dropped and counted."""

import asyncio
import collections
from typing import AsyncIterator, Collection, Deque, Generic, Optional, Set, Tuple, TypeVar

from .blocks import Block

T = TypeVar("T")


class Queue(AsyncIterator[T], Generic[T]):
    """For one reader. Of what it didn't take the newest `limit` are kept; `dropped` counts the others."""

    def __init__(self, limit: int):
        if limit < 1:
            raise ValueError("limit is not allowed as given: it must be 1 or more")
        self.limit = limit
        self.dropped = 0
        self._items: Deque[T] = collections.deque()
        self._ended = False
        self._error: Optional[BaseException] = None
        self._waiter: Optional["asyncio.Future[None]"] = None

    def put(self, item: T) -> None:
        if self._ended:
            return
        self._items.append(item)
        if len(self._items) > self.limit:
            self.dropped += 1
            self._drop(self._items.popleft(), self._items)
        self._wake()

    def end(self, error: Optional[BaseException] = None) -> None:
        """Nothing comes any more: once what waits is taken, iterating ends, or raises the error."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    def _drop(self, item: T, rest: Deque[T]) -> None:
        """An item goes; the rest stays."""

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> "Queue[T]":
        return self

    async def __anext__(self) -> T:
        if self._waiter:
            raise RuntimeError("two tasks iterate over one stream: make one each")
        while not self._items:
            if self._error:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._items.popleft()


class Stream(Queue[Block]):
    """The blocks of some sensors. `lost` and `missed` are the sums of what the blocks taken so far told."""

    def __init__(self, sensors: Collection[str], kind: str, device_id: Optional[str], limit: int,
                 lasting: bool = False):
        super().__init__(limit)
        self.lasting = lasting
        self.sensors = frozenset(sensors)
        self.kind = kind
        self.device_id = device_id
        self.lost = 0
        self.missed = 0
        # Of which band and sensor something comes; and the sensors of which nothing has come or stopped yet.
        self._running: Set[Tuple[str, str]] = set()
        self._unheard = set(sensors)

    def _is_of(self, device_id: str) -> bool:
        return self.device_id in (None, device_id)

    def offer(self, block: Block) -> None:
        """Takes it if it is one of this stream's. Each stream has a block of its own, to count what was dropped."""
        if block.sensor in self.sensors and block.kind == self.kind and self._is_of(block.device_id):
            self.started(block.device_id, [block.sensor])
            self.put(Block(block.message, block.missed))

    def started(self, device_id: str, sensors: Collection[str]) -> None:
        """The band streams these sensors, maybe beside those of other bands."""
        if self._is_of(device_id):
            self._running.update((device_id, sensor) for sensor in self.sensors.intersection(sensors))
            self._unheard.difference_update(sensors)

    def stopped(self, device_id: str, sensors: Collection[str]) -> None:
        """These sensors' streams have ended for good; this one has where nothing of any band is left."""
        if self._is_of(device_id):
            self._running.difference_update((device_id, sensor) for sensor in sensors)
            self._unheard.difference_update(sensors)
            if not self._running and not self._unheard and not self.lasting:
                self.end()

    def forget(self) -> None:
        """What ran is not known any more: the daemon is another."""
        self._running.clear()

    def _drop(self, item: Block, rest: Deque[Block]) -> None:
        for following in rest:
            if (following.sensor, following.device_id) == (item.sensor, item.device_id):
                following.lost += item.lost
                following.missed += item.missed + 1
                return

    async def __anext__(self) -> Block:
        block = await super().__anext__()
        self.lost += block.lost
        self.missed += block.missed
        return block
