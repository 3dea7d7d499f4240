"""The samples' UTC on Lab Streaming Layer's clock."""

import asyncio
import time
from typing import Any, Optional

from ..client import AsyncBand
from ..errors import ConnectionLost

TRIES = 9
# Between two askings while there is no connection.
RETRY_S = 0.2
# The daemon tells how far the samples' clock is off UTC to a thousandth of a millisecond.
ROUNDING_S = 0.5e-6


class Clock:
    """Between a stream's start and its end the daemon's clock of samples does not move against the host's, nor does
    LSL's: so what is between the two is measured at each start and then holds."""

    def __init__(self, library: Any):
        self._library = library
        self._offset_s: Optional[float] = None
        self.error_s = 0.0
        self.stale = True

    def _offset_of_utc(self) -> float:
        """LSL's clock less UTC, by the closest of some readings; half of what lay between is the error."""
        best = float("inf")
        offset = 0.0
        for _ in range(TRIES):
            before = self._library.lsl_local_clock()
            utc = time.time()
            after = self._library.lsl_local_clock()
            if after - before < best:
                best, offset = after - before, (before + after) / 2 - utc
        self.error_s = best / 2 + ROUNDING_S
        return offset

    async def settle(self, band: AsyncBand) -> bool:
        """True where it was measured anew."""
        if not self.stale and self._offset_s is not None:
            return False
        try:
            self.stale = False
            off_ms = (await band.get_streaming_status())["utc_error_ms"]
        except ConnectionLost:
            self.stale = True
            await asyncio.sleep(RETRY_S)
            return await self.settle(band) if self._offset_s is None else False
        self._offset_s = self._offset_of_utc() + (off_ms or 0.0) / 1e3
        return True

    def lsl_of(self, utc_ms: float) -> float:
        assert self._offset_s is not None
        return utc_ms / 1e3 + self._offset_s

    def utc_ms_of(self, lsl: float) -> float:
        assert self._offset_s is not None
        return (lsl - self._offset_s) * 1e3
