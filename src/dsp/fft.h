/*
 * Fourier transforms of 2^a·5^b points, four of them at once, one a lane of a vector: an addition
 * or a multiplication serves all four, and each lane's figures are the same on every machine.
 * Stockham's form, which needs no bit reversal (Van Loan, Computational Frameworks for the FFT,
 * ch. 1.7).
 */
#ifndef DSP_FFT_H
#define DSP_FFT_H

#include <stddef.h>

#define FFT_LANES 4

/* Of eight bytes' alignment, which is all that calloc gives on some machines. */
typedef float fft_lanes __attribute__((vector_size(FFT_LANES * sizeof(float)), aligned(8)));

struct fft_point {
    fft_lanes re, im;
};

struct fft;

/* NULL: out of memory, or a length of other factors. */
struct fft *fft_create(size_t length);
void fft_destroy(struct fft *fft);

/* Where the `length` points to be transformed are written before each transform. */
struct fft_point *fft_input(struct fft *fft);

/* X_k = Σ x_n·e^(−2πikn/length), k from 0 on. The plan's own, until the input is written again. */
const struct fft_point *fft_forward(struct fft *fft);

#endif
