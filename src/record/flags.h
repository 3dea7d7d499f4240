/*
 * What makes single EEG samples no measure of the brain: bits that become words of eeg.csv's column
 * `flags` (csv.h) and spans among a BDF's annotations (marks.h). Pure.
 */
#ifndef RECORD_FLAGS_H
#define RECORD_FLAGS_H

#include "band/block.h"

enum flag {
    FLAG_SATURATED = 1, /* a channel is at the end of its range */
    FLAG_ZERO = 2,      /* a false zero (dsp/mend.h) */
    FLAG_MUSCLE = 4,    /* in a half second judged so (dsp/eeg.h) */
    FLAG_BLINK = 8,     /* near a blink's peak */
    FLAG_LEADOFF = 16,  /* an electrode of channel 1 is off; the next channels have the next bits */
};

/* What tells a false zero from a true one: what each channel measured before. All 0: nothing was.
 */
struct flagging {
    bool began;
    double last[MODEL_CHANNELS_MAX]; /* µV, what was no zero */
};

/* Before the samples of a block of SENSOR_EEG. */
void flagging_begin(struct flagging *flagging, const struct sample_block *block);
/* Of its sample `i`, in order: what the sample itself tells, so neither muscle nor blinks. */
unsigned flagging_take(struct flagging *flagging, const struct samples *samples, size_t i);

#endif
