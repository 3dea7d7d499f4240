"""All heads of one recording in one figure: python3 two_heads.py SESSION_FOLDER. Needs python3-mne."""

import pathlib
import sys

import mne

heads = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/session.bdf")):
    raw = mne.io.read_raw_bdf(path, preload=True, verbose="error").pick(["EEG ch1", "EEG ch2"])
    raw.rename_channels({name: f"{path.parent.name[-4:]} {name[-3:]}" for name in raw.ch_names})
    # Gaps and blinks are one head's: the other's channels have none of them.
    notes = raw.annotations
    of = [raw.ch_names] * len(notes)
    raw.set_annotations(mne.Annotations(notes.onset, notes.duration, notes.description, notes.orig_time, of))
    heads.append(raw)
# The files begin at the same instant, on the same grid, and are equally long: they stack as they are.
notes = sum((head.annotations for head in heads[1:]), heads[0].annotations)
both = heads[0].add_channels(heads[1:])
both.set_annotations(notes).filter(1, 40, verbose="error")
both.plot(duration=10, scalings={"eeg": 80e-6}, show_scrollbars=False, block=True)
