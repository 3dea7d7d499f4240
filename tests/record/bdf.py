"""A BDF+ file read without EDFlib: header, signals, annotations. Small on purpose: the independent witness."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Signal:
    label: str
    unit: str
    rate: float
    digital: np.ndarray
    physical: np.ndarray


@dataclasses.dataclass
class Bdf:
    start: str  # "dd.mm.yy hh.mm.ss"
    records: int
    seconds: float  # of one record
    signals: dict
    annotations: list  # (onset s, duration s or None, text)


def read(path):
    raw = path.read_bytes()
    assert raw[:8] == b"\xffBIOSEMI", "no BDF"
    text = lambda a, b: raw[a:b].decode("ascii").strip()
    records, seconds, count = int(text(236, 244)), float(text(244, 252)), int(text(252, 256))
    assert text(192, 236).startswith("BDF+C")
    at = 256
    fields = {}
    for name, width in [("label", 16), ("transducer", 80), ("unit", 8), ("pmin", 8), ("pmax", 8), ("dmin", 8),
                        ("dmax", 8), ("prefilter", 80), ("samples", 8), ("reserved", 32)]:
        fields[name] = [text(at + i * width, at + (i + 1) * width) for i in range(count)]
        at += count * width
    assert at == int(text(184, 192))
    sizes = [int(n) for n in fields["samples"]]
    assert len(raw) == at + records * 3 * sum(sizes), "size and header disagree"
    body = np.frombuffer(raw, np.uint8, offset=at).reshape(records, 3 * sum(sizes))
    signals, annotations = {}, []
    offset = 0
    for i, size in enumerate(sizes):
        part = body[:, offset:offset + 3 * size]
        offset += 3 * size
        if fields["label"][i] == "BDF Annotations":
            annotations += [one for row in part for one in talks(row.tobytes())]
            continue
        b = part.reshape(-1, 3).astype(np.int32)
        digital = b[:, 0] | b[:, 1] << 8 | b[:, 2] << 16
        digital = np.where(digital >= 1 << 23, digital - (1 << 24), digital)
        pmin, pmax, dmin, dmax = (float(fields[f][i]) for f in ("pmin", "pmax", "dmin", "dmax"))
        physical = (digital - dmin) * (pmax - pmin) / (dmax - dmin) + pmin
        signals[fields["label"][i]] = Signal(fields["label"][i], fields["unit"][i], size / seconds, digital, physical)
    return Bdf(text(168, 176) + " " + text(176, 184), records, seconds, signals, sorted(annotations, key=lambda a: a[0]))


def talks(row):
    """The annotations of one record's time-stamped annotation lists; the record's own time is left out."""
    for tal in row.split(b"\x00"):
        if not tal or b"\x14" not in tal:
            continue
        stamp, *texts = tal.split(b"\x14")
        onset, _, duration = stamp.partition(b"\x15")
        for text in texts:
            if text:
                yield float(onset), float(duration) if duration else None, text.decode("utf-8")
