/*
 * Welch's power spectrum over the last four seconds of one channel: 2 s Hann segments, 50 %
 * overlap, each segment's mean taken off, one-sided density (Welch 1967; scipy.signal.welch).
 */
#ifndef DSP_SPECTRUM_H
#define DSP_SPECTRUM_H

#include <stddef.h>

#include "dsp/eeg.h"

struct spectrum;

/* `rate` is nominal: the window is 4·rate samples, a segment 2·rate. */
struct spectrum *spectrum_create(int rate);
void spectrum_destroy(struct spectrum *spectrum);

void spectrum_push(struct spectrum *spectrum, double uv);

/* Density, µV²/Hz, at bins 2..90 (nominally 1, 1.5 … 45 Hz), the samples being `rate` a second. */
void spectrum_welch(const struct spectrum *spectrum, double rate, double psd[EEG_SPECTRUM_BINS]);

#endif
