/*
 * The band powers of one channel, each from signal that nothing spoilt for it: of the last four
 * seconds where all of them are free, else of the free single seconds among the last ten (delta,
 * theta) or four (alpha and above). docs/dsp.md has the rules.
 */
#ifndef DSP_EEG_POWERS_H
#define DSP_EEG_POWERS_H

#include "dsp/eeg.h"
#include "dsp/spectrum.h"
#include "dsp/timeline.h"
#include "eeg_alpha.h"
#include "eeg_watch.h"

/* A second free of holes, blinks and jerks. */
struct free_second {
    double end_tick, end_ms;
    unsigned age;        /* hops since its end, WATCH_HOPS: out of the watch's sight */
    bool sways;          /* sway may leak into its delta */
    bool odd;            /* a blink that passed for the EEG's own may be in it */
    double lowest, next; /* density at 1, and at 2 and 3 Hz */
    double power[EEG_BANDS];
    double lower, upper; /* density, µV²/Hz, from 20 and from 34 Hz on */
};

struct eeg_powers {
    int rate; /* nominal, Hz */
    struct spectrum *spectrum;
    struct eeg_watch watch;
    unsigned whole;    /* slots in a row that are measurements */
    unsigned slots;    /* since the stream began, as far as it matters */
    unsigned run;      /* hops in a row, their marks final, free of all but sway */
    unsigned long_run; /* the same, for segments of 2 s */
    bool leaks;        /* into delta: seconds that sway don't count for it */
    struct eeg_alpha alpha;
    size_t count; /* of the seconds ever found: a ring */
    struct free_second seconds[EEG_SECONDS_MAX];
};

/* False if memory runs out: release it all the same. */
bool eeg_powers_make(struct eeg_powers *powers, int rate);
void eeg_powers_release(struct eeg_powers *powers);

/* The stream starts anew: nothing that was counts. */
void eeg_powers_forget(struct eeg_powers *powers);

/* The line breaks: no window spans it, but the seconds before it stay known. */
void eeg_powers_break(struct eeg_powers *powers);

/* The slots up to here were no signal. */
void eeg_powers_void(struct eeg_powers *powers);

/* Takes channel `c` of a slot; `measured`: it may be part of a spectrum. */
void eeg_powers_take(struct eeg_powers *powers, const struct slot *slot, size_t c, bool measured);

/* Powers of the very last second, from EEG_THETA on: what is spoilt of it, as far as it is known
 * yet, is NAN. */
void eeg_powers_last_second(const struct eeg_powers *powers, double power[EEG_BANDS]);

/* What spoils the last second, as far as it is known yet: of enum spoilt. */
unsigned eeg_powers_spoils(const struct eeg_powers *powers);

/* How many of the newest `slots` a blink or jerk spoilt, as far as it is known. */
unsigned eeg_powers_spoilt(const struct eeg_powers *powers, unsigned slots);

/* Whether muscle is stronger than the brain above 20 Hz, and *ratio: gamma over beta, NAN where it
 * isn't known. */
bool eeg_powers_muscle(struct eeg_powers *powers, double tick, double *ratio);

/* Sets channel c's powers, spectrum and what they rest on; NAN where nothing is left. */
void eeg_powers_tell(struct eeg_powers *powers, struct eeg_features *features, size_t c,
                     double tick, double rate);

/* Where nobody is told: what comes after is as if somebody had been. */
void eeg_powers_pass(struct eeg_powers *powers, double tick);

#endif
