/*
 * The filters of the EEG: a notch at the mains that can coast over missing samples, and the taps of
 * linear-phase FIR filters. docs/dsp.md has their responses. Pure.
 */
#ifndef DSP_FILTER_H
#define DSP_FILTER_H

#include <stddef.h>

/*
 * A second-order notch, -3 dB at ±f0/2Q, in double precision: poles so near the unit circle are
 * where single precision costs most. Transposed direct form II. The design is SciPy's
 * `iirnotch` (Orfanidis, Introduction to Signal Processing, ch. 11.3).
 */
struct notch {
    double frequency; /* Hz; 0: no notch, what goes in comes out */
    double rate;      /* Hz, what the coefficients are for */
    double b0, b1, b2, a1, a2;
    double s1, s2;
};

/* `frequency` 0 makes it transparent. Settled at zero. */
void notch_init(struct notch *notch, double frequency, double rate);

/* The rate became known better: new coefficients, the state stays. */
void notch_retune(struct notch *notch, double rate);

/* As if `value` had always come. */
void notch_settle(struct notch *notch, double value);

double notch_step(struct notch *notch, double input);

/*
 * Instead of notch_step where the input isn't known but the output shall be `output`: the notch
 * rings on at the mains' frequency. Returns the input that would have given this output.
 */
double notch_coast(struct notch *notch, double output);

/*
 * Windowed-sinc low-pass of 2·half + 1 taps, unit sum: -6 dB at `cutoff` (a part of the rate), a
 * Kaiser window of that `beta`.
 */
void lowpass_taps(size_t half, double cutoff, double beta, double *taps);

/*
 * The 1-45 Hz band-pass of the displayed samples, one second long (`rate` + 1 taps, `rate` even):
 * a low-pass less a Hann-weighted mean over one second. Exactly zero at DC, -6 dB at 1 Hz.
 */
void bandpass_taps(int rate, double *taps);

#endif
