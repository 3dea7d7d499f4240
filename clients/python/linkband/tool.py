"""What the command line tools share: the options that all have, and how what goes wrong is told."""

import argparse
import asyncio
import contextlib
import os
import pathlib
import signal
import sys
from typing import Any, Awaitable, Callable, Coroutine, Optional, Sequence

from . import __version__
from .client import DEFAULT_URL, AsyncBand, connect
from .errors import CommandError, ConnectionLost, Error, Rejected

REFUSED, USAGE, NOT_REACHABLE, TOKEN, TIME_UP = 1, 2, 3, 4, 27


class Arguments(argparse.Namespace):
    url: str
    token: Optional[str]
    work: "Work"
    here: Optional["Here"] = None
    reconnect: bool = False
    program: str = "linkbandctl"


Work = Callable[[AsyncBand, Arguments], Awaitable[None]]
# What needs no daemon.
Here = Callable[[Arguments], None]


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--url", help=f"the daemon's WebSocket (LINKBAND_URL, else {DEFAULT_URL})")
    common.add_argument("--token-file", metavar="FILE", type=pathlib.Path,
                        help="the file with the daemon's token (else LINKBAND_TOKEN)")
    return common


async def start_each(band: AsyncBand) -> None:
    """Each band that is connected, now or later, is streamed, where it isn't."""
    events = band.events()
    while True:
        with contextlib.suppress(ConnectionLost):
            connected = [one["device_id"] for one in (await band.list_devices())["devices"]
                         if one["link"] == "connected" and one["device_id"]]
            streams = (await band.get_streaming_status(device_id=connected))["devices"] if connected else []
            idle = [one["device_id"] for one in streams if one["device_id"] and one["state"] == "idle"]
            if idle:
                await band.start_streaming(sensors=["eeg", "ppg", "acc"], device_id=idle)
        while (await events.__anext__())["event_type"] != "device_connected":
            pass


async def side_by_side(*works: Coroutine[Any, Any, None]) -> None:
    """Until the first of them ends, as that one does; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def parsed(whole: argparse.ArgumentParser, argv: Optional[Sequence[str]], program: str) -> Arguments:
    """Wrong usage, and a help text, end the program by themselves; whoever reads that may have gone, too."""
    whole.add_argument("--version", action="version", version=f"{program} {__version__}")
    try:
        try:
            return whole.parse_args(argv, Arguments())
        finally:
            flush()
    except BrokenPipeError:
        no_more_output()
        sys.exit(0)
    except OSError as error:
        say(str(error), program)
        no_more_output()
        sys.exit(REFUSED)


def token_of(arguments: Arguments) -> Optional[str]:
    file = getattr(arguments, "token_file", None)
    return file.read_text().strip() if file else os.environ.get("LINKBAND_TOKEN") or None


async def run(arguments: Arguments) -> None:
    band = connect(arguments.url, token=arguments.token, reconnect=arguments.reconnect)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task
    loop.add_signal_handler(signal.SIGTERM, task.cancel)

    async def work() -> None:
        async with band:
            await arguments.work(band, arguments)

    # Not wait_for() without a limit: then this task's own exceptions pass untouched.
    await asyncio.wait_for(work(), getattr(arguments, "seconds", None))


def say(words: str, program: str = Arguments.program) -> None:
    """Closed from the start, stderr is none; then print() would take stdout."""
    if not sys.stderr:
        return
    with contextlib.suppress(OSError):
        print(f"{program}: {words}", file=sys.stderr, flush=True)


def flush() -> None:
    if sys.stdout:
        sys.stdout.flush()


def no_more_output() -> None:
    """Whoever read has gone, or is full: what is still buffered must not be tried again at exit."""
    if not sys.stdout:
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def carried_out(arguments: Arguments) -> int:
    try:
        if arguments.here:
            arguments.here(arguments)
        else:
            asyncio.run(run(arguments))
        flush()
        return 0
    except CommandError as error:
        say(f"{error.code}: {error.message}", arguments.program)
        return REFUSED
    except Rejected as error:
        say(str(error), arguments.program)
        return TOKEN if error.status == 401 else NOT_REACHABLE
    except ConnectionLost as error:
        say(str(error), arguments.program)
        return NOT_REACHABLE
    except Error as error:
        say(str(error), arguments.program)
        return REFUSED
    except asyncio.TimeoutError:
        say(f"time is up after {arguments.seconds:g} s", arguments.program)
        return TIME_UP
    except BrokenPipeError:
        no_more_output()
        return 0
    except OSError as error:
        say(str(error), arguments.program)
        no_more_output()
        return REFUSED
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def carry_out(whole: argparse.ArgumentParser, arguments: Arguments) -> int:
    """The exit status; wrong usage ends the program by itself."""
    arguments.url = getattr(arguments, "url", None) or os.environ.get("LINKBAND_URL") or DEFAULT_URL
    try:
        arguments.token = token_of(arguments)
    except OSError as error:
        whole.error(f"--token-file: {error}")
    try:
        return carried_out(arguments)
    except ValueError as error:
        whole.error(str(error))
