/*
 * Heart rate variability of the NN intervals that end in a window (Task Force 1996), with the
 * jitter of the beat times taken off.
 */
#ifndef DSP_HEART_HRV_H
#define DSP_HEART_HRV_H

#include "heart_nn.h"

struct heart_hrv {
    double sdnn, rmssd, sdsd, hr_mad, sd1, sd2; /* ms */
    double pnn50;                               /* % */
    double covered;                             /* s of NN */
    size_t pairs;
};

/* Where there are fewer than 20 pairs, or under `least_s` of NN, all values are NAN. */
struct heart_hrv heart_hrv_time(const struct heart_nn *nn, double from_s, double least_s);

/*
 * Power in ms² of the NN over [lo, hi) Hz, by Lomb's periodogram (Lomb 1976, Scargle 1982): it
 * takes the intervals at the beats they end at, with holes where some were left out, so nothing
 * needs be interpolated. NAN where NN cover less than four fifths of the window.
 */
double heart_hrv_power(const struct heart_nn *nn, double from_s, double window_s, double lo,
                       double hi);

#endif
