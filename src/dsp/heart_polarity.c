#include "heart_polarity.h"

#include <math.h>
#include <stddef.h>

#include "base/extreme.h"
#include "heart_stats.h"

/* Less is chance: turning the signal over costs its templates. */
#define SKEWNESS_SURE 0.15

void heart_polarity_start(struct heart_polarity *polarity)
{
    polarity->skewness = NAN;
    polarity->sign = -1.0; /* as the real band reads */
}

static double clipped_skewness(double *d, int count)
{
    double sorted[HEART_WINDOW];
    for (int i = 0; i < count; i++)
        sorted[i] = fabs(d[i]);
    double limit = 4.0 * 1.4826 * heart_median(sorted, (size_t)count);
    double mean = 0.0;
    for (int i = 0; i < count; i++) {
        d[i] = lesser(greater(d[i], -limit), limit);
        mean += d[i] / count;
    }
    double second = 0.0;
    double third = 0.0;
    for (int i = 0; i < count; i++) {
        double x = d[i] - mean;
        second += x * x / count;
        third += x * x * x / count;
    }
    return second > 0.0 ? third / (second * sqrt(second)) : 0.0;
}

bool heart_polarity_update(struct heart_polarity *polarity, const struct heart_signal *signal,
                           enum heart_channel channel)
{
    double d[HEART_WINDOW];
    int count = heart_signal_window(signal, channel, d);
    if (count == 0)
        return false;
    double now = clipped_skewness(d, count);
    bool first = !isfinite(polarity->skewness);
    polarity->skewness = first ? now : polarity->skewness + 0.12 * (now - polarity->skewness);
    double sign = polarity->skewness < 0.0 ? -1.0 : 1.0;
    if (sign == polarity->sign || fabs(polarity->skewness) < (first ? 0.0 : SKEWNESS_SURE))
        return false;
    polarity->sign = sign;
    return true;
}
