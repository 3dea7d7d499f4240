"""Recordings into a dataset as BIDS-EEG wants it."""

import json
import os
import pathlib
import re
import shutil
from typing import Any, Dict, Iterable, List, Optional

from .bdf import Annotation, Bdf, Signal
from .session import Session, SessionError, sensor_of

VERSION = "1.8.0"
NOT_KNOWN = "n/a"
RUN = re.compile(r"_run-(\d+)_eeg\.bdf$")

README = """EEG, pulse and movement recorded with Link Bands by linkbandd.

Each _eeg.bdf is a recording's session.bdf: EEG in uV as the band sent it, unfiltered; PPG in counts and
acceleration in g beside it at their own rates. Gaps of the radio link are padded and told in _events.tsv.
"""


def label(kind: str, given: Optional[str]) -> str:
    """BIDS takes letters and digits only, in names of files."""
    if not given:
        raise SessionError(f"no {kind} was given, and the recording tells none: --{kind}")
    if not re.fullmatch("[A-Za-z0-9]+", given):
        raise SessionError(f"the {kind} {given!r} can't be a BIDS label, which has only ASCII letters and digits")
    return given


def write(path: pathlib.Path, text: str) -> None:
    """All or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_json(path: pathlib.Path, content: Dict[str, Any]) -> None:
    write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def table(rows: Iterable[Iterable[object]]) -> str:
    return "".join("\t".join(map(cell, row)) + "\n" for row in rows)


def cell(value: object) -> str:
    """Nothing, a tab or a line's end would make another table of it."""
    text = re.sub(r"[\t\r\n]+", " ", str(value)).strip()
    return text or NOT_KNOWN


def channel(bdf: Bdf, signal: Signal, eeg: Dict[str, Any]) -> List[str]:
    sensor = sensor_of(signal)
    kind = "EEG" if signal.unit == "uV" else "PPG" if sensor == "ppg" else "MISC"
    what = {"ppg": "light through the skin", "acc": "acceleration"}.get(
        sensor, "EEG" if kind == "EEG" else "1: an electrode is off, a bit each")
    units = signal.unit if signal.unit in ("uV", "g") else NOT_KNOWN
    reference = eeg.get("reference") or NOT_KNOWN if kind == "EEG" else NOT_KNOWN
    return [signal.label, kind, units, f"{bdf.rate(signal):g}", NOT_KNOWN, NOT_KNOWN, reference, what]


def sidecar(session: Session, bdf: Bdf, task: str) -> Dict[str, Any]:
    info = session.info
    device = info.get("device") or {}
    eeg = (info.get("signals") or {}).get("eeg") or {}
    host = info.get("host") or {}
    counts = [channel(bdf, signal, eeg)[1] for signal in bdf.data]
    rates = [bdf.rate(signal) for signal in bdf.data if sensor_of(signal) == "eeg"]
    gaps = any(one.text == "BAD_gap eeg" for one in session.annotations())
    return {
        "TaskName": task,
        "SamplingFrequency": max(rates) if rates else NOT_KNOWN,
        "EEGReference": eeg.get("reference") or NOT_KNOWN,
        "EEGGround": eeg.get("ground") or NOT_KNOWN,
        "EEGPlacementScheme": ", ".join(site or "unknown" for site in eeg.get("electrodes") or ["unknown"]),
        "PowerLineFrequency": info.get("mains") or NOT_KNOWN,
        "SoftwareFilters": NOT_KNOWN,
        "HardwareFilters": NOT_KNOWN,
        "EEGChannelCount": counts.count("EEG"),
        "MiscChannelCount": len(counts) - counts.count("EEG"),
        "EOGChannelCount": 0, "ECGChannelCount": 0, "EMGChannelCount": 0, "TriggerChannelCount": 0,
        "RecordingDuration": bdf.duration,
        "RecordingType": "discontinuous" if gaps else "continuous",
        "ManufacturersModelName": "Link Band",
        "DeviceSerialNumber": device.get("device_id") or NOT_KNOWN,
        "SoftwareVersions": f"firmware {device.get('firmware_version') or NOT_KNOWN}, "
                            f"linkbandd {host.get('linkbandd') or NOT_KNOWN}",
    }


