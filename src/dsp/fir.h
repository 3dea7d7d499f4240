/*
 * A filter by taps, in single precision: four products at once, summed in an order that is the same
 * on every machine.
 */
#ifndef DSP_FIR_H
#define DSP_FIR_H

#include <stddef.h>

struct fir;

/* Settled at zero. The taps are copied. NULL: out of memory. */
struct fir *fir_create(const double *taps, size_t count);
void fir_destroy(struct fir *fir);

/* As if only zeros had come. */
void fir_reset(struct fir *fir);

/* The sum of taps[i] times the input i steps ago. */
float fir_step(struct fir *fir, float input);

#endif
