/* What a BDF will hold, known before its first record is written: its signals, span and room. */
#ifndef RECORD_BDF_PLAN_H
#define RECORD_BDF_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "band/packet.h"
#include "base/error.h"

struct bdf_signal {
    const char *label, *unit;
    int dig_min, dig_max;
    double phys_min, phys_max;
};

struct bdf_plan {
    int signals;
    int rate[SENSOR_COUNT]; /* Hz; 0: nothing of this sensor */
    double start_ms;        /* UTC, a whole second */
    int64_t seconds;
    int parts;              /* records a second: 1, or more where annotations need the room */
    uint64_t annotations;   /* at most */
    int annotation_signals; /* each has room for one annotation a record */
};

int64_t bdf_plan_records(const struct bdf_plan *plan);
/* For so many annotations there is room. */
uint64_t bdf_plan_room(const struct bdf_plan *plan);

size_t bdf_channels(enum sensor sensor);
const struct bdf_signal *bdf_signal(enum sensor sensor, size_t channel);
/* The digital values of sample i. */
void bdf_values(const struct samples *samples, size_t i, double *value);

/* Reads the packets once. False, and *failure, where there is nothing to write. */
bool bdf_plan_make(FILE *packets, sensor_set sensors, struct bdf_plan *plan,
                   struct failure *failure);

#endif
