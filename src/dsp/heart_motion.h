/*
 * What the accelerometer knows of the pulse: is the head moving, in what rhythm, and what of the
 * light is that movement's. Rates of a pulse that moves are read from the spectrum of what is left.
 */
#ifndef DSP_HEART_MOTION_H
#define DSP_HEART_MOTION_H

#include <stdbool.h>

#include "band/block.h"
#include "heart_signal.h"

#define HEART_MOTION_RING   512 /* 20 s */
#define HEART_MOTION_AXES   3
#define HEART_MOTION_VOTES  5
#define HEART_MOTION_POINTS 125 /* 10 s, each fourth sample of the light */

struct heart_motion {
    float g[HEART_MOTION_AXES][HEART_MOTION_RING];
    long count;
    double step, next; /* ticks between samples, and of the next one */
    bool moving;       /* more than a head at rest */
    double line;       /* its strongest line, a minute; NAN: none */
    double vote[HEART_MOTION_VOTES];
    unsigned votes;
    double agreement; /* share of the votes that agree with the newest */
};

void heart_motion_start(struct heart_motion *motion);
/* Takes a block of SENSOR_ACC. */
void heart_motion_push(struct heart_motion *motion, const struct sample_block *block);

/* Does the accelerometer tell what the head does at `tick`? Not where it was never heard, or has
 * been silent for some seconds. */
bool heart_motion_is_known(const struct heart_motion *motion, double tick);

/* Once a second; `tick` is that of the last filtered sample of the light. */
void heart_motion_judge(struct heart_motion *motion, double tick);

/* The pulse's own line beside the movement's, a minute; NAN where there is none, or it could be the
 * movement's. Only where there is a line. */
double heart_motion_rate(struct heart_motion *motion, const struct heart_signal *signal,
                         enum heart_channel channel, double tick);

/* Has the light two lines, neither a multiple of the other? One may be a movement's. */
bool heart_motion_ambiguous(const struct heart_signal *signal, enum heart_channel channel);

#endif
