/*
 * Which way blood moves the counts. A pulse rises faster than it falls, so the slope of an upright
 * one is skewed to the positive. The real band reads upside down.
 */
#ifndef DSP_HEART_POLARITY_H
#define DSP_HEART_POLARITY_H

#include "heart_signal.h"

struct heart_polarity {
    double skewness; /* smoothed; NAN: none yet */
    double sign;     /* +1: counts rise with blood; −1: they fall */
};

void heart_polarity_start(struct heart_polarity *polarity);
/* Once a second; true: the sign has changed. */
bool heart_polarity_update(struct heart_polarity *polarity, const struct heart_signal *signal,
                           enum heart_channel channel);

#endif
