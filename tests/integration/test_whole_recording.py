"""A recording against what the band sent, what a client got, and what others' programs read out of it.

Twenty seconds with packet loss, repetitions, jitter, skips and two link drops; with LINKBANDD_TEST_ALL=yes ten minutes.
"""

import asyncio
import bisect
import collections
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
import websockets

from peers import LINKBANDD, ROOT, Client, Daemon, run, validate

sys.path[:0] = [str(ROOT / "tests" / "record"), str(ROOT / "tests" / "process")]
import agree  # noqa: E402
import bdf  # noqa: E402
import decoder  # noqa: E402

ADDRESS = "AA:BB:CC:DD:EE:FF"
EDF_PROBE = pathlib.Path(LINKBANDD).parent / "edf_probe"
ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
SECONDS, DROPS = (600, ((200, 5), (400, 7))) if ALL else (20, ((7, 2), (13, 3)))
SENSORS = ("eeg", "ppg", "acc")
LOSS = 0.01 if ALL else 0.03
AWAKE = SECONDS - sum(lasts + 2 for _, lasts in DROPS)

Round = collections.namedtuple("Round", "folder truth messages markers downloaded")


async def record(daemon, seconds):
    client = Client(await websockets.connect(daemon.url, max_size=2**20))
    await client.command("connect_device", address=ADDRESS)
    await client.command("start_streaming")
    await asyncio.sleep(2)
    reply = await client.command("start_recording", session_name="round", formats=["csv", "bdf", "jsonl"])
    assert reply["success"], reply
    markers = []
    for n in range(8):
        await asyncio.sleep(seconds / 8)
        reply = await client.command("insert_marker", label=f"märk {n}")
        markers.append((reply["data"]["timestamp"], f"märk {n}"))
    start = len(client.messages)
    assert (await client.command("stop_recording"))["success"]
    await client.event("recording_file", start, file="session.bdf", state="ready")
    await asyncio.sleep(1)
    await client.close()
    return client.messages, markers


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    place = tmp_path_factory.mktemp("round")
    drops = "+".join(f"{at}:{lasts}" for at, lasts in DROPS)
    daemon = Daemon("--backend", "sim", "--data-dir", str(place / "data"), "--sim",
                    f"seed=11,radio=fast,loss={LOSS},duplicate=0.01,jitter=30,drop-at={drops},truth={place}/truth.lbcap")
    try:
        messages, markers = run(record(daemon, SECONDS))
        [folder] = (place / "data").iterdir()
        url = f"http://127.0.0.1:{daemon.port}/recordings/{folder.name}/session.bdf"
        downloaded = place / "downloaded.bdf"
        downloaded.write_bytes(urllib.request.urlopen(url, timeout=60).read())
    finally:
        status, log = daemon.stop()
    assert status == 0 and "Sanitizer" not in log, log
    validate(messages)
    return Round(folder, place / "truth.lbcap", messages, markers, downloaded)


def sent(path):
    """What the band sent: (sensor, payload, lost on the air, number of the connection)."""
    link = 0
    for line in path.read_text().splitlines():
        if line.startswith("#! link up"):
            link += 1
        words = line.removeprefix("# lost ").split()
        if words and not line.startswith("#!") and words[1] in SENSORS:
            yield words[1], bytes.fromhex(words[2]), line.startswith("# lost"), link


def recorded(folder, sensor):
    return [p for s, p in agree.once(agree.packets(folder / "packets.lbcap")) if s == sensor]


def live(messages, sensor, kind):
    return [m for m in messages if m["type"] == kind and m["sensor_type"] == sensor]


def steps_lost(sensor, before, packet):
    """Samples missing between two packets by their ticks alone."""
    ticks = [int.from_bytes(p[:4], "little") for p in (before, packet)]
    size = decoder.SAMPLE_SIZE[sensor]
    return (ticks[1] - ticks[0]) / decoder.TICK_HZ * decoder.RATE[sensor] - (len(before) - 4) // size


