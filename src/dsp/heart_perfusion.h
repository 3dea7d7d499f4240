/* The perfusion index: how large a pulse is beside the light it is in. */
#ifndef DSP_HEART_PERFUSION_H
#define DSP_HEART_PERFUSION_H

#include "heart_signal.h"

#define HEART_PERFUSION_BEATS 10

struct heart_perfusion {
    double size[HEART_CHANNELS][HEART_PERFUSION_BEATS]; /* counts, peak to peak */
    double at_s[HEART_PERFUSION_BEATS];
    unsigned count;
};

void heart_perfusion_start(struct heart_perfusion *perfusion);
/* A beat at sample number `at`, `at_s` seconds. */
void heart_perfusion_add(struct heart_perfusion *perfusion, const struct heart_signal *signal,
                         double sign, double at, double at_s);
/* %: the median of the beats of the last 10 s over the mean; NAN: fewer than five. */
double heart_perfusion_index(const struct heart_perfusion *perfusion, enum heart_channel channel,
                             double mean, double now_s);

#endif
