/* ACC features: acceleration in g, movement, activity, posture. Pure, streaming, constant memory.
 */
#ifndef DSP_MOTION_H
#define DSP_MOTION_H

#include <stddef.h>

#include "band/block.h"

/* One second at 25 Hz and two packets more. */
#define ACC_FEATURE_SAMPLES_MAX 96

enum activity {
    ACTIVITY_STATIONARY,
    ACTIVITY_SITTING,
    ACTIVITY_WALKING,
    ACTIVITY_RUNNING,
    ACTIVITY_UNKNOWN
};
/* "stationary" …; NULL for ACTIVITY_UNKNOWN, which becomes null. */
const char *activity_name(enum activity activity);

/* One processed ACC message. What is not known is NAN and becomes null. */
struct acc_features {
    int64_t arrival_us;
    double arrival_utc_ms;
    uint32_t lost;
    int rate;
    double rate_measured;
    size_t count;
    double timestamps[ACC_FEATURE_SAMPLES_MAX]; /* Unix ms */
    double x[ACC_FEATURE_SAMPLES_MAX], y[ACC_FEATURE_SAMPLES_MAX],
        z[ACC_FEATURE_SAMPLES_MAX];                  /* g */
    double magnitude[ACC_FEATURE_SAMPLES_MAX];       /* g */
    double x_change, y_change, z_change;             /* g, mean |difference| of neighbours */
    double avg_movement, std_movement, max_movement; /* g, gravity removed */
    enum activity activity;
    double pitch, roll; /* degrees, NAN unless still */
    /* Degrees, NAN unless still: how far the x axis, vertical when worn, leans towards z and y. */
    double nod, tilt;
};

struct motion;

struct motion *motion_create(void);
void motion_destroy(struct motion *motion);

/* Takes a block of SENSOR_ACC; calls `emit` for each second of the band's ticks that it completes.
 */
void motion_push(struct motion *motion, const struct sample_block *block,
                 void (*emit)(void *user, const struct acc_features *features), void *user);

#endif
