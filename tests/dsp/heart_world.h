/*
 * A wearer whose heart is known beat by beat: PPG and accelerometer of any rhythm, breath, walk and
 * radio, from a seed. What it is made of, and from which papers, stands at each part of it.
 */
#ifndef HEART_WORLD_H
#define HEART_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_PPG_HZ    49.88
#define WORLD_ACC_HZ    25.22
#define WORLD_SECONDS   320 /* the longest record */
#define WORLD_BEATS_MAX 2048
#define WORLD_PPG_MAX   (WORLD_SECONDS * 50)
#define WORLD_ACC_MAX   (WORLD_SECONDS * 26)
#define WORLD_STEPS_MAX 1024

enum world_rhythm {
    WORLD_SINUS,
    WORLD_BIGEMINY,
    WORLD_TRIGEMINY,
    WORLD_QUADRIGEMINY,
    WORLD_AF,
    WORLD_PVC, /* one beat in twenty early, at random */
    WORLD_RHYTHMS
};

/* All numbers; what is 0 is not there. */
struct world_setup {
    double seed, seconds;
    double rhythm; /* enum world_rhythm */
    double bpm;
    double to_bpm, from_s, to_s; /* the rate goes there in a straight line */
    double coupling;             /* of an early beat: share of the usual interval before it */
    double af_cv;                /* of the intervals in AF */
    double rsa;                  /* the breath's swing of the interval, share, to either side */
    double slow;                 /* the same of the wave of 0.1 Hz */
    double white;                /* the same from beat to beat, standard deviation */
    double breath;               /* a minute */
    double breath_base;          /* its swing of the baseline, in pulses */
    double breath_height;        /* its swing of the height, share */
    double dicrotic;             /* height of the second wave */
    double snr_db;               /* variance of the pulse to that of white noise to 25 Hz */
    double upright;              /* counts rise with blood */
    double cadence;              /* steps a minute */
    double motion;               /* its size, in pulses, peak to peak */
    double acc;                  /* the band sends its accelerometer */
    double walk_s;               /* the walk begins */
    double burst_s;              /* movements of 3 s, so far apart */
    double lose_s;               /* a packet lost each so many seconds */
    double gap_s;                /* one gap of this length, in the middle */
};

struct world {
    struct world_setup setup;
    uint64_t random;
    double beat[WORLD_BEATS_MAX]; /* when the pulse is steepest, s, ascending */
    double height[WORLD_BEATS_MAX];
    bool normal[WORLD_BEATS_MAX]; /* the interval that ends here is of sinus rhythm */
    size_t beats;
    double step[WORLD_STEPS_MAX]; /* when the feet fall, s */
    size_t steps;
    double pulse[WORLD_PPG_MAX]; /* alone, in counts, upright */
    uint32_t ir[WORLD_PPG_MAX], red[WORLD_PPG_MAX];
    size_t samples;
    int16_t acc[WORLD_ACC_MAX][3];
    size_t movements;
};

/* What the pulse of the infrared light and its mean are, counts; the red one is smaller. */
#define WORLD_PULSE     3000.0
#define WORLD_LIGHT     1500000.0
#define WORLD_RED_SHARE 0.6

void world_make(struct world *world, const struct world_setup *setup);

/* Of heart_world_light.c: the beats as light and the steps as movement. */
void world_render(struct world *world);

double world_uniform(struct world *world); /* 0..1 */
double world_normal(struct world *world);
/* Of the breath at a time, −1..1. */
double world_breath(const struct world *world, double t);

#endif
