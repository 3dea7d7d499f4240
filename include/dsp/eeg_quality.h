/* How good one EEG channel was in one half second. docs/dsp.md has the rules and their reasons. */
#ifndef DSP_EEG_QUALITY_H
#define DSP_EEG_QUALITY_H

#include <stdbool.h>

#include "dsp/eeg.h"
#include "dsp/timeline.h"

struct eeg_quality {
    /* This half second. */
    unsigned slots, good, leadoff, saturated;
    double raw_lo, raw_hi; /* µV, of the signal itself */
    double mains;          /* µV², summed */
};

/* What a finished half second comes to. */
struct eeg_verdict {
    bool leadoff;
    bool flat;     /* a line on which nothing moves: no signal */
    unsigned good; /* samples */
    double sqi;    /* 0..1 */
    bool sound;    /* good but for what stood out of it: figures that it leaves alone are right */
    enum signal_quality quality;
};

/* Takes channel `c` of a slot; true if it may be part of a spectrum. */
bool eeg_quality_take(struct eeg_quality *quality, const struct slot *slot, size_t c);

/* Judges the half second, of which `spoilt` samples stood out, and begins the next. */
struct eeg_verdict eeg_quality_close(struct eeg_quality *quality, unsigned spoilt);

#endif
