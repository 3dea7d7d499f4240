"""One data message, its samples as columns."""

import functools
from typing import Any, Dict, List, Optional


@functools.lru_cache(maxsize=None)
def _numpy() -> Any:
    """Once columns are asked for: to import it takes as long as to connect, which linkbandctl need not wait for."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


# What data messages are called, and what they are.
KINDS = {"raw_data": "raw", "processed_data": "processed", "band_data": "bands"}

# A NumPy array where NumPy is installed, in which NaN is what was not known; else a list with None there.
Column = Any


def column(values: List[Any]) -> Column:
    numpy = _numpy()
    if numpy is None:
        return values
    if not values or None in values:
        return numpy.array(values, dtype=float)
    return numpy.array(values)


class Block:
    """A data message. `lost` samples are missing on the band's timeline just before it, `missed` messages did not get
    from the daemon to here, or were dropped here because nobody took them.

    `columns` of a raw one are its samples' fields, `timestamp` (Unix ms) among them; of others the arrays of
    their data. `values` is the message's `data` as it came.
    """

    __slots__ = ("message", "lost", "missed", "_columns")

    def __init__(self, message: Dict[str, Any], missed: int = 0):
        self.message = message
        self.lost: int = message["lost"]
        self.missed = missed
        self._columns: Optional[Dict[str, Column]] = None

    @property
    def kind(self) -> str:
        """`raw`, `processed` or `bands`."""
        return KINDS[self.message["type"]]

    @property
    def sensor(self) -> str:
        return str(self.message["sensor_type"])

    @property
    def device_id(self) -> str:
        return str(self.message["device_id"])

    @property
    def sample_rate(self) -> Optional[float]:
        """Hz, nominal; `message["sample_rate_measured"]` has the fitted one."""
        rate: Optional[float] = self.message["sample_rate"]
        return rate

    @property
    def values(self) -> Any:
        return self.message["data"]

    @property
    def columns(self) -> Dict[str, Column]:
        if self._columns is None:
            data = self.values
            if self.kind == "raw":
                self._columns = {key: column([sample[key] for sample in data]) for key in data[0]}
            else:
                self._columns = {key: column(value) for key, value in data.items() if isinstance(value, list)}
        return self._columns

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __len__(self) -> int:
        """The number of samples; of `bands` 1."""
        if self.kind == "bands":
            return 1
        return len(self.values if self.kind == "raw" else self.values["timestamps"])

    def __repr__(self) -> str:
        return f"<{self.kind} {self.sensor} of {self.device_id}: {len(self)} samples, seq {self.message['seq']}>"
