/*
 * Power spectra of one channel's last four seconds: Welch's of all of them (2 s Hann segments, 50 %
 * overlap, each segment's mean taken off, one-sided density: Welch 1967; scipy.signal.welch), and
 * that of a single second among them.
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

/* Density, µV²/Hz, at bins 2..90 (nominally 1, 1.5 … 45 Hz), the samples being `rate` a second.
 * Returns that at bin 1, 0.5 Hz. */
double spectrum_welch(struct spectrum *spectrum, double rate, double psd[EEG_SPECTRUM_BINS]);

/* The same of one of those segments, which ended `back` samples ago, at most 2·rate. */
void spectrum_segment(struct spectrum *spectrum, size_t back, double rate,
                      double psd[EEG_SPECTRUM_BINS]);

/* Of one second: 1, 2 … 45 Hz. */
#define SPECTRUM_SECOND_BINS 45

/* The same of the one Hann segment of `rate` samples (nominal) that ended `back` samples ago, at
 * most 3·rate. */
void spectrum_second(struct spectrum *spectrum, size_t back, double rate,
                     double psd[SPECTRUM_SECOND_BINS]);

#endif
