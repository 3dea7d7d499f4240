"""liblsl, by ctypes: of Lab Streaming Layer what an outlet of bands needs."""

import ctypes
import ctypes.util
import os
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..errors import Error

FLOAT32, STRING = 1, 3
IRREGULAR = 0.0
# Seconds of samples that the library keeps for a reader that falls behind.
BUFFERED_S = 360
NAMES = ("liblsl.so.2", "liblsl.so", "liblsl.so.1", "liblsl64.so")


class LslError(Error):
    """Lab Streaming Layer is not there, or refuses."""


SIGNATURES: Dict[str, Tuple[Any, List[Any]]] = {
    "lsl_library_version": (ctypes.c_int, []),
    "lsl_local_clock": (ctypes.c_double, []),
    "lsl_create_streaminfo": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double,
                                                ctypes.c_int, ctypes.c_char_p]),
    "lsl_destroy_streaminfo": (None, [ctypes.c_void_p]),
    "lsl_get_desc": (ctypes.c_void_p, [ctypes.c_void_p]),
    "lsl_get_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "lsl_get_source_id": (ctypes.c_char_p, [ctypes.c_void_p]),
    "lsl_get_uid": (ctypes.c_char_p, [ctypes.c_void_p]),
    "lsl_append_child": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
    "lsl_append_child_value": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "lsl_create_outlet": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
    "lsl_destroy_outlet": (None, [ctypes.c_void_p]),
    "lsl_push_sample_ftp": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_float), ctypes.c_double,
                                           ctypes.c_int]),
    "lsl_push_sample_strtp": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_double,
                                             ctypes.c_int]),
    "lsl_create_continuous_resolver_byprop": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_double]),
    "lsl_destroy_continuous_resolver": (None, [ctypes.c_void_p]),
    "lsl_resolver_results": (ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint]),
    "lsl_create_inlet": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]),
    "lsl_destroy_inlet": (None, [ctypes.c_void_p]),
    "lsl_open_stream": (None, [ctypes.c_void_p, ctypes.c_double, ctypes.POINTER(ctypes.c_int)]),
    "lsl_time_correction": (ctypes.c_double, [ctypes.c_void_p, ctypes.c_double, ctypes.POINTER(ctypes.c_int)]),
    "lsl_pull_sample_str": (ctypes.c_double, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int,
                                              ctypes.c_double, ctypes.POINTER(ctypes.c_int)]),
}


def load(path: Optional[str] = None) -> Any:
    """The library at `path`, else LINKBAND_LSL's, else the system's."""
    named = path or os.environ.get("LINKBAND_LSL")
    reasons = []
    found = ctypes.util.find_library("lsl")
    for name in [named] if named else [*NAMES, *([found] if found else [])]:
        try:
            library = ctypes.CDLL(name)
        except OSError as error:
            reasons.append(str(error))
            continue
        return declared(library, name)
    raise LslError("liblsl is not there (" + reasons[0] + "): install it (github.com/sccn/liblsl has packages) or name "
                   "the file by --library or LINKBAND_LSL")


def declared(library: Any, name: str) -> Any:
    for function, (result, arguments) in SIGNATURES.items():
        try:
            one = getattr(library, function)
        except AttributeError:
            raise LslError(f"{name} is no liblsl of 1.10 or newer: it has no {function}") from None
        one.restype, one.argtypes = result, arguments
    return library


class Channel:
    def __init__(self, label: str, unit: str, kind: str):
        self.label, self.unit, self.kind = label, unit, kind


class Outlet:
    """A stream that others find. Close it before the library is left."""

    def __init__(self, library: Any, name: str, kind: str, source_id: str, channels: Sequence[Channel], rate: float,
                 about: Dict[str, str]):
        self._library = library
        self._width = len(channels)
        info = library.lsl_create_streaminfo(name.encode(), kind.encode(), len(channels), rate,
                                             STRING if kind == "Markers" else FLOAT32, source_id.encode())
        if not info:
            raise LslError(f"liblsl makes no stream {name}")
        desc = library.lsl_get_desc(info)
        for key, value in about.items():
            library.lsl_append_child_value(desc, key.encode(), value.encode())
        all_ = library.lsl_append_child(desc, b"channels")
        for channel in channels:
            one = library.lsl_append_child(all_, b"channel")
            for key, value in (("label", channel.label), ("unit", channel.unit), ("type", channel.kind)):
                library.lsl_append_child_value(one, key.encode(), value.encode())
        self._outlet = library.lsl_create_outlet(info, 0, BUFFERED_S)
        library.lsl_destroy_streaminfo(info)
        if not self._outlet:
            raise LslError(f"liblsl opens no outlet for {name}")

    def push(self, rows: Sequence[Sequence[float]], stamps: Sequence[float]) -> None:
        for i, (row, stamp) in enumerate(zip(rows, stamps)):
            last = i == len(rows) - 1
            self._library.lsl_push_sample_ftp(self._outlet, (ctypes.c_float * self._width)(*row), stamp, last)

    def push_text(self, text: str, stamp: float) -> None:
        self._library.lsl_push_sample_strtp(self._outlet, (ctypes.c_char_p * 1)(text.encode()), stamp, 1)

    def close(self) -> None:
        outlet, self._outlet = self._outlet, None
        if outlet:
            self._library.lsl_destroy_outlet(outlet)


class MarkerSource:
    """Another program's stream of markers, read in a thread until `ended` says so."""

    WAIT_S = 0.2

    def __init__(self, library: Any, info: Any):
        self._library = library
        self._inlet = library.lsl_create_inlet(info, BUFFERED_S, 0, 1)
        if not self._inlet:
            raise LslError("liblsl opens no inlet")

    def read(self, ended: Callable[[], bool], take: Callable[[str, float], None]) -> None:
        """Calls take(label, stamp), the stamp on this host's LSL clock."""
        error = ctypes.c_int(0)
        text = (ctypes.c_char_p * 1)()
        while not ended():
            stamp = self._library.lsl_pull_sample_str(self._inlet, text, 1, self.WAIT_S, ctypes.byref(error))
            if stamp == 0:
                continue
            label = (text[0] or b"").decode("utf-8", "replace")
            correction = self._library.lsl_time_correction(self._inlet, 2.0, ctypes.byref(error))
            take(label, stamp + (correction if error.value == 0 else 0.0))
        self._library.lsl_destroy_inlet(self._inlet)
