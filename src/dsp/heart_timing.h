/*
 * When a beat is, to a few milliseconds, and how sure that is: least squares of the pulse's
 * upstroke on a running template and its derivative. The residual gives the standard deviation of
 * the time (Kay 1993, the Cramér–Rao bound of a delay).
 */
#ifndef DSP_HEART_TIMING_H
#define DSP_HEART_TIMING_H

#include "heart_signal.h"

/* Samples of the template before and after the steepest point. */
#define HEART_BEFORE   10
#define HEART_AFTER    20
#define HEART_TEMPLATE (HEART_BEFORE + 1 + HEART_AFTER)
/* How far before a beat the signal must reach. */
#define HEART_REACH      24.0
#define HEART_SHAPE      36 /* −10 … +25 samples of the slope */
#define HEART_AMPLITUDES 15
#define HEART_LIKENESSES 16

struct heart_timing {
    double template[HEART_TEMPLATE];
    unsigned learned; /* windows in the template */
    unsigned missed;  /* windows in a row that were not like it */
    double shape[HEART_SHAPE];
    unsigned shapes;
    double amplitudes[HEART_AMPLITUDES];
    unsigned amplitude_count;
    double likeness[HEART_LIKENESSES]; /* correlations with the template */
    unsigned likeness_count;
};

struct heart_timed {
    double at;        /* sample number */
    double sigma;     /* s; NAN: unknown */
    double amplitude; /* counts, of the template */
    bool good;        /* to be timed by */
    bool alike;       /* of the template's shape, whatever its size */
    bool refused;     /* not of its shape: no beat, unless a rhythm says so */
    bool doubtful;    /* refused or not, it may be the other */
};

void heart_timing_start(struct heart_timing *timing);
struct heart_timed heart_timing_fit(struct heart_timing *timing, const struct heart_signal *signal,
                                    enum heart_channel channel, double sign, double period,
                                    double at);

/* The upper quartile of the last sixteen correlations; NAN before four. */
double heart_timing_likeness(const struct heart_timing *timing);

#endif
