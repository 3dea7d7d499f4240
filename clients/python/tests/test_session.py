"""A recording opened in MNE and pandas, and put into a BIDS dataset. One recording serves all."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

import linkband
from conftest import PACKAGE, ROOT
from peers import Daemon

# Of one worker: its recording takes a while.
pytestmark = pytest.mark.xdist_group("session")
SECONDS = 12
ADDRESS, OTHER = "AA:BB:CC:DD:EE:FF", "AA:BB:CC:DD:EE:01"
LABEL = "a marker of more than forty bytes, with ü: tab\tand more"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Over a bad link: it has gaps."""
    data = tmp_path_factory.mktemp("recordings")
    daemon = Daemon("--backend", "sim", "--sim", "seed=8,radio=fast,loss=0.05", "--mains", "60",
                    "--data-dir", str(data))
    try:
        with linkband.Band(daemon.url) as band:
            band.connect_device(address=ADDRESS)
            blocks = band.stream("eeg")
            band.start_streaming()
            next(blocks)
            files = (event for event in band.events() if event["event_type"] == "recording_file")
            path = band.start_recording(participant="07", task="rest", notes="a note",
                                        formats=["csv", "bdf", "jsonl"])["path"]
            band.insert_marker(LABEL)
            time.sleep(SECONDS)
            band.insert_marker("end")
            band.stop_recording()
            assert next(files)["data"]["state"] == "ready"
        yield linkband.read_session(path)
    finally:
        daemon.process.kill()
        daemon.process.communicate()


def test_mne_gets_types_units_times_and_annotations(session):
    mne = pytest.importorskip("mne", reason="not installed: python3-mne")
    raw = session.raw()
    assert dict(zip(raw.ch_names, raw.get_channel_types())) == {
        "EEG ch1": "eeg", "EEG ch2": "eeg", "Lead-off": "misc", "PPG red": "misc", "PPG ir": "misc",
        "ACC x": "misc", "ACC y": "misc", "ACC z": "misc"}
    assert raw.info["sfreq"] == 250 and raw.info["line_freq"] == 60
    assert raw.info["subject_info"]["his_id"] == "07" and raw.info["description"] == "a note"
    plain = mne.io.read_raw_bdf(session.path / "session.bdf", verbose="error", preload=True)
    assert raw.info["meas_date"] == plain.info["meas_date"] and len(raw.times) == len(plain.times)
    assert abs(raw.get_data("EEG ch1") - plain.get_data("EEG ch1")).max() < 1e-12
    markers = [(one["onset"], one["description"]) for one in raw.annotations
               if not one["description"].startswith(("BAD_", "gap", "blink"))]
    rows = session.frame("markers")
    start_ms = raw.info["meas_date"].timestamp() * 1e3
    assert [text for _, text in markers] == list(rows["label"]) == [LABEL.replace("\t", " "), "end"]
    then = [(ms - start_ms) / 1e3 for ms in rows["timestamp"]]
    assert [onset for onset, _ in markers] == pytest.approx(then, abs=1e-3)
    gaps = [one for one in raw.annotations if one["description"] == "BAD_gap eeg"]
    told = [gap for gap in session.info["gaps"]["list"] if gap["sensor"] == "eeg" and gap["from"]]
    assert told
    for gap in told:
        # Its padding lies between the samples before and after it.
        assert any(one["onset"] >= (gap["from"] - start_ms) / 1e3 - 0.01 and
                   one["onset"] + one["duration"] <= (gap["until"] - start_ms) / 1e3 + 0.01 for one in gaps), gap


def unbroken(frame, lost=2):
    """The longest stretch of rows with nothing lost between them but what the band skips."""
    ends = [0, *[i for i, n in enumerate(frame["lost"]) if n > lost], len(frame)]
    first, last = max(zip(ends, ends[1:]), key=lambda pair: pair[1] - pair[0])
    return frame.iloc[first:last]


def on_its_grid(numpy, raw, frame, column):
    """A column's values at the instants of the Raw that it covers, and these instants' numbers."""
    seconds = (frame["timestamp"] - raw.info["meas_date"].timestamp() * 1e3) / 1e3
    rate = raw.info["sfreq"]
    onto = numpy.arange(numpy.ceil(seconds.iloc[0] * rate), numpy.floor(seconds.iloc[-1] * rate))
    return numpy.interp(onto / rate, seconds, frame[column]), onto.astype(int)


def test_of_one_sensor_mne_gets_each_sample_at_its_own_rate(session):
    pytest.importorskip("mne", reason="not installed: python3-mne")
    numpy = pytest.importorskip("numpy", reason="not installed: python3-numpy")
    raw = session.raw("acc")
    assert raw.info["sfreq"] == 25 and raw.ch_names == ["ACC x", "ACC y", "ACC z"]
    for sensor, column, name, scale in (("acc", "z", "ACC z", 16384), ("ppg", "ir", "PPG ir", 1)):
        raw = session.raw(sensor)
        part = unbroken(session.frame(sensor))
        csv, onto = on_its_grid(numpy, raw, part, column)
        # A BDF's value lies between two samples of the CSV: never further from a line than these are apart.
        apart = numpy.abs(numpy.diff(part[column])).max()
        assert len(onto) > 10 and abs(raw.get_data(name)[0][onto] * scale - csv).max() <= apart
    both = session.raw("eeg", "ppg")
    slow = session.raw("ppg").get_data("PPG ir")[0]
    assert abs(both.get_data("PPG ir")[0][::5] - slow[:len(both.times[::5])]).max() < 1e-6


