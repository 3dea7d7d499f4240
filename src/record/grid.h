/*
 * One sensor's samples on an even UTC grid: what a BDF can hold. Between samples a cubic through
 * the four nearest (Lagrange's form, by their own times), through a gap of up to GRID_BRIDGE_MS
 * too; over longer ones the last value is held and the gap is told.
 */
#ifndef RECORD_GRID_H
#define RECORD_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/model.h"

#define GRID_CHANNELS_MAX (MODEL_CHANNELS_MAX + 1) /* lead-off is one of its own */
#define GRID_BRIDGE_MS    20.0

struct bdf_grid {
    int rate; /* Hz */
    size_t channels;
    unsigned stepwise; /* a bit for each channel that takes the nearest sample: flags */
    double start_ms;   /* UTC of grid point 0 */
    int64_t next;      /* the grid point to be told next */
    size_t points;     /* of the run so far, the newest four */
    double ms[4], value[4][GRID_CHANNELS_MAX];
    double held_ms, held[GRID_CHANNELS_MAX]; /* the newest sample */
    bool began;
    uint64_t overlapped; /* samples not later than the one before: left out */
    void *user;
    void (*emit)(void *user, int64_t index, const double *value);
    void (*gap)(void *user, double from_ms, double to_ms);
};

/* A sample; `period_ms` is what its sensor leaves between two. */
void grid_push(struct bdf_grid *grid, double ms, double period_ms, const double *value);
/* Fills up to, not including, the grid point `end` with what is held. */
void grid_hold(struct bdf_grid *grid, int64_t end);
/* No more samples: fills up to `end`. */
void grid_finish(struct bdf_grid *grid, int64_t end);

#endif
