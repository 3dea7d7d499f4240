"""linkband-lsl: bands as streams of Lab Streaming Layer, markers both ways."""

import argparse
import asyncio
import contextlib
import ctypes
import threading
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..blocks import Block
from ..client import AsyncBand
from ..errors import CommandError, ConnectionLost
from ..tool import Arguments, carry_out, common_options, parsed, positive, say, side_by_side, start_each
from .clock import Clock
from .library import IRREGULAR, Channel, LslError, MarkerSource, Outlet, load

PROGRAM = "linkband-lsl"
OURS = "linkband_"
COUNTS_A_G = 16384.0
# Blocks held while the library or the daemon takes its time.
BLOCKS_HELD = 4096
RESOLVE_S = 1.0
FORGET_S = 10.0
SOURCES_MAX = 32

CHANNELS: Dict[str, Tuple[str, List[Channel]]] = {
    "eeg": ("EEG", [Channel("ch1", "microvolts", "EEG"), Channel("ch2", "microvolts", "EEG"),
                    Channel("leadoff_ch1", "1: off", "Misc"), Channel("leadoff_ch2", "1: off", "Misc")]),
    "ppg": ("PPG", [Channel("red", "counts", "PPG"), Channel("ir", "counts", "PPG")]),
    "acc": ("Accelerometer", [Channel("x", "g", "ACC"), Channel("y", "g", "ACC"), Channel("z", "g", "ACC")]),
}


def row_of(sensor: str, sample: Dict[str, Any]) -> List[float]:
    values = [float(sample[channel.label]) for channel in CHANNELS[sensor][1]]
    return [value / COUNTS_A_G for value in values] if sensor == "acc" else values


class Bridge:
    def __init__(self, library: Any, band: AsyncBand):
        self.library = library
        self.band = band
        self.clock = Clock(library)
        self.outlets: Dict[Tuple[str, str], Outlet] = {}
        self.markers = Outlet(library, "LinkBand Markers", "Markers", OURS + "markers",
                              [Channel("label", "", "Marker")], IRREGULAR, {"manufacturer": "linkbandd"})
        self.own: List[Tuple[str, float]] = []
        for event in ("device_connected", "stream_started", "clock_stepped", "connection_restored"):
            band.on(event, self._clock_is_stale)

    def _clock_is_stale(self, _: object) -> None:
        self.clock.stale = True

    async def settled(self) -> Clock:
        if await self.clock.settle(self.band):
            say(f"stamps are the samples' times on LSL's clock to ±{self.clock.error_s * 1e3:.3f} ms, and by what the "
                "clocks of the two hosts differ where the daemon runs on another", PROGRAM)
        return self.clock

    def outlet(self, block: Block) -> Outlet:
        key = (block.device_id, block.sensor)
        if key not in self.outlets:
            kind, channels = CHANNELS[block.sensor]
            about = {"manufacturer": "Link Band", "device_id": block.device_id,
                     "clock_error_s": f"{self.clock.error_s:.7f}"}
            self.outlets[key] = Outlet(self.library, f"LinkBand {block.device_id}", kind,
                                       f"{OURS}{block.device_id}_{block.sensor}", channels,
                                       block.sample_rate or IRREGULAR, about)
            say(f"stream LinkBand {block.device_id}, type {kind}", PROGRAM)
        return self.outlets[key]

    async def samples(self) -> None:
        """A hole stays one: nothing is pushed for what is missing."""
        async for block in self.band.stream("eeg", "ppg", "acc", limit=BLOCKS_HELD, lasting=True):
            clock = await self.settled()
            self.outlet(block).push([row_of(block.sensor, sample) for sample in block.values],
                                    [clock.lsl_of(sample["timestamp"]) for sample in block.values])
            if block.missed:
                say(f"{block.missed} messages of {block.sensor} were lost between daemon and here", PROGRAM)

    async def markers_out(self) -> None:
        async for event in self.band.events():
            if event["event_type"] != "marker":
                continue
            data: Any = event["data"]
            clock = await self.settled()
            # What came from LSL is there already.
            taken = (data["label"], round(data["timestamp"], 3))
            if taken in self.own:
                self.own.remove(taken)
            else:
                self.markers.push_text(data["label"], clock.lsl_of(data["timestamp"]))

    async def marker_in(self, label: str, stamp: float) -> None:
        clock = await self.settled()
        utc_ms = round(clock.utc_ms_of(stamp), 3)
        text = label.encode()[:256].decode("utf-8", "ignore") or "marker"
        taken = (text, utc_ms)
        self.own.append(taken)
        try:
            await self.band.insert_marker(text, timestamp=utc_ms)
        except (CommandError, ConnectionLost) as error:
            self.own.remove(taken)
            say(f"the marker {label!r} is not set: {error}", PROGRAM)

    def close(self) -> None:
        for outlet in [self.markers, *self.outlets.values()]:
            outlet.close()


