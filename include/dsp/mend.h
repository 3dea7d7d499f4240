/*
 * EEG samples without the band's false zeros: an exact 0 in a channel whose signal is elsewhere
 * (docs/band.md) is put on the line between its neighbours, as the filters do (dsp/timeline.h);
 * where it lasts for over 20 ms the last good value is held. For what is told of samples one by
 * one: recordings and thinned streams. Pure, constant memory.
 */
#ifndef DSP_MEND_H
#define DSP_MEND_H

#include <math.h>

#include "band/block.h"

/*
 * A zero is no measurement where the signal was further from it than this. No head moves 100 µV in
 * one sample; an electrode's offset is 1000 and more. Nearer, a zero may be true and is harmless.
 */
#define ZERO_IS_FALSE_UV 100.0

static inline bool zero_is_false(double uv, double last_good)
{
    return uv == 0 && fabs(last_good) >= ZERO_IS_FALSE_UV;
}

/* 20 ms at the highest rate, 500 Hz. */
#define MEND_RUN_MAX 10

struct mend_sample {
    double time_ms;
    bool present; /* false: nothing came, all of it is to be mended */
    struct eeg_sample eeg;
};

struct mend {
    size_t channels;
    size_t limit;                     /* samples of the longest run that is bridged */
    double last[MODEL_CHANNELS_MAX];  /* good, µV */
    unsigned run[MODEL_CHANNELS_MAX]; /* pending ones in need, at the end */
    bool held[MODEL_CHANNELS_MAX];    /* too many for a line: until the next good one */
    size_t count;
    struct mend_sample pending[MEND_RUN_MAX + 1];
};

typedef void mend_sink(void *user, const struct mend_sample *sample);

/* A stretch of samples begins with this block: nothing that was counts. */
void mend_begin(struct mend *mend, const struct sample_block *block);

/* Takes the next sample; the sink gets those that are settled, in order. One in need waits for the
 * next good one, 20 ms at most. */
void mend_take(struct mend *mend, const struct mend_sample *sample, mend_sink *sink, void *user);

/* The stretch ends: what waits goes out with the last good value. */
void mend_finish(struct mend *mend, mend_sink *sink, void *user);

#endif
