#include "heart_perfusion.h"

#include <math.h>
#include <stddef.h>

#include "heart_stats.h"

/* The foot lies within 0.25 s before the steepest point, the top within 0.35 s after. */
#define FOOT_S    0.25
#define TOP_S     0.35
#define SPAN_S    10.0
#define BEATS_MIN 5

void heart_perfusion_start(struct heart_perfusion *perfusion)
{
    perfusion->count = 0;
}

void heart_perfusion_add(struct heart_perfusion *perfusion, const struct heart_signal *signal,
                         double sign, double at, double at_s)
{
    int64_t middle = (int64_t)at;
    unsigned slot = perfusion->count++ % HEART_PERFUSION_BEATS;
    perfusion->at_s[slot] = at_s;
    for (int ch = 0; ch < HEART_CHANNELS; ch++) {
        double foot = INFINITY;
        double top = -INFINITY;
        for (int64_t n = middle - (int64_t)(FOOT_S * signal->fs); n <= middle; n++)
            foot =
                fmin(foot, sign * heart_signal_low(signal, HEART_8HZ, (enum heart_channel)ch, n));
        for (int64_t n = middle; n <= middle + (int64_t)(TOP_S * signal->fs); n++)
            top = fmax(top, sign * heart_signal_low(signal, HEART_8HZ, (enum heart_channel)ch, n));
        perfusion->size[ch][slot] = top - foot;
    }
}

double heart_perfusion_index(const struct heart_perfusion *perfusion, enum heart_channel channel,
                             double mean, double now_s)
{
    double sizes[HEART_PERFUSION_BEATS];
    size_t count = 0;
    for (unsigned i = 0; i < HEART_PERFUSION_BEATS && i < perfusion->count; i++)
        if (perfusion->at_s[i] >= now_s - SPAN_S)
            sizes[count++] = perfusion->size[channel][i];
    return count >= BEATS_MIN && mean > 0.0 ? 100.0 * heart_median(sizes, count) / mean : NAN;
}