class MarkersFrom:
    """Looks for other programs' streams of markers, and reads each in a thread of its own."""

    def __init__(self, bridge: Bridge, names: Sequence[str]):
        self._bridge = bridge
        self._names = names
        self._ended = threading.Event()
        self._threads: Dict[bytes, threading.Thread] = {}
        self._resolver = bridge.library.lsl_create_continuous_resolver_byprop(b"type", b"Markers", FORGET_S)
        if not self._resolver:
            raise LslError("liblsl resolves nothing here")

    def _look(self) -> None:
        library = self._bridge.library
        found = (ctypes.c_void_p * SOURCES_MAX)()
        count = library.lsl_resolver_results(self._resolver, found, SOURCES_MAX)
        for info in found[:max(count, 0)]:
            name = library.lsl_get_name(info).decode("utf-8", "replace")
            uid = library.lsl_get_uid(info)
            ours = library.lsl_get_source_id(info).startswith(OURS.encode())
            if not ours and uid not in self._threads and ("any" in self._names or name in self._names):
                say(f"markers are taken from {name}", PROGRAM)
                self._read(uid, MarkerSource(library, info))
            library.lsl_destroy_streaminfo(info)

    def _read(self, uid: bytes, source: MarkerSource) -> None:
        loop = asyncio.get_running_loop()

        def take(label: str, stamp: float) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                asyncio.run_coroutine_threadsafe(self._bridge.marker_in(label, stamp), loop)

        thread = threading.Thread(target=source.read, args=(self._ended.is_set, take), daemon=True)
        self._threads[uid] = thread
        thread.start()

    async def run(self) -> None:
        try:
            while True:
                self._look()
                await asyncio.sleep(RESOLVE_S)
        finally:
            self._ended.set()
            for thread in self._threads.values():
                thread.join()
            self._bridge.library.lsl_destroy_continuous_resolver(self._resolver)


async def work(band: AsyncBand, arguments: Arguments) -> None:
    bridge = Bridge(arguments.loaded, band)
    works = [bridge.samples(), bridge.markers_out()]
    if arguments.markers_from:
        works.append(MarkersFrom(bridge, arguments.markers_from).run())
    if arguments.start:
        works.append(start_each(band))
    try:
        await side_by_side(*works)
    finally:
        bridge.close()


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog=PROGRAM, parents=[common_options()],
        description="Gives what streams of Link Bands to Lab Streaming Layer: a stream a sensor and band, named "
                    "LinkBand <device_id>, and LinkBand Markers. It goes on through lost bands and daemon restarts.",
        epilog="exit status: 0 done, 1 refused, 2 usage, 3 not reachable, 4 token, 27 time is up")
    whole.add_argument("--library", metavar="FILE", help="liblsl (LINKBAND_LSL, else the system's)")
    whole.add_argument("--markers-from", metavar="NAME", action="append", default=[],
                       help="set the markers of this LSL stream in linkbandd, too; `any`: of each of type Markers")
    whole.add_argument("--start", action="store_true", help="stream each band that is connected, where nothing streams")
    whole.add_argument("-W", dest="seconds", metavar="S", type=positive, help="end after S seconds, with status 27")
    return whole


def main(argv: Optional[Sequence[str]] = None) -> int:
    whole = parser()
    arguments = parsed(whole, argv, PROGRAM)
    arguments.program, arguments.work, arguments.reconnect = PROGRAM, work, True
    try:
        arguments.loaded = load(arguments.library)
    except LslError as error:
        say(str(error), PROGRAM)
        return 1
    return carry_out(whole, arguments)
