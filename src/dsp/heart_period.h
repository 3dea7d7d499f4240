/*
 * The period of the pulse by autocorrelation of the slope over 8 s, one channel. It decides which
 * channel is read, how far apart beats may be, and the rate where no beats can be told.
 */
#ifndef DSP_HEART_PERIOD_H
#define DSP_HEART_PERIOD_H

#include "heart_signal.h"

#define HEART_PERIODS 5

struct heart_period {
    double lag[HEART_PERIODS];     /* s, of the last five seconds; NAN: none */
    double quality[HEART_PERIODS]; /* its correlation, 0..1 */
    unsigned next;
    double smoothed; /* quality over ~6 s */
};

void heart_period_start(struct heart_period *period);
/* Once a second; silent until 5 s are there. */
void heart_period_update(struct heart_period *period, const struct heart_signal *signal,
                         enum heart_channel channel);
/* s: median of the last five of at least this quality; NAN: none. `least`: how many are needed. */
double heart_period_median(const struct heart_period *period, double quality, unsigned least);
/* Quality of the newest, 0..1. */
double heart_period_quality(const struct heart_period *period);

#endif
