#!/usr/bin/python3
"""What a recording holds: packets, CSV and BDF agree; kills, full disks and stalls lose what the docs say.

RECORD_PROBE: build/record_probe. RECORD_KILLS=200 for more than ten kills.
"""

import functools
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1] / "data")]
import bdf  # noqa: E402
import generate  # noqa: E402
from agree import (SAMPLES, bdf_is_the_csv_on_an_even_grid, every_sample_of_a_packet_is_in_the_csv_once,  # noqa: E402
                   flags_are_the_annotations, packets, rows)

from recordings import CAPTURES  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PROBE = os.environ.get("RECORD_PROBE", str(HERE.parents[1] / "build" / "record_probe"))
WORK = pathlib.Path(tempfile.mkdtemp(prefix="record-"))


def probe(*args, env=None, check=0):
    done = subprocess.run([PROBE, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=120, env={**os.environ, **(env or {})})
    assert check is None or done.returncode == check, (done.returncode, done.stdout[-500:], done.stderr[-1500:])
    return done


def session(data):
    found = [d for d in data.iterdir() if d.is_dir()]
    assert len(found) == 1, found
    return found[0]


@functools.lru_cache(maxsize=None)
def recorded(capture):
    """What the probe said, and the folder."""
    data = WORK / f"agree-{capture.stem}"
    return probe(capture, data).stdout, session(data)


@pytest.fixture(scope="module", autouse=True)
def made():
    """What the stories look at: a recording in WORK / "agree-made", and a long capture."""
    recorded(generate.capture(WORK / "made.lbcap", seconds=40, gap=(12.0, 17.5), noise=(22.0, 36.0)))
    generate.capture(WORK / "long.lbcap", seconds=120)
    yield
    shutil.rmtree(WORK, ignore_errors=True)


def json_tells_what_is_there(folder, state="complete"):
    info = json.loads((folder / "session.json").read_text())
    assert info["state"] == state, info["state"]
    for name, file in info["files"].items():
        content = (folder / name).read_bytes()
        assert file["bytes"] == len(content) and file["sha256"] == hashlib.sha256(content).hexdigest(), name
    for sensor in SAMPLES:
        if (folder / f"{sensor}.csv").exists():
            table = rows(folder / f"{sensor}.csv")
            assert abs(info["counts"][sensor]["samples"] - len(table)) <= (0 if state == "complete" else 250), sensor
    return info


def packets_csv_and_bdf_agree():
    seen = set()
    for capture in [WORK / "made.lbcap", *CAPTURES]:
        said, folder = recorded(capture)
        assert "ready" in said, said[-300:]
        print(f"  {capture.stem}:")
        every_sample_of_a_packet_is_in_the_csv_once(folder)
        file = bdf_is_the_csv_on_an_even_grid(folder)
        told = flags_are_the_annotations(folder)
        print(f"    flags: {told}")
        seen |= {word for word in told if told[word]}
        info = json_tells_what_is_there(folder)
        texts = [a[2] for a in file.annotations]
        assert any(text.startswith('eyes "closed", ünïcode') for text in texts), texts
        if capture.stem == "made":
            gap = [a for a in file.annotations if a[2] == "BAD_gap eeg" and a[1] and a[1] > 2]
            assert len(gap) == 1 and abs(gap[0][1] - 5.5) < 0.2, file.annotations
            assert [g["sensor"] for g in info["gaps"]["list"]].count("eeg") == 1, info["gaps"]
            assert abs(info["counts"]["eeg"]["lost_link"] - 5.5 * 250) < 30, info["counts"]
            lost = sum(int(r["lost"]) for r in rows(folder / "eeg.csv"))
            assert lost == info["counts"]["eeg"]["lost_link"] + info["counts"]["eeg"]["skipped_by_band"], lost
    assert seen >= {"zero", "muscle", "blink"}, seen


def export_gives_the_same_files():
    folder = session(WORK / "agree-made")
    out = WORK / "export"
    out.mkdir()
    for form in ("csv", "bdf"):
        probe("--export", folder, form, out)
    for name in ("eeg.csv", "ppg.csv", "acc.csv", "markers.csv", "session.bdf"):
        assert (out / name).read_bytes() == (folder / name).read_bytes(), name
    refused = probe("--export", folder, "csv", out, check=1)
    assert "File exists" in refused.stdout, refused.stdout


def mne_and_edflib_read_the_bdf():
    folder = session(WORK / "agree-made")
    mne = pytest.importorskip("mne", reason="not installed: python3-mne")
    raw = mne.io.read_raw_bdf(folder / "session.bdf", verbose="error")
    mine = bdf.read(folder / "session.bdf")
    assert raw.ch_names == list(mine.signals), raw.ch_names
    assert raw.info["sfreq"] == 250
    assert any(a["description"].startswith("BAD_gap") for a in raw.annotations)
    got = raw.get_data(picks=["EEG ch1"])[0] * 1e6
    assert np.allclose(got, mine.signals["EEG ch1"].physical, atol=0.01)
    print(f"  MNE {mne.__version__}: {len(raw.ch_names)} signals, {len(raw.annotations)} annotations, "
          f"values within {np.max(np.abs(got - mine.signals['EEG ch1'].physical)):.4f} µV")


def a_lower_rate_halves_the_csv_only():
    data = WORK / "half"
    probe(WORK / "made.lbcap", data, "--rate", 125)
    folder = session(data)
    full = len(rows(session(WORK / "agree-made") / "eeg.csv"))
    half = len(rows(folder / "eeg.csv"))
    assert abs(half - full / 2) <= 8, (half, full)
    assert bdf.read(folder / "session.bdf").signals["EEG ch1"].rate == 250
    print(f"  {full} samples at 250 Hz, {half} at 125 Hz")


def a_row_of_a_lower_rate_has_the_flags_of_its_samples():
    capture = next(c for c in CAPTURES if any(row["flags"] for row in rows(recorded(c)[1] / "eeg.csv")))
    source, folder, out = recorded(capture)[1], WORK / "thin", WORK / "thin-export"
    shutil.copytree(source, folder)
    out.mkdir()
    info = json.loads((source / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps({**info, "sample_rate": 62.5}))
    probe("--export", folder, "csv", out)
    full, thin = rows(source / "eeg.csv"), rows(out / "eeg.csv")
    at, flagged = 0, 0
    for row in thin:
        words = set()
        while at < len(full) and float(full[at]["timestamp"]) <= float(row["timestamp"]) + 0.5:
            words |= set(full[at]["flags"].split())
            at += 1
        assert set(row["flags"].split()) == words, row
        flagged += bool(words)
    assert 0 < flagged < len(thin)
    print(f"  {flagged} of {len(thin)} rows")


def one_of_a_version_without_flags_is_repaired_and_exported():
    """Each row of what an older linkbandd left gets its last column."""
    source = session(WORK / "agree-made")
    data = WORK / "older"
    folder = data / source.name
    shutil.copytree(source, folder)
    older = "".join(line.rpartition(",")[0] + "\n" for line in (source / "eeg.csv").read_text().splitlines())
    assert older.splitlines()[0] == "timestamp,ch1,ch2,leadoff_ch1,leadoff_ch2,lost"
    (folder / "eeg.csv").write_text(older)
    out = WORK / "older-export"
    out.mkdir()
    probe("--export", folder, "csv", out)
    assert (out / "eeg.csv").read_bytes() == (source / "eeg.csv").read_bytes()
    (folder / "eeg.csv").write_text(older[:len(older) // 2])
    info = json.loads((source / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps({**info, "state": "recording"}))
    probe("--repair", data)
    assert (folder / "eeg.csv").read_bytes() == (source / "eeg.csv").read_bytes()


def a_name_may_hold_anything():
    for name in ["", "../../etc/passwd", "a/b", ".", "名前 🧠", "x" * 10000, "-rf", "a\nb\0"[:3], "con.", "%s%n"]:
        data = WORK / "names"
        shutil.rmtree(data, ignore_errors=True)
        probe(WORK / "made.lbcap", data, "--seconds", 1, "--name", name)
        folder = session(data)
        assert len(folder.name) < 64 and all(c.isascii() and (c.isalnum() or c in "_-") for c in folder.name), folder
        told = json.loads((folder / "session.json").read_text())["session_name"]
        assert name.replace("\n", " ").startswith(told) and len(told.encode()) < 256, told
        assert (folder.stat().st_mode & 0o777) == 0o750 and ((folder / "eeg.csv").stat().st_mode & 0o777) == 0o640


def two_at_the_same_second_are_two_folders():
    data = WORK / "twins"
    for _ in range(40):
        probe(WORK / "made.lbcap", data, "--seconds", 0.2)
        names = [d.name for d in data.iterdir()]
        if any(n.endswith("_2") for n in names):
            break
    assert any(n.endswith("_2") for n in names), names
    print(f"  {len(names)} folders, none overwritten")


def a_cut_at_any_byte_is_repaired():
    source = session(WORK / "agree-made")
    whole = (source / "packets.lbcap").read_bytes()
    sizes = random.Random(5)
    cuts = [0, 1, 22, len(whole) - 1, len(whole)] + [sizes.randrange(len(whole)) for _ in range(25)]
    for n, cut in enumerate(cuts):
        data = WORK / f"cut-{n}"
        folder = data / source.name
        folder.mkdir(parents=True)
        (folder / "packets.lbcap").write_bytes(whole[:cut])
        for name in ("eeg.csv", "ppg.csv", "acc.csv"):
            content = (source / name).read_bytes()
            (folder / name).write_bytes(content[:int(len(content) * cut / len(whole))])
        if n % 2:  # with the session.json of a running recording, and without
            info = json.loads((source / "session.json").read_text())
            (folder / "session.json").write_text(json.dumps({**info, "state": "recording", "files": {}}))
        probe("--repair", data)
        info = json.loads((folder / "session.json").read_text())
        assert info["state"] == "interrupted", info
        kept = (folder / "packets.lbcap").read_bytes()
        assert kept == whole[:cut][:whole[:cut].rfind(b"\n") + 1], cut
        for name in ("eeg.csv", "ppg.csv", "acc.csv"):
            content = (folder / name).read_bytes()
            assert not content or content.endswith(b"\n"), name
        sent = sum(1 for s, p in packets(folder / "packets.lbcap") if s == "eeg") * 25
        assert info["counts"]["eeg"]["samples"] == sent, (info["counts"]["eeg"], sent)
        if sent:
            bdf.read(folder / "session.bdf")
        shutil.rmtree(data)
    print(f"  {len(cuts)} cuts, each opens")


def lose_what_is_not_synced(folder, chance):
    """As a power cut does: only the packets are synced at each writing."""
    for file in folder.glob("*.csv"):
        if chance.random() < 0.3:
            file.unlink()
        else:
            os.truncate(file, chance.randrange(file.stat().st_size + 1))


def a_kill_costs_a_second_at_most():
    kills = int(os.environ.get("RECORD_KILLS", "10"))
    when = random.Random(9)
    missing = []
    for n in range(kills):
        data = WORK / "killed"
        shutil.rmtree(data, ignore_errors=True)
        process = subprocess.Popen([PROBE, WORK / "long.lbcap", data, "--pace", "1"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        while process.stdout.readline().split(b" ")[0] != b"started":
            assert process.poll() is None
        began = time.monotonic()
        time.sleep(when.uniform(0.05, 3.0))
        process.send_signal(signal.SIGKILL)
        lived = time.monotonic() - began
        process.wait()
        process.stdout.close()
        folder = session(data)
        if n % 2:
            lose_what_is_not_synced(folder, when)
        probe("--repair", data)
        every_sample_of_a_packet_is_in_the_csv_once(folder)
        info = json.loads((folder / "session.json").read_text())
        assert info["state"] == "interrupted", info["state"]
        stamps = [float(line.split()[0]) for line in (folder / "packets.lbcap").read_text().splitlines()
                  if not line.startswith("#")]
        missing.append(lived - max(stamps, default=0))
        if info["counts"]["eeg"]["samples"]:
            bdf.read(folder / "session.bdf")
    print(f"  {kills} kills, {kills} sessions open, at most {max(missing):.2f} s missing")
    # One kill may meet a moment in which the machine does other things; all of them don't.
    assert statistics.median(missing) <= 1.0, missing


def tmpfs(size):
    place = WORK / "small"
    place.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place],
                                           stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no tmpfs can be mounted here")
    return place


def a_full_disk_fails_loudly_and_keeps_what_is_there():
    place = tmpfs("300k")
    try:
        said = probe(WORK / "long.lbcap", place / "data", "--pace", "20", check=1).stdout
        lines = [line.split(" ")[0] for line in said.splitlines()]
        assert "storage_low" in lines and "failed" in lines, said[-400:]
        assert lines.index("storage_low") < lines.index("failed")
        assert "stopped error" in said and "No space left" in said, said[-400:]
        folder = session(place / "data")
        for name in ("packets.lbcap", "eeg.csv"):
            content = (folder / name).read_bytes()
            assert content.endswith(b"\n"), name
        print(f"  {sum(1 for _ in packets(folder / 'packets.lbcap'))} packets kept, storage_low came first")
    finally:
        subprocess.run(["umount", place], check=True)


def while_recording(data, act, *options):
    process = subprocess.Popen([PROBE, WORK / "long.lbcap", data, "--pace", "4", "--seconds", "12", *options],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if line.startswith("started"):
            break
    time.sleep(0.7)
    act()
    said = process.communicate(timeout=60)[0]
    return said


def a_vanished_folder_is_an_error_at_once():
    data = WORK / "vanish"
    said = while_recording(data, lambda: shutil.rmtree(session(data)))
    assert "failed" in said and "gone" in said, said[-300:]
    print("  " + next(line for line in said.splitlines() if line.startswith("failed")))


def a_read_only_disk_is_an_error_at_once():
    place = tmpfs("20m")
    try:
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        said = probe(WORK / "made.lbcap", place / "data", check=None).stdout
        assert "start_failed" in said and "Read-only" in said, said
        print("  " + said.strip())
    finally:
        subprocess.run(["umount", place], check=True)


def a_disk_that_stalls_loses_nothing():
    shim = WORK / "slow.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, HERE / "slow_sync.c", "-ldl"], check=True)
    data = WORK / "slow"
    probe(WORK / "made.lbcap", data, "--pace", "4",
          env={"LD_PRELOAD": str(shim), "SLOW_SYNC_AT": "4", "SLOW_SYNC_SECONDS": "5",
               "ASAN_OPTIONS": "verify_asan_link_order=0"})
    folder = session(data)
    whole = session(WORK / "agree-made")
    assert list(packets(folder / "packets.lbcap")) == list(packets(whole / "packets.lbcap"))
    every_sample_of_a_packet_is_in_the_csv_once(folder)


STORIES = [packets_csv_and_bdf_agree, export_gives_the_same_files, mne_and_edflib_read_the_bdf,
           a_lower_rate_halves_the_csv_only, a_row_of_a_lower_rate_has_the_flags_of_its_samples,
           one_of_a_version_without_flags_is_repaired_and_exported, a_name_may_hold_anything, two_at_the_same_second_are_two_folders,
           a_cut_at_any_byte_is_repaired, a_kill_costs_a_second_at_most,
           a_full_disk_fails_loudly_and_keeps_what_is_there, a_vanished_folder_is_an_error_at_once,
           a_read_only_disk_is_an_error_at_once, a_disk_that_stalls_loses_nothing]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_recordings(story):
    story()
