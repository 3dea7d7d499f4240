/*
 * The live rate, from the beats of the last 17 s and the autocorrelation of the last seconds.
 */
#ifndef DSP_HEART_RATE_H
#define DSP_HEART_RATE_H

#include "dsp/heart.h"
#include "heart_nn.h"

/*
 * bpm. `correlated` is the autocorrelation's rate, NAN where it has none; it is what is told where
 * there are too few NN. `hidden`: there may be beats between those known. NAN: neither is known,
 * they contradict each other, or the rhythm is irregular and its pulses can't be counted for sure.
 */
double heart_rate(const struct heart_nn *nn, double now_s, double correlated,
                  enum heart_rhythm rhythm, bool hidden);

#endif
