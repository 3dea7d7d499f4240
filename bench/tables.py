"""bench/run's figures as Markdown."""

NOTHING = "–"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def key(row):
    return row["bands"], row["clients"], row["notify"] != "start", row["relay"] == "python", row["relay"]


def merged(found):
    """A row a cell, of all parts that measured it."""
    rows = {}
    for part in ("latency", "calls", "instructions"):
        for row in found.get(part, []):
            cell = rows.setdefault(key(row), {name: row[name] for name in ("relay", "notify", "bands", "clients")})
            cell.update({"calls": row["all"]} if part == "calls" else row)
    return [rows[at] for at in sorted(rows)]


def milliseconds(found):
    return f"{found['p50_ms']:.2f} / {found['p99_ms']:.2f} / {found['max_ms']:.1f}" if found else NOTHING


def number(row, name, form, scale=1.0):
    return NOTHING if row.get(name) is None else format(row[name] * scale, form)


def relays(found):
    head = ["relay", "notify", "bands", "clients", "raw ms, p50 / p99 / max", "processed ms", "CPU %", "wake-ups/s", "MB",
            "calls a packet", "k instructions a packet", "allocations a message", "left out"]
    rows = [[r["relay"], r["notify"], r["bands"], r["clients"], milliseconds(r.get("raw")), milliseconds(r.get("processed")),
             number(r, "cpu_percent", ".2f"), number(r, "sleeps_a_second", ".0f"), number(r, "memory_kb", ".0f", 1 / 1024),
             number(r, "calls", ".1f"), number(r, "instructions", ".1f", 1e-3), number(r, "allocations_a_message", ".2f"),
             number(r, "missing", ".0f")] for r in merged(found) if r["clients"] in (0, 1, 10)]
    return table(head, rows)


def calls(rows):
    def most(row):
        names = sorted((name for name in row if name not in ("relay", "notify", "bands", "clients", "all")), key=row.get, reverse=True)
        return ", ".join(f"{name} {row[name]:.1f}" for name in names[:4])
    return table(["relay", "notify", "bands", "clients", "most of a packet's calls"],
                 [[r["relay"], r["notify"], r["bands"], r["clients"], most(r)] for r in sorted(rows, key=key) if r["clients"] == 10])


def stages(rows):
    """k instructions a packet, a column a cell of linkbandd."""
    rows = [row for row in sorted(rows, key=key) if row["relay"] == "linkbandd"]
    names = sorted({name for row in rows for name, count in row["stages"].items() if count >= 50},
                   key=lambda name: -max(row["stages"].get(name, 0) for row in rows))
    head = [f"{row['notify']}, {row['bands']} × {row['clients']}" for row in rows]
    body = [[name, *(f"{row['stages'].get(name, 0) / 1000:.1f}" for row in rows)] for name in names]
    return table(["k instructions a packet: notify, bands × clients", *head],
                 [*body, ["all", *(f"{row['instructions'] / 1000:.1f}" for row in rows)]])


def daemon(found):
    rows = [[name, f"{r['cpu_percent']:.2f} % of a core, {r['sleeps_a_second']:.1f} wake-ups a second"]
            for name, r in found["quiet"].items()]
    p, c, s = found["process"], found["cold_start"], found["sessions"]
    rows.append(["`process` of a minute", f"{p['cpu_seconds']:.2f} s, {p['memory_kb'] / 1024:.0f} MB"])
    rows.append(["start", f"listening after {c['listening_after_ms']:.0f} ms, {c['rss_mb']:.1f} MB RSS, {c['pss_mb']:.1f} MB PSS"])
    rows.append([f"with {s['sessions']} sessions",
                 f"listening after {s['listening_after_ms']:.0f} ms, the first `list_recordings` after {s['first_list_ms']:.0f} ms, "
                 f"later ones {s['list_recordings_ms']:.0f} ms; {s['memory_kb'] / 1024:.1f} MB"])
    return table(["linkbandd by itself, simulated band", "costs"], rows)


def growth(found):
    rows = [[f"{r['packets_a_second']:.0f} packets a second", f"{r['cpu_percent']:.2f} % of a core"] for r in found["rate"]]
    rows += [[f"`process` of {r['minutes']} min", f"{r['cpu_seconds']:.2f} s, {r['memory_mb']:.1f} MB"] for r in found["length"]]
    return table(["linkbandd, more of it", "costs"], rows)


def machine(found):
    m, c = found["machine"], found["conditions"]
    return (f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}; linkbandd {m['commit']}. Load average {m['load_before']:.1f} before, "
            f"{c['load_after']:.1f} after; {c['rounds']} × {c['seconds']} s a cell.\n")


def all_of(found):
    """{name: text}, of what was measured."""
    texts = {"machine": machine(found)}
    if any(part in found for part in ("latency", "calls", "instructions")):
        texts["relays"] = relays(found)
    for name, show, part in (("calls", calls, "calls"), ("stages", stages, "instructions"), ("daemon", daemon, "daemon"),
                             ("growth", growth, "growth")):
        if part in found:
            texts[name] = show(found[part])
    return texts


def into(page, texts):
    """The page with each text between its marks, `<!-- bench NAME -->` and `<!-- end -->`."""
    for name, text in texts.items():
        begin = f"<!-- bench {name} -->\n"
        if begin in page:
            before, after = page.split(begin)
            page = f"{before}{begin}{text}{after[after.index('<!-- end -->'):]}"
    return page
