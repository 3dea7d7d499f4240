/*
 * Is the rhythm irregular? From the changes between neighbouring intervals of the last minute.
 */
#ifndef DSP_HEART_IRREGULAR_H
#define DSP_HEART_IRREGULAR_H

#include "dsp/heart.h"
#include "heart_nn.h"

/* Unknown where fewer than 24 pairs of intervals are between beats of a pulse's shape. */
enum heart_rhythm heart_irregular(const struct heart_nn *nn, double now_s);

#endif
