"""A recording's folder: to MNE, to pandas."""

import csv
import json
import os
import pathlib
from typing import Any, Dict, List, Optional, Union

from .bdf import Annotation, Bdf, Signal, open_bdf
from .errors import Error

FRAMES = ("eeg", "ppg", "acc", "bat", "markers")
SENSORS = ("eeg", "ppg", "acc")
# How labels in session.bdf begin, and whose they are.
LABELS = {"EEG": "eeg", "Lead-off": "eeg", "PPG": "ppg", "ACC": "acc"}
VOLTS = 1e-6


class SessionError(Error):
    """A recording lacks what was asked for."""


def imported(name: str, package: str) -> Any:
    import importlib
    try:
        return importlib.import_module(name)
    except ImportError:
        raise SessionError(f"{name} is not installed: apt install {package}, or pip install {name}") from None


def sensor_of(signal: Signal) -> str:
    return LABELS[signal.label.split(" ")[0]]


def is_cut_of(one: Annotation, marker: Annotation) -> bool:
    """Whether the BDF's annotation is this marker, its label cut, its time rounded."""
    return (one.duration == 0 and abs(one.onset - marker.onset) < 1e-3
            and marker.text.encode().startswith(one.text.encode().rstrip()))


def annotated(raw: Any, told: List[Annotation]) -> Any:
    annotations = imported("mne", "python3-mne").Annotations
    raw.set_annotations(annotations([one.onset for one in told], [one.duration for one in told],
                                    [one.text for one in told], orig_time=raw.info["meas_date"]), verbose="error")
    return raw


