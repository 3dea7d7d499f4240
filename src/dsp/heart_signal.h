/*
 * The filtered pulse of both channels: low-passed at 5 Hz (to find beats) and at 8 Hz (to time
 * them), the last twenty seconds of it, and the time of each sample.
 *
 * Sample n is counted from the start; a filtered sample has the number, and so the time, of the
 * input at the middle of its filter: the delay is taken off by construction.
 */
#ifndef DSP_HEART_SIGNAL_H
#define DSP_HEART_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

enum heart_channel { HEART_IR, HEART_RED, HEART_CHANNELS };
enum heart_cutoff { HEART_5HZ, HEART_8HZ, HEART_CUTOFFS };

#define HEART_TAPS 51
#define HEART_HALF 25
/* Baseline of the displayed pulse: Hann-weighted mean of ±1 s. */
#define HEART_BASE_HALF 50
/* Twenty seconds: a gap of ten, and what was there before it. */
#define HEART_RING     1024
#define HEART_RAW_RING 64
/* What a rate or a polarity is read from: 8 s at 49.88 Hz, at least 5 s. */
#define HEART_WINDOW       399
#define HEART_WINDOW_MIN_S 5.0

struct heart_signal {
    double fs; /* Hz, as known at the start */
    double taps[HEART_CUTOFFS][HEART_TAPS];
    double noise[HEART_TAPS]; /* autocorrelation of white noise after the 8 Hz filter */
    double base_taps[2 * HEART_BASE_HALF + 1];
    double first[HEART_CHANNELS];
    double raw[HEART_CHANNELS][2 * HEART_RAW_RING]; /* twice, so that a filter's lie in one piece */
    double low[HEART_CUTOFFS][HEART_CHANNELS][HEART_RING];
    double ms[HEART_RING];
    bool filler[HEART_RING]; /* of inputs: not the band's */
    int64_t count;           /* inputs since the start */
};

/* Forgets everything; filters for `fs`. */
void heart_signal_start(struct heart_signal *signal, double fs);
void heart_signal_push(struct heart_signal *signal, const double counts[HEART_CHANNELS], double ms);
/* A straight line over `lost` missing samples to the next one, so that time goes on. */
void heart_signal_bridge(struct heart_signal *signal, const double next[HEART_CHANNELS], double ms,
                         uint32_t lost);
/* Is one of the inputs from `from` to `to` a filler? */
bool heart_signal_filled(const struct heart_signal *signal, int64_t from, int64_t to);

/* Filtered samples exist for 0 ≤ n < end, and are kept for n ≥ begin. */
int64_t heart_signal_end(const struct heart_signal *signal);
int64_t heart_signal_begin(const struct heart_signal *signal);

double heart_signal_low(const struct heart_signal *signal, enum heart_cutoff cutoff,
                        enum heart_channel channel, int64_t n);
/* Central difference, counts a second; begin < n < end − 1. */
double heart_signal_slope(const struct heart_signal *signal, enum heart_cutoff cutoff,
                          enum heart_channel channel, int64_t n);
/* The newest slopes at 5 Hz, at most HEART_WINDOW; 0: there are not yet 5 s of them. */
int heart_signal_window(const struct heart_signal *signal, enum heart_channel channel,
                        double out[HEART_WINDOW]);
/* The pulse less its baseline, HEART_BASE_HALF ≤ n − begin, n < end − HEART_BASE_HALF; at the very
 * start the baseline is of what there is. */
double heart_signal_pulse(const struct heart_signal *signal, enum heart_channel channel, int64_t n);
/* Unix ms at a fractional sample number. */
double heart_signal_ms(const struct heart_signal *signal, double n);

#endif