def test_the_spectrum_is_the_csv_s(session):
    pytest.importorskip("mne", reason="not installed: python3-mne")
    signal = pytest.importorskip("scipy.signal", reason="not installed: python3-scipy")
    numpy = pytest.importorskip("numpy", reason="not installed: python3-numpy")
    raw = session.raw("eeg")
    csv, onto = on_its_grid(numpy, raw, unbroken(session.frame("eeg")), "ch1")
    bdf = raw.get_data("EEG ch1")[0][onto] * 1e6
    assert len(csv) > 250
    spectra = [signal.welch(one, 250, nperseg=250)[1][2:15] for one in (csv, bdf)]
    assert abs(10 * numpy.log10(spectra[0] / spectra[1])).max() < 0.5


def test_frames_have_units_and_times_of_day(session):
    pandas = pytest.importorskip("pandas", reason="not installed: python3-pandas")
    for name, counted in (("eeg", "eeg"), ("ppg", "ppg"), ("acc", "acc"), ("bat", "bat")):
        frame = session.frame(name)
        assert len(frame) == session.info["counts"][counted]["samples"]
        assert set(frame.attrs["units"]) == set(frame.columns) and str(frame.index.tz) == "UTC"
    eeg = session.frame("eeg")
    assert eeg.attrs["units"]["ch1"] == "µV"
    assert abs(eeg.index[0] - pandas.Timestamp(session.info["start"])) < pandas.Timedelta("3s")
    processed = session.processed("eeg")
    assert len(processed) > 10 and "ch1_band_powers.alpha" in processed


def test_what_is_missing_is_said(session, tmp_path):
    with pytest.raises(linkband.SessionError, match="no recording"):
        linkband.read_session(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(session.path, copy, ignore=shutil.ignore_patterns("session.bdf", "eeg.csv"))
    for work in (lambda one: one.raw(), lambda one: one.frame("eeg")):
        with pytest.raises(linkband.SessionError, match="linkbandd export"):
            work(linkband.read_session(copy))
    with pytest.raises(ValueError, match="markers"):
        session.frame("nothing")
    script = ("import sys, linkband; sys.modules[sys.argv[2]] = None\n"
              "one = linkband.read_session(sys.argv[1])\n"
              "try: one.raw() if sys.argv[2] == 'mne' else one.frame('eeg')\n"
              "except linkband.SessionError as error: print(error)")
    for module in ("mne", "pandas"):
        done = subprocess.run([sys.executable, "-c", script, session.path, module], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(PACKAGE)})
        assert f"python3-{module}" in done.stdout, done.stderr


