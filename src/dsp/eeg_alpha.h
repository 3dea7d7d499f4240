/*
 * The individual alpha frequency of one channel: the centre of gravity from 8 to 13 Hz of what
 * stands above the aperiodic part (Klimesch 1999, Corcoran 2018; Donoghue 2020 for that part), of
 * the free segments of 2 s of the last minute. docs/dsp.md has the rules.
 */
#ifndef DSP_EEG_ALPHA_H
#define DSP_EEG_ALPHA_H

#include <stdint.h>

#include "dsp/spectrum.h"

/* A segment's bins that count: 3, 3.5 … 25 Hz. */
#define ALPHA_BINS 45
/* The last minute, by parts of five seconds. */
#define ALPHA_PARTS 12

struct alpha_part {
    int64_t number; /* since the counter's zero */
    unsigned count; /* segments */
    double seconds; /* of signal that they rest on */
    double psd[ALPHA_BINS];
    double upper; /* density from 34 to 45 Hz */
};

struct eeg_alpha {
    double last; /* the newest segment's end, ticks */
    struct alpha_part parts[ALPHA_PARTS];
};

void eeg_alpha_init(struct eeg_alpha *alpha);

/* A free segment of 2 s, as spectrum_segment() tells it, has ended at `end_tick`. */
void eeg_alpha_take(struct eeg_alpha *alpha, double end_tick, const double psd[EEG_SPECTRUM_BINS]);

/* Hz; NAN without a peak, or with less than 30 s of free signal in the minute before `tick`.
 * `stretch`: the measured rate over the nominal one. */
double eeg_alpha_frequency(const struct eeg_alpha *alpha, double tick, double stretch);

/* The density from 34 to 45 Hz over what the aperiodic part up to 20 Hz foretells there, of the
 * last parts before `tick`: about 1, less where the brain's falls more steeply, more with muscle.
 * *seconds: of signal that it rests on. NAN with none. */
double eeg_alpha_bend(const struct eeg_alpha *alpha, double tick, unsigned parts, double *seconds);

#endif
