/*
 * Beats of the last two minutes, and which intervals between them are normal: NN. An interval that
 * is not is left out, never interpolated.
 */
#ifndef DSP_HEART_NN_H
#define DSP_HEART_NN_H

#include <stdbool.h>
#include <stddef.h>

#define HEART_NN_SPAN_S 120.0
/* Two minutes at 240 a minute and some: older ones fall out. */
#define HEART_NN_MAX 512

struct heart_beat {
    double at_s; /* since the start */
    double rr;   /* ms, to the beat before; NAN: it does not follow it */
    float sigma; /* s, of its time; NAN: unknown */
    bool good;
    bool alike; /* of the shape of those before, whatever its size */
    bool doubtful;
    bool counted; /* found by its size alone, no rhythm asked */
    bool normal;  /* rr is NN */
};

struct heart_nn {
    struct heart_beat beats[HEART_NN_MAX]; /* oldest first */
    size_t count;
};

void heart_nn_start(struct heart_nn *nn);
/* `follows`: no gap, no change of channel or polarity lies between. `stretch`: true
 * seconds in one second of at_s. */
void heart_nn_add(struct heart_nn *nn, struct heart_beat beat, bool follows, double stretch);
/* Drops what is older than the span and judges all intervals anew. */
void heart_nn_judge(struct heart_nn *nn, double now_s);

#endif