@pytest.mark.parametrize("sensor", SENSORS)
def test_every_sample_sent_is_in_the_csv_once_or_in_a_stated_gap(recording, sensor):
    """By the simulation's own log: what came is there, in order, once; what did not is counted before the next row."""
    kept = recorded(recording.folder, sensor)
    log = [(payload, lost, link) for s, payload, lost, link in sent(recording.truth) if s == sensor]
    payloads = [payload for payload, _, _ in log]
    first, last = payloads.index(kept[0]), payloads.index(kept[-1])
    log = log[first:last + 1]
    assert [p for p, lost, _ in log if not lost] == kept
    rows = agree.rows(recording.folder / f"{sensor}.csv")
    at, on_air, skipped, over_drops = 0, 0, 0, 0
    before, missing = None, 0
    for payload, lost, link in log:
        size = (len(payload) - 4) // decoder.SAMPLE_SIZE[sensor]
        if lost:
            missing += size
            continue
        if before:
            stated, by_ticks = int(rows[at]["lost"]), steps_lost(sensor, before[0], payload)
            if link == before[1]:
                assert stated == round(by_ticks), (at, stated, by_ticks)
                assert missing <= stated <= missing + (missing // size + 1 if sensor == "eeg" else 0)
                on_air += missing
                skipped += stated - missing
            else:
                # Over seconds the measured rate and the nominal one part.
                assert abs(stated - by_ticks) < 1.5 + 1e-3 * by_ticks, (stated, by_ticks)
                over_drops += stated
        assert all(row["lost"] == "0" for row in rows[at + 1:at + size])
        at += size
        before, missing = (payload, link), 0
    assert at == len(rows)
    assert log[-1][2] - log[0][2] == len(DROPS) and (on_air > 0 or sensor != "eeg")
    info = json.loads((recording.folder / "session.json").read_text())["counts"][sensor]
    inside = sum(int(row["lost"]) for row in rows)
    assert info["samples"] == len(rows) and info["skipped_by_band"] + info["lost_link"] == inside
    print(f"{sensor}: {len(rows)} samples in {len(kept)} packets, each once; missing and stated: {on_air} lost on the air, "
          f"{skipped} skipped by the band, {over_drops} over {len(DROPS)} drops")


def test_the_csv_is_the_packets(recording):
    agree.every_sample_of_a_packet_is_in_the_csv_once(recording.folder)


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_client_got_what_the_csv_holds(recording, sensor):
    rows = agree.rows(recording.folder / f"{sensor}.csv")
    first, last = float(rows[0]["timestamp"]), float(rows[-1]["timestamp"])
    got = [(m["lost"] if i == 0 else 0, sample) for m in live(recording.messages, sensor, "raw_data")
           for i, sample in enumerate(m["data"]) if first <= sample["timestamp"] <= last]
    assert len(got) == len(rows)
    for (lost, sample), row in zip(got, rows):
        assert lost == int(row["lost"])
        assert {k: float(v) for k, v in sample.items()} == {k: float(v) for k, v in row.items() if k not in ("lost", "flags")}


def test_processed_messages_are_those_a_client_got(recording):
    lines = [json.loads(line) for line in open(recording.folder / "processed.jsonl")]
    for sensor in SENSORS:
        kept = [m for m in lines if m["sensor_type"] == sensor]
        got = live(recording.messages, sensor, "processed_data")
        assert [m["seq"] for m in kept] == list(range(len(kept))) and len(kept) > AWAKE - 4
        first = next(i for i, m in enumerate(got) if {**m, "seq": 0} == kept[0])
        for message, other in zip(kept, got[first:first + len(kept)], strict=True):
            assert {**message, "seq": 0} == {**other, "seq": 0}


def process(folder):
    done = subprocess.run([LINKBANDD, "process", folder / "packets.lbcap"], check=True, capture_output=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def again(recording):
    return process(recording.folder)


@pytest.mark.parametrize("sensor", SENSORS)
def test_process_gives_the_raw_messages_again(recording, again, sensor):
    """From the first recorded packet on: samples, lost, timestamps to 0.001 ms, seq but for its offset."""
    made = live(again, sensor, "raw_data")
    sent = live(recording.messages, sensor, "raw_data")
    times = [m["data"][0]["timestamp"] for m in sent]
    begin = bisect.bisect_left(times, made[0]["data"][0]["timestamp"] - 0.0005)
    sent = sent[begin:begin + len(made)]
    assert len(sent) == len(made)
    offset = sent[0]["seq"] - made[0]["seq"]
    worst = 0
    for a, b in zip(sent, made):
        assert (a["seq"], a["lost"], a["device_id"], a["sample_rate"], a["timestamp"]) == (
            b["seq"] + offset, b["lost"], b["device_id"], b["sample_rate"], b["timestamp"])
        assert len(a["data"]) == len(b["data"])
        for x, y in zip(a["data"], b["data"]):
            worst = max(worst, abs(x["timestamp"] - y["timestamp"]))
            assert {**x, "timestamp": 0} == {**y, "timestamp": 0}
    print(f"{sensor}: {len(made)} messages, seq {offset} apart, timestamps at most {worst:.4f} ms apart")
    assert worst <= 0.001 + 1e-6


def numbers(value, path=""):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from numbers(one, f"{path}.{key}")
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from numbers(one, f"{path}[{i}]")
    else:
        yield path, value


def aligned(made, got):
    """Pairs of messages of one grid, by their place in it: one found by its times gives the offset."""
    begins = {round(m["data"]["timestamps"][0], 2): i for i, m in enumerate(got) if m["data"]["timestamps"]}
    n = len(made) // 2
    while not made[n]["data"]["timestamps"]:
        n += 1
    offset = begins[round(made[n]["data"]["timestamps"][0], 2)] - n
    assert offset >= 0
    return list(zip(made, got[offset:offset + len(made)], strict=True))


@pytest.mark.parametrize("sensor", SENSORS)
def test_process_gives_the_processed_messages_again(recording, again, sensor):
    """The same grid; the values once the filters (4 s) and the minutes of HRV (130 s) have forgotten what was before."""
    pairs = aligned(live(again, sensor, "processed_data"), live(recording.messages, sensor, "processed_data"))
    start = next(m["data"]["timestamps"][0] for m, _ in pairs if m["data"]["timestamps"])
    settled = {"eeg": 4, "acc": 4, "ppg": 130}[sensor]
    compared, worst, now = 0, 0, start
    swings = collections.deque(maxlen=10)
    for n, (message, other) in enumerate(pairs):
        swings.append(max((abs(x) for x in message["data"].get("ch1_filtered", []) + message["data"].get("ch2_filtered", [])),
                          default=0))
        times = message["data"]["timestamps"]
        if times:
            now = times[-1]
            assert abs(times[-1] - other["data"]["timestamps"][-1]) <= 0.001 + 1e-6, n
        if now < start + 1000 * settled:
            continue
        assert message["timestamp"] == other["timestamp"]
        for (path, x), (_, y) in zip(numbers(message["data"]), numbers(other["data"]), strict=True):
            if path.startswith(".timestamps"):
                assert abs(x - y) <= 0.001 + 1e-6, path
            elif type(x) in (int, float) and type(y) in (int, float):
                # The last digit told, of filtered samples 0.001 µV, may be another; and where an electrode comes off
                # (36 mV) a bridged sample's place in time counts, of which a double of UTC in ms has 0.00024.
                allowed = 2e-3 + 1e-5 * max(swings)
                worst = max(worst, abs(x - y) / max(1, abs(x), max(swings)))
                assert x == pytest.approx(y, rel=1e-3, abs=allowed), (path, x, y, now - start)
            else:
                assert x == y, (path, x, y, now - start)
        compared += 1
    print(f"{sensor}: {compared} of {len(pairs)} messages compared from {settled} s on, at most {100 * worst:.4f} % apart")
    assert compared or settled > SECONDS


def test_the_bdf_is_the_csv(recording):
    agree.bdf_is_the_csv_on_an_even_grid(recording.folder)
    assert recording.downloaded.read_bytes() == (recording.folder / "session.bdf").read_bytes()


def test_the_csv_flags_what_the_bdf_annotates_and_comes_out_again_to_the_byte(recording, tmp_path):
    told = agree.flags_are_the_annotations(recording.folder)
    assert told["blink"] > 0, told
    subprocess.run([LINKBANDD, "export", recording.folder, "--format", "csv", "--out", tmp_path], check=True, timeout=300)
    assert (tmp_path / "eeg.csv").read_bytes() == (recording.folder / "eeg.csv").read_bytes()


SIGNALS = [("EEG ch1", "uV", 250), ("EEG ch2", "uV", 250), ("Lead-off", "bits", 250), ("PPG red", "counts", 50),
           ("PPG ir", "counts", 50), ("ACC x", "g", 25), ("ACC y", "g", 25), ("ACC z", "g", 25)]


def start_of(file):
    day, clock = file.start.split()
    return np.datetime64("20{2}-{1}-{0}T".format(*day.split(".")) + clock.replace(".", ":"))


def check_annotations(recording, start, found):
    """`found`: (onset s, duration s, text); every marker, and a gap for each drop."""
    epoch = float((start - np.datetime64("1970-01-01T00:00:00")) / np.timedelta64(1, "s"))
    end = bdf.read(recording.downloaded).records
    for ms, label in recording.markers:
        [onset] = [o for o, _, text in found if text == label]
        # One that came after the last sample's second is put at the edge.
        assert abs(onset - min(ms / 1000 - epoch, end)) < 0.001, label
    # Each false zero of the CSV lies in a span that says so.
    rows = agree.rows(recording.folder / "eeg.csv")
    zeros = [float(row["timestamp"]) / 1000 - epoch for row in rows if float(row["ch1"]) == 0]
    spans = [(o, d) for o, d, text in found if text == "BAD_zero"]
    assert all(any(o - 0.001 < zero < o + d + 0.001 for o, d in spans) for zero in zeros)
    assert len(spans) <= len(zeros), (spans, zeros)
    # EEG tells when the drops were, for its packets are short: those of the others hold up to 1.2 s of before.
    drops = [(o, d) for o, d, text in found if text == "BAD_gap eeg" and o > 0 and d > 1]
    assert len(drops) == len(DROPS), found
    for name in ("BAD_gap eeg", "gap ppg", "gap acc"):
        for (_, lasts), (onset, duration) in zip(DROPS, drops):
            [gap] = [d for o, d, text in found if text == name and o < onset + duration / 2 < o + d]
            assert lasts - 1.3 < gap < lasts + 4, (name, gap)


def test_edflib_reads_the_bdf(recording, tmp_path):
    done = subprocess.run([EDF_PROBE, recording.downloaded, tmp_path], check=True, capture_output=True, text=True)
    told = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        kind, _, rest = line.partition(" ")
        told[kind].append(rest)
    mine = bdf.read(recording.downloaded)
    assert told["type"] == ["BDF+"] and told["records"] == [str(mine.records)]
    signals = [line.split("|") for line in told["signal"]]
    assert [(s[0].strip(), s[1].strip(), float(s[2])) for s in signals] == SIGNALS
    for i, (label, _, _) in enumerate(SIGNALS):
        assert np.array_equal(np.fromfile(tmp_path / f"signal-{i}", np.int32), mine.signals[label].digital), label
    found = [line.split("|", 2) for line in told["annotation"]]
    found = [(float(o), float(d or 0), text) for o, d, text in found]
    assert start_of(mine) == np.datetime64(told["start"][0])
    check_annotations(recording, np.datetime64(told["start"][0]), found)
    print(f"EDFlib: {len(signals)} signals, {mine.records} s, {len(found)} annotations")


def test_mne_reads_a_downloaded_bdf(recording):
    mne = pytest.importorskip("mne", reason="python3-mne is not installed")
    raw = mne.io.read_raw_bdf(recording.downloaded, verbose="error")
    mine = bdf.read(recording.downloaded)
    assert raw.ch_names == [label for label, _, _ in SIGNALS] and raw.info["sfreq"] == 250
    assert np.datetime64(raw.info["meas_date"].replace(tzinfo=None)) == start_of(mine)
    worst = 0
    for label in ("EEG ch1", "EEG ch2"):
        got = raw.get_data(picks=[label])[0] * 1e6
        worst = max(worst, np.max(np.abs(got - mine.signals[label].physical)))
    assert worst < 0.001
    found = [(a["onset"], a["duration"], a["description"]) for a in raw.annotations]
    check_annotations(recording, start_of(mine), found)
    print(f"MNE {mne.__version__}: {len(raw.ch_names)} signals at {raw.info['sfreq']:g} Hz, {len(found)} annotations, "
          f"EEG within {worst:.2g} µV")