class Session:
    """Made by read_session(). `info` is session.json, of one of several bands with what that tells of it at the top;
    docs/recording.md tells of each key."""

    def __init__(self, path: pathlib.Path, info: Dict[str, Any], whole: Optional["Session"] = None):
        self.path = path
        self.info = info
        # Of one of several bands: what it is a part of.
        self._whole = whole

    def __repr__(self) -> str:
        return f"<session {self.name}: {self.info.get('duration')} s, {self.info.get('state')}>"

    @property
    def name(self) -> str:
        """Its session_id; of one of several bands with that one's folder."""
        session_id = str(self.info.get("session_id"))
        return f"{session_id}/{self.path.name}" if self._whole else session_id

    @property
    def device_id(self) -> Optional[str]:
        """The band's; None where there are several."""
        device_id: Optional[str] = (self.info.get("device") or {}).get("device_id")
        return device_id

    @property
    def bands(self) -> List["Session"]:
        """What was recorded of each band, in the order they came: this itself where there was one."""
        told = self.info.get("bands")
        if not told:
            return [self]
        return [Session(self.path / one["folder"], {**self.info, **one, "bands": None}, self) for one in told]

    def _alone(self) -> None:
        if self.info.get("bands"):
            folders = ", ".join(one.path.name for one in self.bands)
            raise SessionError(f"{self.path} is of several bands: take one of its `bands`, or its folder, {folders}")

    def bdf(self) -> Bdf:
        self._alone()
        try:
            return open_bdf(self.path / "session.bdf")
        except FileNotFoundError:
            raise SessionError(f"{self.path} has no session.bdf: linkbandd export {self.path} --format bdf "
                               f"--out {self.path} makes it of the packets") from None

    def annotations(self) -> List[Annotation]:
        """Markers, gaps and what spoils the EEG, in seconds from the BDF's start. Markers come whole where markers.csv
        is there: the BDF has 40 bytes of each."""
        bdf = self.bdf()
        return sorted(self._noticed(bdf) + self._marked(bdf))

    def _noticed(self, bdf: Bdf) -> List[Annotation]:
        """What the BDF tells beside the markers that are in markers.csv."""
        marked = self._marked(bdf)
        return [one for one in bdf.annotations() if not any(is_cut_of(one, marker) for marker in marked)]

    def _marked(self, bdf: Bdf) -> List[Annotation]:
        """The markers of all bands and its own."""
        if not self._markers_csv.exists():
            return []
        start_ms = bdf.start.timestamp() * 1e3
        with open(self._markers_csv, newline="", encoding="utf-8") as file:
            return [Annotation(min(max((float(row["timestamp"]) - start_ms) / 1e3, 0), bdf.duration), 0, row["label"])
                    for row in csv.DictReader(file) if row.get("device_id") in (None, "", self.device_id)]

    @property
    def _markers_csv(self) -> pathlib.Path:
        return (self._whole or self).path / "markers.csv"

    def raw(self, *sensors: str) -> Any:
        """An MNE Raw of session.bdf with these sensors (all of it): EEG in V as `eeg`, lead-off, PPG (counts) and ACC
        (g) as `misc`, with gaps and markers as annotations, mains and participant. Of several sensors the slower ones
        lie on straight lines between their own samples, at the fastest's rate: alone each has its own. Several bands
        lie side by side, sample by sample, each one's device_id before the names of its channels and behind the
        annotations that are its own."""
        if not self.info.get("bands"):
            return self._raw_of_one(*sensors)
        parts = [(band, band._raw_of_one(*sensors)) for band in self.bands]
        for band, raw in parts:
            raw.rename_channels({name: f"{band.device_id} {name}" for name in raw.ch_names})
        whole = parts[0][1].add_channels([raw for _, raw in parts[1:]])
        return annotated(whole, sorted(set().union(*(band._told_beside_others() for band, _ in parts))))

    def _told_beside_others(self) -> List[Annotation]:
        bdf = self.bdf()
        own = [one._replace(text=f"{one.text} {self.device_id}") for one in self._noticed(bdf)]
        return own + self._marked(bdf)

    def _raw_of_one(self, *sensors: str) -> Any:
        mne, numpy = imported("mne", "python3-mne"), imported("numpy", "python3-numpy")
        bdf = self.bdf()
        chosen = [signal for signal in bdf.data if sensor_of(signal) in (sensors or SENSORS)]
        if not chosen:
            raise SessionError(f"{self.path} has nothing of {', '.join(sensors) or 'any sensor'}")
        rate = max(bdf.rate(signal) for signal in chosen)
        times = numpy.arange(round(bdf.duration * rate)) / rate
        rows, types = [], []
        for signal in chosen:
            values, own = bdf.read(signal), bdf.rate(signal)
            if own != rate:
                values = numpy.interp(times, numpy.arange(len(values)) / own, values)
            types.append("eeg" if signal.unit == "uV" else "misc")
            rows.append(values * (VOLTS if signal.unit == "uV" else 1))
        info = mne.create_info([signal.label for signal in chosen], rate, types)
        raw = mne.io.RawArray(numpy.array(rows), info, verbose="error")
        return annotated(self._described(raw, bdf), self.annotations())

    def _described(self, raw: Any, bdf: Bdf) -> Any:
        raw.set_meas_date(bdf.start)
        raw.info["line_freq"] = self.info.get("mains")
        raw.info["description"] = self.info.get("notes")
        device = self.info.get("device") or {}
        raw.info["device_info"] = {"type": "Link Band", "serial": device.get("device_id") or ""}
        if self.info.get("participant"):
            raw.info["subject_info"] = {"his_id": self.info["participant"]}
        return raw

    def frame(self, name: str) -> Any:
        """A pandas frame of a CSV file, `eeg`, `ppg`, `acc`, `bat` or `markers`, each row at its time of day in UTC.
        `attrs["units"]` has the columns' units."""
        if name not in FRAMES:
            raise ValueError(f"{name!r} is none of {', '.join(FRAMES)}")
        pandas = imported("pandas", "python3-pandas")
        if name != "markers":
            self._alone()
        path = self._markers_csv if name == "markers" else self.path / f"{name}.csv"
        try:
            frame = pandas.read_csv(path, keep_default_na=False)
        except FileNotFoundError:
            raise SessionError(f"{self.path} has no {name}.csv: linkbandd export {self.path} --format csv --out DIR "
                               "makes it of the packets, where the sensor was recorded") from None
        if self._whole and name == "markers":
            frame = frame[frame["device_id"].isin(["", self.device_id])]
        frame.index = pandas.to_datetime(frame["timestamp"], unit="ms", utc=True)
        frame.index.name = "time"
        frame.attrs["units"] = self.units(f"{name}.csv")
        return frame

    def units(self, file: str) -> Dict[str, str]:
        """Of the columns of a CSV file; those of a session made before there was a columns.json are not known."""
        try:
            told = json.loads((self.path / "columns.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: str(column["unit"]) for name, column in told[file].items()}

    def processed(self, sensor: str) -> Any:
        """A pandas frame of what the daemon computed (processed.jsonl), a row a message at the time its packet came;
        nested values as `name.part`, arrays as they are."""
        pandas = imported("pandas", "python3-pandas")
        try:
            with open(self.path / "processed.jsonl", encoding="utf-8") as file:
                messages = [message for message in map(json.loads, file) if message["sensor_type"] == sensor]
        except FileNotFoundError:
            raise SessionError(f"{self.path} has no processed.jsonl: linkbandd export {self.path} --format jsonl "
                               "--out DIR makes it of the packets") from None
        frame = pandas.json_normalize([message["data"] for message in messages])
        frame.index = pandas.to_datetime([message["timestamp"] for message in messages], utc=True)
        frame.index.name = "time"
        return frame


def read_session(path: Union[str, "os.PathLike[str]"]) -> Session:
    """The recording in this folder; of one band where it is that one's folder in a recording of several. SessionError
    where it is neither."""
    folder = pathlib.Path(path)
    above = folder.resolve().parent
    if (folder / "session.json").exists() or not (above / "session.json").exists():
        return read_whole(folder)
    for band in read_whole(above).bands:
        if band.path == folder.resolve():
            return band
    return read_whole(folder)


def read_whole(folder: pathlib.Path) -> Session:
    try:
        info = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SessionError(f"{folder} is no recording: {error}") from None
    return Session(folder, info)
