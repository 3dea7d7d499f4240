/* How good one EEG channel was in one half second. docs/dsp.md has the rules and their reasons. */
#ifndef DSP_EEG_QUALITY_H
#define DSP_EEG_QUALITY_H

#include <stdbool.h>

#include "dsp/eeg.h"
#include "dsp/timeline.h"

struct eeg_quality {
    /* Detector of blinks: 1-30 Hz, one pole each; it lives on from cell to cell. */
    double slow, fast;
    bool started;
    /* This half second. */
    unsigned slots, good, leadoff, saturated;
    double swing_lo, swing_hi; /* µV, of the detector */
    double raw_lo, raw_hi;     /* µV, of the signal itself */
    double mains;              /* µV², summed */
};

/* What a finished half second comes to. */
struct eeg_verdict {
    bool leadoff;
    bool artefact; /* a blink or the like, or a flat line: spoils the windows it is in */
    unsigned good; /* samples */
    double sqi;    /* 0..1 */
    enum signal_quality quality;
};

/* Takes channel `c` of a slot; true if it may be part of a spectrum. */
bool eeg_quality_take(struct eeg_quality *quality, const struct slot *slot, size_t c);

/* Judges the half second and begins the next. */
struct eeg_verdict eeg_quality_close(struct eeg_quality *quality);

#endif
