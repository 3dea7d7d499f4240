/*
 * The breath, from three things it does to the pulse: it moves its baseline, its height and its
 * interval. Told where they agree (Karlen 2013: Multiparameter respiratory rate estimation).
 */
#ifndef DSP_HEART_BREATH_H
#define DSP_HEART_BREATH_H

#include <stddef.h>

#define HEART_BREATHS 128 /* beats: 32 s at 240 a minute */

enum heart_breath_sign {
    HEART_BREATH_BASE,
    HEART_BREATH_HEIGHT,
    HEART_BREATH_INTERVAL,
    HEART_BREATH_SIGNS
};

struct heart_breath {
    double at[HEART_BREATHS];                        /* s */
    double value[HEART_BREATH_SIGNS][HEART_BREATHS]; /* NAN: unknown */
    size_t count;
};

void heart_breath_start(struct heart_breath *breath);
void heart_breath_add(struct heart_breath *breath, double at_s,
                      const double value[HEART_BREATH_SIGNS]);

/* Breaths a minute over the last 32 s; NAN: too few beats, or the three do not agree. */
double heart_breath_rate(const struct heart_breath *breath, double now_s);

#endif
