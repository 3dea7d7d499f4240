/*
 * The line of a sensor's ticks over its sample numbers: recursive least squares with forgetting,
 * in coordinates that have their zero at the newest point, so that no sum grows with time.
 */
#ifndef BAND_LINE_FIT_H
#define BAND_LINE_FIT_H

#include <stdbool.h>

struct line_fit {
    double prior;          /* ticks a sample, expected before any was seen */
    double weight;         /* points since the line was last broken, old ones counting less */
    double mean_i, mean_t; /* of the points, relative to the newest */
    double var_i, cov_it;  /* weighted central sums */
    double points;         /* points the slope rests on, old ones counting less */
};

void line_fit_init(struct line_fit *fit, double prior);

/* Adds the point `samples` and `ticks` further on than the last. */
void line_fit_add(struct line_fit *fit, double samples, double ticks);

/* Keeps the slope, forgets where the line lay: the number of samples in between is not known. */
void line_fit_break(struct line_fit *fit);

/* Ticks a sample. */
double line_fit_slope(const struct line_fit *fit);

/* Enough points that the slope says more than the prior did. */
bool line_fit_settled(const struct line_fit *fit);

/* The line at the newest point, in ticks after that point. */
double line_fit_residual(const struct line_fit *fit);

#endif
