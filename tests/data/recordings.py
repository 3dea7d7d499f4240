"""Where tests find recordings: those in this folder, and what of bands may not be passed on, where ../shared has it."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "data"

SIMULATED = HERE / "sim" / "simulated.lbcap"
REAL_BANDS = sorted((SHARED / "captures").glob("*.lbcap"))  # none in a clone that stands alone
CAPTURES = [SIMULATED, *REAL_BANDS]
PPG = sorted((HERE / "ppg").glob("*.lbcap"))
# The same record, a minute of it and whole.
EEG = [HERE / "eeg" / "rest_fp1_fp2.lbcap", *SHARED.glob("eeg/rest_fp1_fp2.lbcap")]


def name(path):
    """A test's id; the ids of equal file names differ by the folder."""
    return f"{path.stem}{'_whole' if path in EEG[1:] else ''}"
