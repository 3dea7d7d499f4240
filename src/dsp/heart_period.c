#include "heart_period.h"

#include <math.h>
#include <stddef.h>

#include "base/extreme.h"
#include "heart_stats.h"

/* 250 and 35 bpm: beyond what is told, or half of it would be. */
#define LAG_MIN_S (60.0 / 250.0)
#define LAG_MAX_S (60.0 / 35.0)
#define LAGS_MAX  128

struct correlation {
    double r[LAGS_MAX]; /* r[lag], valid from first − 1 to last + 1 */
    int first, last;
};

struct peak {
    double lag; /* samples, fractional */
    double height;
};

void heart_period_start(struct heart_period *period)
{
    for (int i = 0; i < HEART_PERIODS; i++) {
        period->lag[i] = NAN;
        period->quality[i] = 0.0;
    }
    period->next = 0;
    period->smoothed = 0.0;
}

/* Clipped, so that one movement does not outweigh eight seconds of pulse. */
static void clip_and_centre(double *d, int count)
{
    double sorted[HEART_WINDOW];
    for (int i = 0; i < count; i++)
        sorted[i] = fabs(d[i]);
    double limit = 4.5 * heart_median(sorted, (size_t)count);
    double sum = 0.0;
    for (int i = 0; i < count; i++) {
        d[i] = lesser(greater(d[i], -limit), limit);
        sum += d[i];
    }
    for (int i = 0; i < count; i++)
        d[i] -= sum / count;
}

/* In four sums: one would wait for each addition. */
static double product(const double *d, int count, int lag)
{
    double sum[4] = {0.0, 0.0, 0.0, 0.0};
    int i = lag;
    for (; i + 3 < count; i += 4)
        for (int k = 0; k < 4; k++)
            sum[k] += d[i + k] * d[i + k - lag];
    for (; i < count; i++)
        sum[0] += d[i] * d[i - lag];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The unbiased estimate: r[l] / r[0] · N / (N − l). */
static bool correlate(const double *d, int count, double fs, struct correlation *c)
{
    double zero = product(d, count, 0);
    if (!(zero > 0.0))
        return false;
    c->first = (int)floor(LAG_MIN_S * fs);
    c->last = (int)floor(LAG_MAX_S * fs);
    if (c->last > LAGS_MAX - 2)
        c->last = LAGS_MAX - 2;
    for (int l = c->first - 1; l <= c->last + 1; l++)
        c->r[l] = product(d, count, l) / zero * count / (count - l);
    return true;
}

static bool is_peak(const struct correlation *c, int l)
{
    return c->r[l] > c->r[l - 1] && c->r[l] >= c->r[l + 1];
}

static struct peak refine(const struct correlation *c, int l)
{
    double below = c->r[l - 1];
    double above = c->r[l + 1];
    double bend = below - 2.0 * c->r[l] + above;
    double shift = bend < 0.0 ? 0.5 * (below - above) / bend : 0.0;
    return (struct peak){l + shift, c->r[l]};
}

/* The shortest lag nearly as good as the best: multiples of the period correlate as well. */
static int shortest_good(const struct correlation *c)
{
    double best = 0.0;
    for (int l = c->first; l <= c->last; l++)
        if (is_peak(c, l))
            best = fmax(best, c->r[l]);
    for (int l = c->first; l <= c->last && best > 0.0; l++)
        if (is_peak(c, l) && c->r[l] >= 0.7 * best)
            return l;
    return 0;
}

/* A slow rate may be every second beat of a pulse that alternates: believe its half if it shows. */
static int octave(const struct correlation *c, int lag, double fs)
{
    if (lag <= 60.0 / 62.0 * fs)
        return lag;
    double half = lag / 2.0;
    double reach = 0.08 * half + 1.0;
    int best = 0;
    for (int l = (int)ceil(half - reach); l <= half + reach; l++)
        if (l >= c->first && is_peak(c, l) && c->r[l] >= 0.4 * c->r[lag] &&
            (best == 0 || c->r[l] > c->r[best]))
            best = l;
    return best != 0 ? best : lag;
}

static struct peak find_period(double *d, int count, double fs)
{
    const struct peak none = {NAN, 0.0};
    struct correlation c = {0};
    clip_and_centre(d, count);
    if (!correlate(d, count, fs, &c))
        return none;
    int lag = shortest_good(&c);
    if (lag == 0)
        return none;
    struct peak peak = refine(&c, octave(&c, lag, fs));
    peak.height = fmin(c.r[lag], 1.0);
    return peak;
}

void heart_period_update(struct heart_period *period, const struct heart_signal *signal,
                         enum heart_channel channel)
{
    double d[HEART_WINDOW];
    int count = heart_signal_window(signal, channel, d);
    struct peak peak = count > 0 ? find_period(d, count, signal->fs) : (struct peak){NAN, 0.0};
    period->lag[period->next] = peak.lag / signal->fs;
    period->quality[period->next] = peak.height;
    period->next = (period->next + 1) % HEART_PERIODS;
    period->smoothed += 0.15 * (peak.height - period->smoothed);
}

double heart_period_median(const struct heart_period *period, double quality, unsigned least)
{
    double good[HEART_PERIODS];
    size_t count = 0;
    for (int i = 0; i < HEART_PERIODS; i++)
        if (period->quality[i] >= quality && isfinite(period->lag[i]))
            good[count++] = period->lag[i];
    return count >= least ? heart_median(good, count) : NAN;
}

double heart_period_quality(const struct heart_period *period)
{
    return period->quality[(period->next + HEART_PERIODS - 1) % HEART_PERIODS];
}