def events(told: List[Annotation]) -> str:
    return table([("onset", "duration", "trial_type"),
                  *((f"{one.onset:.6f}", f"{one.duration:.6f}", one.text) for one in told)])


EVENTS = {
    "onset": {"Description": "from the first sample of the file", "Units": "s"},
    "duration": {"Description": "0 of a marker", "Units": "s"},
    "trial_type": {"Description": "a marker's label; `BAD_gap eeg`, `gap ppg`, `gap acc`: samples that the radio lost"},
}
SCANS = {
    "linkband_session": {"Description": "the recording's session_id"},
    "linkband_notes": {"Description": "the notes that it was begun with"},
}


def rows_of(path: pathlib.Path) -> List[Dict[str, str]]:
    if not path.exists():
        return []
    names, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return [dict(zip(names, row)) for row in rows]


def append(path: pathlib.Path, row: Dict[str, str]) -> None:
    """Columns that others have put there stay."""
    rows = [*rows_of(path), row]
    names = list(dict.fromkeys(name for one in rows for name in one))
    write(path, table([names, *([one.get(name) or NOT_KNOWN for name in names] for one in rows)]))


def begin_dataset(dataset: pathlib.Path) -> None:
    dataset.mkdir(parents=True, exist_ok=True)
    description = dataset / "dataset_description.json"
    if not description.exists():
        if any(dataset.iterdir()):
            raise SessionError(f"{dataset} is not empty and has no dataset_description.json: name another folder")
        write_json(description, {"Name": dataset.resolve().name, "BIDSVersion": VERSION, "DatasetType": "raw",
                                 "GeneratedBy": [{"Name": "linkbandctl"}]})
        write(dataset / "README", README)
        write_json(dataset / "participants.json", {"participant_id": {"Description": "whose data it is"}})


def place(folder: pathlib.Path, scans: pathlib.Path, session_id: str, stem: str) -> str:
    """The name of the next run of this subject and task; none where the session is there already."""
    for row in rows_of(scans):
        if row.get("linkband_session") == session_id:
            raise SessionError(f"{session_id} is there already, as {row['filename']}")
    runs = [int(found.group(1)) for path in folder.glob(f"{stem}_run-*_eeg.bdf") if (found := RUN.search(path.name))]
    return f"{stem}_run-{max(runs, default=0) + 1:02d}"


def add_session(dataset: pathlib.Path, session: Session, task: Optional[str], subject: Optional[str]) -> pathlib.Path:
    """Copies the recording into the dataset, which is begun where it is not there yet; returns the BDF's new path."""
    task = label("task", task or session.info.get("task"))
    subject = "sub-" + label("subject", subject or session.info.get("participant"))
    bdf = session.bdf()
    begin_dataset(dataset)
    folder = dataset / subject / "eeg"
    folder.mkdir(parents=True, exist_ok=True)
    scans = dataset / subject / f"{subject}_scans.tsv"
    name = place(folder, scans, session.name, f"{subject}_task-{task}")
    eeg = (session.info.get("signals") or {}).get("eeg") or {}
    write_json(folder / f"{name}_eeg.json", sidecar(session, bdf, task))
    write(folder / f"{name}_channels.tsv", table([
        ("name", "type", "units", "sampling_frequency", "low_cutoff", "high_cutoff", "reference", "description"),
        *(channel(bdf, signal, eeg) for signal in bdf.data)]))
    write(folder / f"{name}_events.tsv", events(session.annotations()))
    write_json(folder / f"{name}_events.json", EVENTS)
    target = folder / f"{name}_eeg.bdf"
    part = target.with_name(target.name + ".part")
    shutil.copyfile(bdf.path, part)
    os.replace(part, target)
    register(dataset, subject)
    append(scans, {"filename": f"eeg/{target.name}", "acq_time": bdf.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                   "linkband_session": session.name, "linkband_notes": session.info.get("notes") or NOT_KNOWN})
    write_json(scans.with_suffix(".json"), SCANS)
    return target


def register(dataset: pathlib.Path, subject: str) -> None:
    participants = dataset / "participants.tsv"
    if subject not in [row.get("participant_id") for row in rows_of(participants)]:
        append(participants, {"participant_id": subject})
