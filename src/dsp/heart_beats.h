/*
 * Which upstrokes are beats: dynamic programming over the maxima of the slope (Ellis 2007, "Beat
 * tracking by dynamic programming"). A beat is committed once what follows it can hardly change it.
 */
#ifndef DSP_HEART_BEATS_H
#define DSP_HEART_BEATS_H

#include <stddef.h>

#include "heart_pulses.h"
#include "heart_signal.h"

#define HEART_BEATS_COMMITTED_MAX 48

struct heart_beats {
    double last; /* sample number of the last committed beat; NAN: none */
};

void heart_beats_start(struct heart_beats *beats);

/*
 * Writes the sample numbers of the beats it commits, oldest first, returns how many. `period` in
 * seconds. `*joined` tells whether the first of them follows the last one committed before.
 */
size_t heart_beats_commit(struct heart_beats *beats, const struct heart_signal *signal,
                          enum heart_channel channel, double sign, double period,
                          double out[HEART_BEATS_COMMITTED_MAX], bool *joined);

/* The same where pulses are sure by their size: they are the beats. */
size_t heart_beats_count(struct heart_beats *beats, const struct heart_signal *signal,
                         const struct heart_pulses *pulses, double out[HEART_BEATS_COMMITTED_MAX],
                         bool *joined);

#endif
