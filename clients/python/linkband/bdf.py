"""session.bdf as it is: its header, annotations and samples, each signal at its own rate."""

import datetime
import pathlib
import re
from typing import Any, BinaryIO, List, NamedTuple, Tuple

ANNOTATIONS = "BDF Annotations"
# Of a sample, bytes: 24 bits, signed, little-endian.
WIDTH = 3
# What the header has of each signal, in this order, and how many bytes.
FIELDS = (("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8),
          ("digital_min", 8), ("digital_max", 8), ("prefilter", 80), ("samples", 8), ("reserved", 32))
TAL = re.compile(rb"([+-][0-9.]+)(?:\x15([0-9.]*))?((?:\x14[^\x14\x00]+)*)\x14\x00")


class Signal(NamedTuple):
    label: str
    unit: str
    physical_min: float
    physical_max: float
    digital_min: float
    digital_max: float
    first: int
    """Where it begins in a record, in samples."""
    samples: int
    """Of a record."""

    @property
    def scale(self) -> float:
        return (self.physical_max - self.physical_min) / (self.digital_max - self.digital_min)


class Annotation(NamedTuple):
    onset: float
    duration: float
    text: str


class Bdf(NamedTuple):
    path: pathlib.Path
    start: datetime.datetime
    records: int
    seconds: float
    """Of a record."""
    begin: int
    """Of the first record, in bytes."""
    width: int
    """Of a record, in samples."""
    signals: Tuple[Signal, ...]

    @property
    def duration(self) -> float:
        return self.records * self.seconds

    def rate(self, signal: Signal) -> float:
        return signal.samples / self.seconds

    @property
    def data(self) -> List[Signal]:
        return [signal for signal in self.signals if signal.label != ANNOTATIONS]

    def annotations(self) -> List[Annotation]:
        found = []
        places = [signal for signal in self.signals if signal.label == ANNOTATIONS]
        with open(self.path, "rb") as file:
            for record in range(self.records):
                for place in places:
                    file.seek(self.begin + (record * self.width + place.first) * WIDTH)
                    found += annotations_of(file.read(place.samples * WIDTH))
        return sorted(found)

    def read(self, signal: Signal) -> Any:
        """All its samples in its unit, a NumPy array."""
        import numpy

        raw = numpy.memmap(self.path, dtype=numpy.uint8, mode="r", offset=self.begin,
                           shape=(self.records, self.width, WIDTH))
        part: Any = raw[:, signal.first:signal.first + signal.samples].reshape(-1, WIDTH).astype(numpy.int32)
        digital = part[:, 0] | part[:, 1] << 8 | part[:, 2] << 16
        digital -= (digital & 1 << 23) << 1
        return (digital - signal.digital_min) * signal.scale + signal.physical_min


def annotations_of(texts: bytes) -> List[Annotation]:
    """Of one signal's part of a record; the one without text only tells the record's time."""
    found = []
    for onset, duration, labels in TAL.findall(texts):
        for label in labels.split(b"\x14")[1:]:
            found.append(Annotation(float(onset), float(duration or 0), label.decode("utf-8", "replace")))
    return found


def text_of(file: BinaryIO, size: int) -> str:
    return file.read(size).decode("ascii", "replace").strip()


def open_bdf(path: pathlib.Path) -> Bdf:
    with open(path, "rb") as file:
        if file.read(8) != b"\xffBIOSEMI":
            raise ValueError(f"{path} is no BDF")
        file.seek(168)
        start = datetime.datetime.strptime(text_of(file, 16), "%d.%m.%y%H.%M.%S").replace(tzinfo=datetime.timezone.utc)
        begin = int(text_of(file, 8))
        file.seek(236)
        records, seconds, count = int(text_of(file, 8)), float(text_of(file, 8)), int(text_of(file, 4))
        columns = {name: [text_of(file, size) for _ in range(count)] for name, size in FIELDS}
    # EDF's years: 85 to 99 are of the last century.
    if start.year >= 2085:
        start = start.replace(year=start.year - 100)
    elif start.year < 1985:
        start = start.replace(year=start.year + 100)
    signals: List[Signal] = []
    width = 0
    for i in range(count):
        low, high = float(columns["physical_min"][i]), float(columns["physical_max"][i])
        digital_low, digital_high = float(columns["digital_min"][i]), float(columns["digital_max"][i])
        samples = int(columns["samples"][i])
        signals.append(Signal(columns["label"][i], columns["unit"][i], low, high, digital_low, digital_high,
                              width, samples))
        width += samples
    return Bdf(path, start, records, seconds, begin, width, tuple(signals))
