/*
 * The grid of messages: cells of equal length on the band's own tick, with boundaries at its whole
 * multiples. The same packets give the same cells live, replayed and offline.
 */
#ifndef DSP_GRID_H
#define DSP_GRID_H

#include <math.h>
#include <stdbool.h>

#include "band/block.h"

/* The cells of EEG's features; those of PPG and ACC have a second. */
#define GRID_EEG_TICKS (BLOCK_TICK_HZ / 2.0)

struct grid {
    double period; /* ticks */
    double end;    /* of the cell under way */
    bool open;     /* a cell is under way */
};

/* Is the cell under way over at `tick`? */
static inline bool grid_passed(const struct grid *grid, double tick)
{
    return grid->open && tick >= grid->end;
}

/* Opens the cell that `tick` lies in. */
static inline void grid_open(struct grid *grid, double tick)
{
    grid->end = (floor(tick / grid->period) + 1) * grid->period;
    grid->open = true;
}

/* Does a cell end within the block, or with it? */
static inline bool block_ends_cell(const struct sample_block *block, double period)
{
    const double end = block->first_tick + (double)block->samples.count * block->tick_step;

    return floor(end / period) > floor(block->first_tick / period);
}

/* Has the block samples of `sensor`, put in time? Nothing can be computed of others. */
static inline bool block_is_timed(const struct sample_block *block, enum sensor sensor)
{
    return block->samples.sensor == sensor && block->samples.count > 0 &&
           block->samples.count <= BAND_SAMPLES_MAX && isfinite(block->first_ms) &&
           isfinite(block->step_ms) && isfinite(block->first_tick) && isfinite(block->tick_step) &&
           block->step_ms > 0 && block->tick_step > 0;
}

/* The rate to filter at, Hz: the fitted one, or what the block's own steps say before the fit. */
static inline double block_rate(const struct sample_block *block)
{
    return isfinite(block->rate_measured) && block->rate_measured > 0
               ? block->rate_measured
               : BLOCK_TICK_HZ / block->tick_step;
}

#endif
