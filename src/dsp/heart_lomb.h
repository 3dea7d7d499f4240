/*
 * Lomb's periodogram (Lomb 1976, Scargle 1982): the spectrum of values at uneven times, so holes
 * need no filling.
 */
#ifndef DSP_HEART_LOMB_H
#define DSP_HEART_LOMB_H

#include <stddef.h>

/*
 * Writes the periodogram, in the scale of |X|²/N, at the frequencies (first + k)·df for k < bins.
 * `at` in s, df in Hz; `values` have no mean; count ≤ HEART_NN_MAX.
 */
void heart_lomb(const double *at, const double *values, size_t count, double df, long first,
                size_t bins, double *out);

#endif
