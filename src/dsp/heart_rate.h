/*
 * The live rate, from the beats of the last 17 s and the autocorrelation of the last seconds.
 */
#ifndef DSP_HEART_RATE_H
#define DSP_HEART_RATE_H

#include "dsp/heart.h"
#include "heart_nn.h"

/* What a rate is told of. */
#define HEART_RATE_SPAN_S 17.0

/*
 * bpm. `correlated` is the autocorrelation's rate, NAN where it has none; it is what is told where
 * there are too few NN. `hidden`: there may be beats between those known. NAN: neither is known,
 * they contradict each other, or the rhythm is irregular and its pulses can't be counted for sure.
 */
double heart_rate(const struct heart_nn *nn, double now_s, double correlated,
                  enum heart_rhythm rhythm, bool hidden);

/* Is most of the span in intervals near the usual one? Before a minute tells the rhythm, beats that
 * aren't may be every other one of an irregular heart. */
bool heart_rate_is_steady(const struct heart_nn *nn, double now_s);

#endif
