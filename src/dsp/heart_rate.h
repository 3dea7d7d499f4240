/*
 * The live rate, from the beats of the last 17 s and the autocorrelation of the last seconds.
 */
#ifndef DSP_HEART_RATE_H
#define DSP_HEART_RATE_H

#include "heart_nn.h"

/*
 * bpm. `correlated` is the autocorrelation's rate, NAN where it has none; it is what is told where
 * there are too few NN. NAN: neither is known, or they contradict each other.
 */
double heart_rate(const struct heart_nn *nn, double now_s, double correlated);

#endif
