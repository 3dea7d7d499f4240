"""linkbandctl: a band at the command line. Data go to stdout, words to stderr."""

import argparse
import pathlib
from typing import List, Optional, Sequence

from ..tool import Arguments, Here, Work, carry_out, common_options, parsed, positive
from . import commands, datasets, recordings

SENSORS = ("eeg", "ppg", "acc", "bat")
FORMATS = ("csv", "bdf", "jsonl")


def some_of(names: Sequence[str]) -> "type":
    """The type of an argument that names some, with commas between."""
    def parse(text: str) -> List[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in names:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {','.join(names)}")
        return chosen

    return parse  # type: ignore[return-value]


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def parser() -> argparse.ArgumentParser:
    common = common_options()
    whole = argparse.ArgumentParser(
        prog="linkbandctl", description="A Link Band at the command line, through linkbandd.", parents=[common],
        epilog="exit status: 0 done, 1 refused, 2 usage, 3 not reachable, 4 token, 27 time is up; see linkbandctl(1)")
    subcommands = whole.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")

    def add(under: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, work: Work,
            words: str) -> argparse.ArgumentParser:
        one = under.add_parser(name, help=words, description=words, parents=[common])
        one.set_defaults(work=work)
        return one

    def local(name: str, here: Here, words: str) -> argparse.ArgumentParser:
        one = subcommands.add_parser(name, help=words, description=words, parents=[common])
        one.set_defaults(here=here)
        return one

    def group(name: str, words: str) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
        one = subcommands.add_parser(name, help=words, description=words)
        return one.add_subparsers(dest=name, required=True, metavar="COMMAND")

    def json(one: argparse.ArgumentParser) -> None:
        one.add_argument("--json", action="store_true", help="as one line of JSON")

    def wait(one: argparse.ArgumentParser) -> None:
        one.add_argument("-W", dest="seconds", metavar="S", type=positive, help="end after S seconds, with status 27")

    def device(one: argparse.ArgumentParser) -> None:
        one.add_argument("--device", metavar="ID", help="of this band, where there are several")

    def session(one: argparse.ArgumentParser) -> None:
        one.add_argument("--name", help="the session's name")
        one.add_argument("--sensors", type=some_of(SENSORS), metavar="LIST", help="of eeg,ppg,acc,bat (all)")
        one.add_argument("--formats", type=some_of(FORMATS), metavar="LIST", help="of csv,bdf,jsonl (csv,bdf)")
        one.add_argument("--participant", metavar="P", help="whose data it is, for session.json")
        one.add_argument("--task", metavar="T", help="what is done, for session.json")
        one.add_argument("--notes", metavar="TEXT", help="for session.json")

    json(add(subcommands, "status", commands.status, "tell what the daemon is at"))
    one = add(subcommands, "scan", commands.scan, "list the bands that advertise, the strongest first")
    one.add_argument("-d", dest="duration", metavar="S", type=positive, default=5, help="for S seconds, 1 to 60 (5)")
    json(one)
    one = add(subcommands, "connect", commands.connect_bands, "connect bands, without ID the strongest in reach")
    one.add_argument("ids", nargs="*", metavar="ID", help="its device_id or address")
    one = add(subcommands, "disconnect", commands.disconnect_bands, "let bands go, without ID each")
    one.add_argument("ids", nargs="*", metavar="ID", help="its device_id or address")

    one = add(subcommands, "stream", commands.stream, "print the samples; where nothing streams, start that meanwhile")
    one.add_argument("--sensors", type=some_of(SENSORS), metavar="LIST", help="of eeg,ppg,acc,bat (all that stream)")
    device(one)
    one.add_argument("-n", dest="lines", metavar="N", type=count, help="end after N lines")
    wait(one)
    form = one.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a message a line (so it is)")
    form.add_argument("--csv", action="store_true", help="a sample a line, of one sensor and band")

    under = group("record", "make a recording")
    one = add(under, "start", recordings.start, "begin one and print its session_id")
    session(one)
    device(one)
    one.add_argument("--duration", metavar="S", type=positive, help="for S seconds")
    one = add(under, "stop", recordings.stop, "end it, wait for its files and print its session_id")
    wait(one)
    json(add(under, "status", recordings.status, "tell of the running one, else of the last"))

    one = add(subcommands, "keep", recordings.keep, "make a recording of what has just been and print its session_id")
    one.add_argument("minutes", metavar="MINUTES", nargs="?", type=positive, help="so far back (all that is kept)")
    session(one)
    device(one)
    wait(one)

    under = group("recordings", "what has been recorded")
    json(add(under, "ls", recordings.ls, "list them, newest first"))
    one = add(under, "get", recordings.get, "copy one here, into a folder of its session_id")
    one.add_argument("session", metavar="SESSION")
    one.add_argument("files", nargs="*", metavar="FILE", help="only these files of it")
    one.add_argument("-o", dest="directory", metavar="DIR", type=pathlib.Path, default=pathlib.Path("."),
                     help="the folder is made in DIR")
    one = add(under, "rm", recordings.rm, "delete some")
    one.add_argument("sessions", nargs="+", metavar="SESSION")

    one = local("bids", datasets.bids, "add recordings to a dataset as BIDS-EEG wants it; asks no daemon")
    one.add_argument("dataset", metavar="DATASET", type=pathlib.Path, help="its folder, begun where it isn't there yet")
    one.add_argument("sessions", metavar="SESSION", nargs="+", type=pathlib.Path, help="the folder of a recording")
    one.add_argument("--task", metavar="T", help="letters and digits (what the recording was begun with)")
    one.add_argument("--subject", metavar="S", help="letters and digits (the recording's participant)")

    one = add(subcommands, "mark", commands.mark, "set a marker and print its time (Unix ms)")
    one.add_argument("label", metavar="LABEL")
    device(one)
    one = add(subcommands, "events", commands.events, "print each event as a line of JSON")
    one.add_argument("-n", dest="lines", metavar="N", type=count, help="end after N lines")
    wait(one)
    one = add(subcommands, "wait", commands.wait, "wait for a band")
    one.add_argument("state", choices=("connected", "streaming"))
    device(one)
    wait(one)
    return whole


def main(argv: Optional[Sequence[str]] = None) -> int:
    whole = parser()
    arguments = parsed(whole, argv, Arguments.program)
    if getattr(arguments, "csv", False) and len(arguments.sensors or ()) != 1:
        whole.error("--csv needs one sensor, for each has columns of its own: --sensors eeg")
    return carry_out(whole, arguments)
