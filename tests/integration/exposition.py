"""A strict reader of Prometheus' text format 0.0.4: what its specification doesn't allow is an AssertionError."""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (\S+)")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


def number(text):
    assert re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]Inf|NaN", text), text
    return float(text.replace("Inf", "inf"))


def base_name(name, families):
    """The family that a sample belongs to."""
    for suffix in ("_bucket", "_sum", "_count"):
        stem = name.removesuffix(suffix)
        if stem != name and families.get(stem, {}).get("type") == "histogram":
            return stem
    return name


def check_histogram(name, samples):
    buckets = [(number(dict(labels)["le"]), value) for (n, labels), value in samples.items() if n == f"{name}_bucket"]
    bounds, counts = zip(*buckets)
    assert list(bounds) == sorted(set(bounds)) and bounds[-1] == math.inf, name
    assert list(counts) == sorted(counts), f"{name} is cumulative"
    assert counts[-1] == samples[f"{name}_count", ()], name
    assert samples[f"{name}_sum", ()] >= 0


def parse(text):
    """{family: {"type", "help", "samples": {(name, ((label, value), …)): number}}}"""
    families, current = {}, None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert line and "\r" not in line and line == line.strip()
        if comment := re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line):
            kind, name, rest = comment.groups()
            if kind == "HELP":
                assert name not in families, f"{name}: one HELP, its lines in one group"
                families[name] = current = {"name": name, "help": rest, "type": None, "samples": {}}
            else:
                assert current["name"] == name and current["type"] is None and not current["samples"], name
                assert rest in TYPES, rest
                current["type"] = rest
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        name, labels = sample.group(1), tuple((m[1], m[2]) for m in re.finditer(LABEL, sample.group(2) or ""))
        assert base_name(name, families) == current["name"], f"{line}: outside its group"
        assert len(dict(labels)) == len(labels) and (name, labels) not in current["samples"], f"{line}: twice"
        value = number(sample.group(5))
        current["samples"][name, labels] = value
        if current["type"] == "counter":
            assert name.endswith("_total") and value >= 0, line
    for name, family in families.items():
        assert family["type"], name
        if family["type"] == "histogram":
            check_histogram(name, family["samples"])
    return families
