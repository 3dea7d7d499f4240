"""When a lost connection is made anew, and when not."""

import asyncio
import random
from typing import Awaitable, Callable

from .connection import Connection
from .errors import NotReachable

SHORTEST = 0.5
LONGEST = 30.0


def delay(tries: int) -> float:
    """Seconds before the next try after `tries` vain ones: between 0.5 s and twice as much each time, 30 s at most; at
    random, so that many clients of one daemon don't come back at once."""
    return random.uniform(SHORTEST, min(LONGEST, SHORTEST * 2.0 ** min(tries + 1, 10)))


class Reconnection:
    """Tries until a connection is made; what is Rejected (401, 403, 404) is not tried again, but raised."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], wait: Callable[[int], float]):
        self._connect = connect
        self._wait = wait

    async def again(self) -> Connection:
        tries = 0
        while True:
            await asyncio.sleep(self._wait(tries))
            try:
                return await self._connect()
            except NotReachable:
                tries += 1