def ctl(*given, status=0, url="ws://127.0.0.1:1/ws"):
    done = subprocess.run([sys.executable, "-m", "linkband", *map(str, given)], capture_output=True, text=True,
                          timeout=120,
                          env={**os.environ, "PYTHONPATH": str(PACKAGE), "LINKBAND_URL": url})
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_bids_makes_a_dataset_of_runs(session, tmp_path):
    dataset = tmp_path / "dataset"
    first = pathlib.Path(ctl("bids", dataset, session.path).strip())
    assert first == dataset / "sub-07" / "eeg" / "sub-07_task-rest_run-01_eeg.bdf"
    assert first.read_bytes() == (session.path / "session.bdf").read_bytes()
    stem = str(first)[:-len("_eeg.bdf")]
    channels = [line.split("\t") for line in open(stem + "_channels.tsv").read().splitlines()]
    assert channels[0][:4] == ["name", "type", "units", "sampling_frequency"]
    assert [row[:4] for row in channels[1:]] == [
        ["EEG ch1", "EEG", "uV", "250"], ["EEG ch2", "EEG", "uV", "250"], ["Lead-off", "MISC", "n/a", "250"],
        ["PPG red", "PPG", "n/a", "50"], ["PPG ir", "PPG", "n/a", "50"],
        ["ACC x", "MISC", "g", "25"], ["ACC y", "MISC", "g", "25"], ["ACC z", "MISC", "g", "25"]]
    about = json.loads(open(stem + "_eeg.json").read())
    assert (about["SamplingFrequency"], about["PowerLineFrequency"], about["EEGChannelCount"]) == (250, 60, 2)
    assert LABEL.replace("\t", " ") in open(stem + "_events.tsv").read()
    assert "is there already" in ctl("bids", dataset, session.path, status=1)
    again = tmp_path / "again"
    shutil.copytree(session.path, again)
    info = json.loads((again / "session.json").read_text())
    (again / "session.json").write_text(json.dumps({**info, "session_id": "20260101T000000Z_b", "participant": None}))
    assert "--subject" in ctl("bids", dataset, again, status=1)
    assert "letters and digits" in ctl("bids", dataset, again, "--subject", "a-b", status=1)
    assert "sub-08_task-rest_run-01_eeg.bdf" in ctl("bids", dataset, again, "--subject", "08")
    assert (dataset / "participants.tsv").read_text().splitlines() == ["participant_id", "sub-07", "sub-08"]
    (again / "session.json").write_text(json.dumps({**info, "session_id": "20260101T000000Z_c"}))
    assert "run-02" in ctl("bids", dataset, again)
    scans = (dataset / "sub-07" / "sub-07_scans.tsv").read_text().splitlines()
    assert len(scans) == 3 and "a note" in scans[1]
    assert "not empty" in ctl("bids", session.path, session.path, status=1)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A session of two bands."""
    data = tmp_path_factory.mktemp("recordings")
    daemon = Daemon("--backend", "sim", "--sim", "seed=8,radio=fast,bands=2,loss=0.05", "--max-bands", "2",
                    "--data-dir", str(data))
    try:
        with linkband.Band(daemon.url) as band:
            names = [band.connect_device(address=address)["device_id"] for address in (ADDRESS, OTHER)]
            blocks = {name: band.stream("eeg", device_id=name) for name in names}
            band.start_streaming()
            files = (event["data"] for event in band.events() if event["event_type"] == "recording_file")
            path = band.start_recording(session_name="two")["path"]
            band.insert_marker("both")
            for name in names:
                for _ in range(20):
                    next(blocks[name])
            band.stop_recording()
            assert {next(files)["state"] for _ in names} == {"ready"}
        session = ctl("recordings", "get", pathlib.Path(path).name, "-o", data / "copy", url=daemon.url).strip()
        yield linkband.read_session(session), names
    finally:
        daemon.process.kill()
        daemon.process.communicate()


def test_several_bands_lie_side_by_side(two):
    pytest.importorskip("mne", reason="not installed: python3-mne")
    session, names = two
    assert [band.device_id for band in session.bands] == names and session.device_id is None
    raw, alone = session.raw("eeg"), [band.raw("eeg") for band in session.bands]
    assert raw.ch_names == [f"{name} {channel}" for name in names for channel in ("EEG ch1", "EEG ch2", "Lead-off")]
    assert raw.get_channel_types() == ["eeg", "eeg", "misc"] * 2
    assert raw.info["meas_date"] == alone[0].info["meas_date"] == alone[1].info["meas_date"]
    for name, one in zip(names, alone):
        assert abs(raw.get_data(f"{name} EEG ch1") - one.get_data("EEG ch1")).max() == 0
        assert "both" in list(one.annotations.description)
        gaps = [gap["onset"] for gap in one.annotations if gap["description"] == "BAD_gap eeg"]
        assert gaps == [gap["onset"] for gap in raw.annotations if gap["description"] == f"BAD_gap eeg {name}"]
    assert list(raw.annotations.description).count("both") == 1
    for work in (session.bdf, lambda: session.frame("eeg")):
        with pytest.raises(linkband.SessionError, match=names[0]):
            work()
    for band in session.bands:
        assert len(band.frame("eeg")) == band.info["counts"]["eeg"]["samples"]
        assert list(band.frame("markers")["label"]) == ["both"]


def test_each_of_several_bands_is_a_subject_of_its_own(two, tmp_path):
    session, names = two
    dataset = tmp_path / "dataset"
    assert names[1] in ctl("bids", dataset, session.path, "--subject", "1", "--task", "rest", status=1)
    for subject, band in enumerate(session.bands):
        told = ctl("bids", dataset, band.path, "--subject", subject, "--task", "rest")
        assert pathlib.Path(told.strip()).read_bytes() == (band.path / "session.bdf").read_bytes()
    assert "is there already" in ctl("bids", dataset, band.path, "--subject", "1", "--task", "rest", status=1)
    assert (dataset / "participants.tsv").read_text().splitlines() == ["participant_id", "sub-0", "sub-1"]


def test_the_bids_validator_finds_no_error(session, tmp_path):
    if os.environ.get("LINKBANDD_TEST_ALL") != "yes":
        pytest.skip("only with scripts/test --all: it is large")
    if not shutil.which("npm"):
        pytest.skip("not installed: npm")
    dataset = tmp_path / "dataset"
    ctl("bids", dataset, session.path)
    tools = tmp_path / "tools"
    shutil.copytree(ROOT / "clients" / "python" / "tests" / "bids", tools)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=tools, check=True,
                   capture_output=True, timeout=600)
    validator = tools / "node_modules" / "bids-validator" / "bin" / "bids-validator"
    done = subprocess.run(["node", validator, dataset, "--json"], capture_output=True, text=True, timeout=600)
    told = json.loads(done.stdout)
    assert told["issues"]["errors"] == [], told["issues"]["errors"]
    assert told["summary"]["tasks"] == ["rest"] and told["summary"]["subjects"] == ["07"]
