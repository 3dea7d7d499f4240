#include "heart_signal.h"

#include <math.h>
#include <string.h>

#include "dsp/filter.h"

/* −54 dB. */
#define KAISER_BETA 5.0

static const double cutoff_hz[HEART_CUTOFFS] = {5.0, 8.0};

static void correlate_taps(double noise[HEART_TAPS], const double taps[HEART_TAPS])
{
    for (int lag = 0; lag < HEART_TAPS; lag++)
        for (int i = lag; i < HEART_TAPS; i++)
            noise[lag] += taps[i] * taps[i - lag];
}

static void design_baseline(double taps[2 * HEART_BASE_HALF + 1])
{
    for (int i = -HEART_BASE_HALF; i <= HEART_BASE_HALF; i++)
        taps[i + HEART_BASE_HALF] = 0.5 + 0.5 * cos(M_PI * i / (HEART_BASE_HALF + 1.0));
}

void heart_signal_start(struct heart_signal *signal, double fs)
{
    memset(signal, 0, sizeof *signal);
    signal->fs = fs;
    for (int c = 0; c < HEART_CUTOFFS; c++)
        lowpass_taps(HEART_HALF, cutoff_hz[c] / fs, KAISER_BETA, signal->taps[c]);
    correlate_taps(signal->noise, signal->taps[HEART_8HZ]);
    design_baseline(signal->base_taps);
}

static double convolve(const struct heart_signal *signal, const double *taps, int channel)
{
    const double *newest =
        signal->raw[channel] + HEART_RAW_RING + ((signal->count - 1) & (HEART_RAW_RING - 1));
    double sum = 0.0;
    for (int i = 0; i < HEART_TAPS; i++)
        sum += taps[i] * newest[-i];
    return sum;
}

/* The first sample is taken off so that the filters start at rest, whatever the light's level. */
static void take_input(struct heart_signal *signal, const double counts[HEART_CHANNELS], double ms,
                       bool filler)
{
    int64_t n = signal->count++;
    signal->ms[n & (HEART_RING - 1)] = ms;
    signal->filler[n & (HEART_RING - 1)] = filler;
    for (int ch = 0; ch < HEART_CHANNELS; ch++) {
        if (n == 0)
            signal->first[ch] = counts[ch];
        double *raw = signal->raw[ch] + (n & (HEART_RAW_RING - 1));
        raw[0] = raw[HEART_RAW_RING] = counts[ch] - signal->first[ch];
    }
    if (n < HEART_HALF)
        return;
    int64_t slot = (n - HEART_HALF) & (HEART_RING - 1);
    for (int c = 0; c < HEART_CUTOFFS; c++)
        for (int ch = 0; ch < HEART_CHANNELS; ch++)
            signal->low[c][ch][slot] = convolve(signal, signal->taps[c], ch);
}

void heart_signal_push(struct heart_signal *signal, const double counts[HEART_CHANNELS], double ms)
{
    take_input(signal, counts, ms, false);
}

void heart_signal_bridge(struct heart_signal *signal, const double next[HEART_CHANNELS], double ms,
                         uint32_t lost)
{
    int64_t last = signal->count - 1;
    double last_ms = signal->ms[last & (HEART_RING - 1)];
    double before[HEART_CHANNELS];
    for (int ch = 0; ch < HEART_CHANNELS; ch++)
        before[ch] = signal->raw[ch][last & (HEART_RAW_RING - 1)] + signal->first[ch];
    for (uint32_t i = 1; i <= lost; i++) {
        double share = i / (lost + 1.0);
        double counts[HEART_CHANNELS];
        for (int ch = 0; ch < HEART_CHANNELS; ch++)
            counts[ch] = before[ch] + share * (next[ch] - before[ch]);
        take_input(signal, counts, last_ms + share * (ms - last_ms), true);
    }
}

bool heart_signal_filled(const struct heart_signal *signal, int64_t from, int64_t to)
{
    for (int64_t n = from < 0 ? 0 : from; n <= to && n < signal->count; n++)
        if (signal->filler[n & (HEART_RING - 1)])
            return true;
    return false;
}

int64_t heart_signal_end(const struct heart_signal *signal)
{
    return signal->count > HEART_HALF ? signal->count - HEART_HALF : 0;
}

int64_t heart_signal_begin(const struct heart_signal *signal)
{
    /* The ring of times is ahead of the filtered ones by half a filter. */
    int64_t begin = signal->count - HEART_RING;
    return begin > 0 ? begin : 0;
}

double heart_signal_low(const struct heart_signal *signal, enum heart_cutoff cutoff,
                        enum heart_channel channel, int64_t n)
{
    return signal->low[cutoff][channel][n & (HEART_RING - 1)];
}

double heart_signal_slope(const struct heart_signal *signal, enum heart_cutoff cutoff,
                          enum heart_channel channel, int64_t n)
{
    const double *low = signal->low[cutoff][channel];
    return (low[(n + 1) & (HEART_RING - 1)] - low[(n - 1) & (HEART_RING - 1)]) * signal->fs / 2.0;
}

int heart_signal_window(const struct heart_signal *signal, enum heart_channel channel,
                        double out[HEART_WINDOW])
{
    int64_t end = heart_signal_end(signal) - 1;
    int64_t begin = end > HEART_WINDOW + 1 ? end - HEART_WINDOW : 1;
    if ((double)(end - begin) < HEART_WINDOW_MIN_S * signal->fs)
        return 0;
    for (int64_t n = begin; n < end; n++)
        out[n - begin] = heart_signal_slope(signal, HEART_5HZ, channel, n);
    return (int)(end - begin);
}

double heart_signal_pulse(const struct heart_signal *signal, enum heart_channel channel, int64_t n)
{
    const double *low = signal->low[HEART_8HZ][channel];
    double sum = 0.0;
    double weight = 0.0;
    for (int i = -HEART_BASE_HALF; i <= HEART_BASE_HALF; i++) {
        if (n + i < 0)
            continue;
        double tap = signal->base_taps[i + HEART_BASE_HALF];
        sum += tap * low[(n + i) & (HEART_RING - 1)];
        weight += tap;
    }
    return low[n & (HEART_RING - 1)] - sum / weight;
}

double heart_signal_ms(const struct heart_signal *signal, double n)
{
    int64_t whole = (int64_t)floor(n);
    double a = signal->ms[whole & (HEART_RING - 1)];
    double b = signal->ms[(whole + 1) & (HEART_RING - 1)];
    return a + (n - (double)whole) * (b - a);
}
