"""Hearts known beat by beat: what is told of them, beside what was true.

`python3 heart_truth.py tuned` prints the figures of the setups that constants were chosen on; the
report (test_heart_truth.py) is of others: other rates, couplings, heights, breaths, noise.
"""
import itertools
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
PROGRAM = os.environ.get("HEART_TRUTH", str(BUILD / "heart_truth"))
SINUS, BIGEMINY, TRIGEMINY, QUADRIGEMINY, AF, PVC = range(6)
COLUMNS = ("t bpm good sqi rmssd sdnn irregular breath pi_ir pi_red hf | "
           "rate low high true_rmssd true_pi").replace("| ", "").split()
SETTLED_S = 15.0  # after the start; HRV needs 62 s

SETS = {
    "tuned": {
        "base": {"seconds": 180, "rsa": 0.03, "slow": 0.04, "white": 0.011, "breath": 15, "breath_base": 0.5,
                 "breath_height": 0.08, "dicrotic": 0.35, "snr_db": 18},
        "sinus": [48, 62, 78, 96, 130], "rsa": [0.0, 0.05, 0.1],
        "early": [66, 75, 88], "coupling": [0.62, 0.70], "af": [75, 105, 140], "af_cv": [0.24],
        "pvc": [58, 72, 88], "step": [(62, 124, 5), (118, 60, 5)], "ramp": [(62, 150, 110), (140, 65, 110)],
        "walk": [90, 104, 118, 132, 146, 160], "walk_bpm": [74, 88, 97, 112, 126, 140],
        "lose": [66, 84], "breath": [7, 11, 16, 22, 28], "breath_bpm": [66, 84], "gap": [2, 5, 9], "fast": [226, 236],
    },
    "reported": {
        "base": {"seconds": 180, "rsa": 0.025, "slow": 0.045, "white": 0.012, "breath": 14, "breath_base": 0.6,
                 "breath_height": 0.07, "dicrotic": 0.3, "snr_db": 16},
        "sinus": [44, 56, 69, 85, 108, 145], "rsa": [0.0, 0.04, 0.07, 0.1],
        "early": [60, 72, 84], "coupling": [0.60, 0.66, 0.74], "af": [68, 95, 128], "af_cv": [0.2, 0.25],
        "pvc": [53, 67, 81], "step": [(60, 120, 5), (124, 64, 5)], "ramp": [(58, 140, 100), (150, 70, 100)],
        "walk": [95, 107, 115, 128, 139, 154], "walk_bpm": [70, 81, 93, 104, 119, 131, 147],
        "lose": [61, 77], "breath": [6, 9, 13, 18, 24, 30], "breath_bpm": [63, 79], "gap": [3, 6, 9.5],
        "fast": [224, 240],
    },
}


def distance_to_lines(bpm, cadence):
    """From the steps' line and its multiples, a minute."""
    return min(abs(bpm - k * cadence) for k in (1, 2, 3))


def setups(name, seeds):
    """The groups: a dictionary of lists of setups."""
    p = SETS[name]
    groups = {}

    def add(group, **knobs):
        for seed in range(1, seeds + 1):
            setup = {**p["base"], "seed": seed + 10 * len(groups.setdefault(group, [])), "upright": seed % 2, **knobs}
            groups[group].append(setup)

    for bpm, rsa in itertools.product(p["sinus"], p["rsa"]):
        add("sinus", bpm=bpm, rsa=rsa)
    for kind, group in ((BIGEMINY, "bigeminy"), (TRIGEMINY, "trigeminy"), (QUADRIGEMINY, "quadrigeminy")):
        for bpm, coupling in itertools.product(p["early"], p["coupling"]):
            add(group, rhythm=kind, bpm=bpm, coupling=coupling)
    for bpm, cv in itertools.product(p["af"], p["af_cv"]):
        add(f"AF {bpm}", rhythm=AF, bpm=bpm, af_cv=cv)
    for bpm, coupling in itertools.product(p["pvc"], p["coupling"]):
        add("PVC 1 in 20", rhythm=PVC, bpm=bpm, coupling=coupling)
    for (bpm, to, length), rsa in itertools.product(p["step"], p["rsa"][:2]):
        add("step", bpm=bpm, to_bpm=to, from_s=70, to_s=70 + length, rsa=rsa)
    for (bpm, to, length), rsa in itertools.product(p["ramp"], p["rsa"][:2]):
        add("ramp", bpm=bpm, to_bpm=to, from_s=40, to_s=40 + length, rsa=rsa)
    for cadence, bpm in itertools.product(p["walk"], p["walk_bpm"]):
        far = distance_to_lines(bpm, cadence) >= 12
        walk = {"cadence": cadence, "bpm": bpm, "motion": 2.0, "walk_s": 40}
        add("walk far" if far else "walk close", acc=1, **walk)
        add("walk without ACC", **walk)
    for lose, bpm in itertools.product((20, 60, 120), p["lose"]):
        add(f"lost 1 in {lose} s", bpm=bpm, lose_s=lose)
    for bpm in p["lose"]:
        add("bursts", bpm=bpm, burst_s=25)
        add("bursts with ACC", bpm=bpm, burst_s=25, acc=1)
    for breath, bpm in itertools.product(p["breath"], p["breath_bpm"]):
        add("breath", bpm=bpm, breath=breath)
    for gap in p["gap"]:
        add("gap", bpm=p["lose"][0], gap_s=gap)
    for bpm in p["fast"]:
        add("above 220", bpm=bpm, slow=0.01, rsa=0.0, white=0.005)
    return groups


