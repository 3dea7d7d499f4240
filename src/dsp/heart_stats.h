/* Order statistics of small arrays. They put what they are given in another order. */
#ifndef DSP_HEART_STATS_H
#define DSP_HEART_STATS_H

#include <stddef.h>

/* NAN for an empty array. Linear interpolation between order statistics (Hyndman & Fan 1996, type
 * 7), as NumPy's default. */
double heart_quantile(double *values, size_t count, double p);
double heart_median(double *values, size_t count);

#endif
