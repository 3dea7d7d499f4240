#include "grid.h"

#include <math.h>
#include <string.h>

static double point_ms(const struct bdf_grid *grid, int64_t index)
{
    return grid->start_ms + (double)index * 1000.0 / grid->rate;
}

static double nearest(const struct bdf_grid *grid, size_t channel, double ms)
{
    size_t best = 0;

    for (size_t i = 1; i < grid->points; i++) {
        if (fabs(grid->ms[i] - ms) < fabs(grid->ms[best] - ms))
            best = i;
    }
    return grid->value[best][channel];
}

static double interpolate(const struct bdf_grid *grid, size_t channel, double ms)
{
    double sum = 0;

    for (size_t i = 0; i < grid->points; i++) {
        double weight = 1;

        for (size_t j = 0; j < grid->points; j++) {
            if (j != i)
                weight *= (ms - grid->ms[j]) / (grid->ms[i] - grid->ms[j]);
        }
        sum += weight * grid->value[i][channel];
    }
    return sum;
}

/* Tells the grid points up to `until`; outside the points known their edge is held. */
static void emit_until(struct bdf_grid *grid, double until_ms)
{
    for (double ms; (ms = point_ms(grid, grid->next)) <= until_ms; grid->next++) {
        double at = fmin(fmax(ms, grid->ms[0]), grid->ms[grid->points - 1]);
        double value[GRID_CHANNELS_MAX];

        for (size_t c = 0; c < grid->channels; c++)
            value[c] = grid->stepwise & (1u << c) ? nearest(grid, c, at) : interpolate(grid, c, at);
        grid->emit(grid->user, grid->next, value);
    }
}

static void end_run(struct bdf_grid *grid)
{
    if (grid->points > 0)
        emit_until(grid, grid->ms[grid->points - 1] + 500.0 / grid->rate);
    grid->points = 0;
}

void grid_hold(struct bdf_grid *grid, int64_t end)
{
    for (; grid->next < end; grid->next++)
        grid->emit(grid->user, grid->next, grid->held);
}

static void begin_run(struct bdf_grid *grid, double ms, double period_ms, const double *value)
{
    double from = grid->began ? grid->held_ms + period_ms : grid->start_ms;

    if (ms - from > GRID_BRIDGE_MS)
        grid->gap(grid->user, from, ms);
    if (!grid->began)
        memcpy(grid->held, value, sizeof(grid->held[0]) * grid->channels);
    grid->began = true;
    grid_hold(grid, (int64_t)ceil((ms - grid->start_ms) * grid->rate / 1000.0 - 0.5));
}

void grid_push(struct bdf_grid *grid, double ms, double period_ms, const double *value)
{
    if (grid->began && ms <= grid->held_ms) {
        grid->overlapped++;
        return;
    }
    if (grid->points > 0 && ms - grid->held_ms - period_ms > GRID_BRIDGE_MS)
        end_run(grid);
    if (grid->points == 0)
        begin_run(grid, ms, period_ms, value);
    if (grid->points == 4) {
        memmove(grid->ms, grid->ms + 1, 3 * sizeof(grid->ms[0]));
        memmove(grid->value, grid->value + 1, 3 * sizeof(grid->value[0]));
        grid->points = 3;
    }
    grid->ms[grid->points] = ms;
    memcpy(grid->value[grid->points++], value, sizeof(*value) * grid->channels);
    memcpy(grid->held, value, sizeof(*value) * grid->channels);
    grid->held_ms = ms;
    if (grid->points == 4)
        emit_until(grid, grid->ms[2]);
}

void grid_finish(struct bdf_grid *grid, int64_t end)
{
    double end_ms = point_ms(grid, end);
    double from = grid->began ? grid->held_ms + 1000.0 / grid->rate : grid->start_ms;

    end_run(grid);
    if (end_ms - from > GRID_BRIDGE_MS)
        grid->gap(grid->user, from, end_ms);
    grid_hold(grid, end);
}