def run_all(groups, workers=2):
    """For each group its records: a structured array of seconds each, with its setup."""
    jobs = [(group, setup) for group, members in groups.items() for setup in members]

    def work(part):
        text = "\n".join(" ".join(f"{k}={v}" for k, v in setup.items()) for _, setup in part) + "\n"
        done = subprocess.run([PROGRAM], input=text, capture_output=True, text=True, check=True)
        return done.stdout.split("record\n")[1:]

    parts = [jobs[i::workers] for i in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        outputs = list(pool.map(work, parts))
    results = {group: [] for group in groups}
    for part, records in zip(parts, outputs):
        for (group, setup), record in zip(part, records):
            rows = np.array([line.replace("|", "").split() for line in record.splitlines()], float)
            results[group].append((setup, dict(zip(COLUMNS, rows.T))))
    return results


def pool(records, since, until=np.inf):
    """The seconds of all records after their beginning, one array a column."""
    parts = [(r["t"] > since + setup.get("walk_s", 0)) & (r["t"] < until) for setup, r in records]
    return {name: np.concatenate([r[name][part] for part, (_, r) in zip(parts, records)]) for name in COLUMNS}


def share(of):
    return float(np.mean(of)) if len(of) else float("nan")


def percentile(values, p):
    values = values[np.isfinite(values)]
    return float(np.percentile(values, p)) if len(values) else float("nan")


def figures(group, records):
    s = pool(records, SETTLED_S)
    told = np.isfinite(s["bpm"])
    good = told & (s["good"] > 0)
    error = abs(s["bpm"] - s["rate"])
    limit = 5.0 if group.startswith(("AF", "walk")) else 2.0
    right = error <= limit
    recent = (s["bpm"] >= s["low"] - limit) & (s["bpm"] <= s["high"] + limit)
    if group == "step":
        right = recent  # a rate that was true in the last five seconds
    elif group == "ramp":
        right = right | recent
    late = pool(records, 64.0)
    hrv = np.isfinite(late["rmssd"])
    hrv_good = hrv & (late["good"] > 0) & np.isfinite(late["true_rmssd"])
    off = 100 * abs(late["rmssd"][hrv_good] / late["true_rmssd"][hrv_good] - 1)
    breath = np.array([setup["breath"] for setup, r in records for t in r["t"] if t > SETTLED_S + setup.get("walk_s", 0)])
    breathes = np.isfinite(s["breath"])
    pi = s["pi_ir"] / s["true_pi"] - 1
    pi = 100 * abs(pi[np.isfinite(pi)])
    return {
        "seconds": int(len(told)), "told": share(told), "good": share(good), "right": share(right[told]),
        "right_good": share(right[good]), "wrong_and_good": share(good & ~right),
        "error_median": percentile(error[good], 50), "error_p99": percentile(error[good], 99),
        "rmssd_told": share(hrv), "rmssd_median": percentile(off, 50), "rmssd_p95": percentile(off, 95),
        "irregular": share(late["irregular"] == 1), "irregular_null": share(late["irregular"] == -1),
        "breath_told": share(breathes), "breath_within_2": share(abs(s["breath"] - breath)[breathes] <= 2),
        "perfusion_median": percentile(pi, 50), "perfusion_p95": percentile(pi, 95),
    }


HEAD = ("                      told  good | of good: right  p50   p99 wrong | RMSSD told  p50   p95 | irregular null | "
        "breath within 2 | perfusion p50  p95")


def line(group, f):
    def percent(value):
        return "    –" if value != value else f"{100 * value:5.1f}"

    def number(value, width=5):
        return " " * (width - 1) + "–" if value != value else f"{value:{width}.1f}"

    return (f"{group:20} {percent(f['told'])} {percent(f['good'])} |  {percent(f['right_good'])}      "
            f"{number(f['error_median'], 4)} {number(f['error_p99'])} {percent(f['wrong_and_good'])} | "
            f"     {percent(f['rmssd_told'])} {number(f['rmssd_median'], 4)} {number(f['rmssd_p95'])} | "
            f"    {percent(f['irregular'])} {percent(f['irregular_null'])} | {percent(f['breath_told'])}   "
            f"{percent(f['breath_within_2'])}  |      {number(f['perfusion_median'])} {number(f['perfusion_p95'], 4)}")


def main():
    groups = setups(sys.argv[1] if len(sys.argv) > 1 else "tuned", int(os.environ.get("SEEDS", "1")))
    wanted = sys.argv[2:]
    if wanted:
        groups = {g: s for g, s in groups.items() if any(w in g for w in wanted)}
    print(HEAD)
    for group, records in run_all(groups, int(os.environ.get("WORKERS", "1"))).items():
        print(line(group, figures(group, records)))


if __name__ == "__main__":
    main()
