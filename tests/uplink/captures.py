"""A band's segments as one capture, and what linkbandd computes of it: what a consumer of `.processed` has to have."""

import json
import re
import subprocess

from servers import BUILD

TIMED = re.compile(r"^(#! stream |#! link up |#! link down |)(\d+)\.(\d{6})(.*)$", re.S)


def heads(text):
    """(head's lines, records' lines) of a segment."""
    lines = text[: text.rindex("\n") + 1].splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("#! record "))
    return lines[:at], lines[at + 1 :]


def shifted(line, by):
    """The line at the first segment's time; `#! link up` tells the band's and the host's besides."""
    match = TIMED.match(line)
    if not match:
        return line
    kind, whole, fraction, rest = match.groups()
    at = int(whole) * 1000000 + int(fraction) + by
    if kind == "#! link up ":
        boot, utc = rest.split()
        rest = f" {int(boot) + by} {utc}\n"
    return f"{kind}{at // 1000000}.{at % 1000000:06d}{rest}"


def joined(segments):
    """Texts in their order, of one run of the daemon, as one capture: the first one's head, every record at its time."""
    begun, before = 0, heads(segments[0])[0]
    out = list(before)
    for text in segments:
        head, records = heads(text)
        begun, before = begun + apart(before, head), head
        out += [shifted(line, begun) for line in records]
    return "".join(out)


def apart(head, other):
    """µs from one segment's second 0 to the other's, by an instant that both tell: the connection's anchor, else the zero of
    the band's clock, which a connection leaves as it is (the eighth word of its state)."""
    (boot, utc), (other_boot, other_utc) = (words(one, "#! link up ")[-2:] for one in (head, other))
    if utc != other_utc:
        boot, other_boot = (words(one, "#! clock ")[9] for one in (head, other))
    return int(boot) - int(other_boot)


def words(head, begin):
    return next(line for line in head if line.startswith(begin)).split()


def process(path, *more):
    """{kind: messages without seq}, as `linkbandd process` tells them."""
    done = subprocess.run([BUILD / "linkbandd", "process", path, *more], capture_output=True, text=True, check=True)
    return by_kind(done.stdout)


def by_kind(text):
    told = {"raw_data": [], "processed_data": []}
    for line in text.splitlines():
        message = json.loads(line)
        message.pop("seq", None)
        told[message["type"]].append(message)
    return {"samples": told["raw_data"], "processed": told["processed_data"]}
