"""linkband-osc: what the daemon computes of bands, as Open Sound Control over UDP."""

import argparse
import contextlib
import datetime
import socket
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from ..blocks import Block
from ..client import AsyncBand
from ..tool import Arguments, carry_out, common_options, parsed, positive, side_by_side, start_each
from .encoder import message

PROGRAM = "linkband-osc"
BANDS = ("delta", "theta", "alpha", "beta", "gamma")
DEFAULT = "127.0.0.1:9000"

Sent = Tuple[str, List[float]]


def known(values: Sequence[Optional[float]]) -> Optional[List[float]]:
    """None where one is not known: what was sent last would else be taken for now."""
    return [float(value) for value in values if value is not None] if None not in values else None


def of_eeg(data: Dict[str, Any], now_ms: float) -> Iterator[Sent]:
    for channel in ("ch1", "ch2"):
        for name, key in (("bands", "band_powers"), ("relative", "relative_powers")):
            values = known([data[f"{channel}_{key}"][band] for band in BANDS])
            if values:
                yield f"/eeg/{channel}/{name}", values
    for blink_ms in data["blinks"]:
        yield "/blink", [(now_ms - blink_ms) / 1e3]


def of_ppg(data: Dict[str, Any], _: float) -> Iterator[Sent]:
    values = known([data["bpm"]])
    if values:
        yield "/bpm", values


def of_acc(data: Dict[str, Any], _: float) -> Iterator[Sent]:
    values = known([data["nod"], data["tilt"]])
    if values:
        yield "/tilt", values


MAKERS = {"eeg": of_eeg, "ppg": of_ppg, "acc": of_acc}


def unix_ms(iso: str) -> float:
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() * 1e3


def messages(block: Block) -> Iterator[bytes]:
    for address, values in MAKERS[block.sensor](block.values, unix_ms(block.message["timestamp"])):
        yield message(f"/linkband/{block.device_id}{address}", *values)


async def send(band: AsyncBand, to: socket.socket) -> None:
    async for block in band.stream("eeg", "ppg", "acc", kind="processed", lasting=True):
        for one in messages(block):
            # Nobody listens there yet, or the way is full: the next one is newer.
            with contextlib.suppress(ConnectionRefusedError, BlockingIOError):
                to.send(one)


async def work(band: AsyncBand, arguments: Arguments) -> None:
    works = [send(band, arguments.socket)]
    if arguments.start:
        works.append(start_each(band))
    await side_by_side(*works)


def destination(text: str) -> socket.socket:
    host, _, port = text.rpartition(":")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", int(port),
                                                                type=socket.SOCK_DGRAM)[0]
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no HOST:PORT: {error}") from None
    to = socket.socket(family, kind, protocol)
    to.connect(address)
    to.setblocking(False)
    return to


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog=PROGRAM, parents=[common_options()],
        description="Sends what is computed of Link Bands as Open Sound Control, each below /linkband/<device_id>: "
                    "/eeg/ch1/bands and /eeg/ch2/bands (uV^2: delta, theta, alpha, beta, gamma), /eeg/ch1/relative and "
                    "/eeg/ch2/relative (0 to 1, the same), /blink (s since its peak), /bpm, /tilt (degrees: nod, "
                    "tilt). What is not known is not sent.",
        epilog="exit status: 0 done, 1 refused, 2 usage, 3 not reachable, 4 token, 27 time is up")
    whole.add_argument("socket", metavar="HOST:PORT", nargs="?", type=destination, default=DEFAULT,
                       help=f"who listens, over UDP ({DEFAULT})")
    whole.add_argument("--start", action="store_true", help="stream each band that is connected, where nothing streams")
    whole.add_argument("-W", dest="seconds", metavar="S", type=positive, help="end after S seconds, with status 27")
    return whole


def main(argv: Optional[Sequence[str]] = None) -> int:
    whole = parser()
    arguments = parsed(whole, argv, PROGRAM)
    arguments.program, arguments.work, arguments.reconnect = PROGRAM, work, True
    return carry_out(whole, arguments)
