/* What a BDF will hold, known before its first record is written: its signals, span and room. */
#ifndef RECORD_BDF_PLAN_H
#define RECORD_BDF_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "band/packet.h"
#include "base/error.h"
#include "grid.h"
#include "record/bdf_span.h"

struct bdf_signal {
    char label[17]; /* as wide as the header has room for */
    const char *unit;
    int dig_min, dig_max;
    double phys_min, phys_max;
};

struct bdf_plan {
    int signals;
    int rate[SENSOR_COUNT]; /* Hz; 0: nothing of this sensor */
    const struct model_sensor *as[SENSOR_COUNT];
    double first[SENSOR_COUNT][GRID_CHANNELS_MAX]; /* digital values: what stands before them */
    double start_ms;                               /* UTC, a whole second */
    int64_t seconds;
    int parts;              /* records a second: 1, or more where annotations need the room */
    uint64_t annotations;   /* at most */
    int mains_hz;           /* that the EEG is rid of, to be judged */
    int annotation_signals; /* each has room for one annotation a record */
};

int64_t bdf_plan_records(const struct bdf_plan *plan);
/* For so many annotations there is room. */
uint64_t bdf_plan_room(const struct bdf_plan *plan);

/* Of a sensor: its channels, and one more for the lead-off of EEG where the band tells it. */
size_t bdf_signals(enum sensor sensor, const struct model_sensor *as);
struct bdf_signal bdf_signal(enum sensor sensor, const struct model_sensor *as, size_t which);
/* The digital values of sample i, one a signal. */
void bdf_values(const struct samples *samples, size_t i, double *value);

/* Reads the packets once. `span` is what it is to cover, NULL: what it has by itself. False, and
 * *failure, where there is nothing to write. */
bool bdf_plan_make(FILE *packets, sensor_set sensors, int mains_hz, const struct bdf_span *span,
                   struct bdf_plan *plan, struct failure *failure);
/* Only how long it is by itself, which is found sooner. */
bool bdf_plan_span(FILE *packets, sensor_set sensors, struct bdf_span *span,
                   struct failure *failure);

#endif
