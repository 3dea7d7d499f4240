#include "heart_timing.h"

#include <math.h>
#include <string.h>

#include "heart_stats.h"

#define CORRELATION_LEARN 0.6
#define CORRELATION_GOOD  0.9
#define SHAPE_GOOD        0.6
#define SIGMA_GOOD_S      0.020
#define SHIFT_STEP        1.5
#define SHIFT_MAX         3.0
/* A template that five beats in a row do not look like was learned from something else. */
#define MISSED_MAX 5
/* Below 8 Hz a second holds 16 independent values. */
#define INDEPENDENT_HZ 16.0

struct pulse {
    const struct heart_signal *signal;
    enum heart_channel channel;
    double sign;
};

struct fit {
    double amplitude;
    double shift; /* samples */
    double sigma; /* s */
    double correlation;
};

void heart_timing_start(struct heart_timing *timing)
{
    memset(timing, 0, sizeof *timing);
}

static int window_before(const struct heart_timing *t)
{
    return t->narrow ? 5 : 8;
}

static int window_length(const struct heart_timing *t)
{
    return t->narrow ? 13 : 21;
}

static double low(const struct pulse *p, int64_t n)
{
    return p->sign * heart_signal_low(p->signal, HEART_8HZ, p->channel, n);
}

static double slope(const struct pulse *p, int64_t n)
{
    return p->sign * heart_signal_slope(p->signal, HEART_8HZ, p->channel, n);
}

/* Catmull–Rom between samples. */
static double between(const struct pulse *p, double at)
{
    int64_t n = (int64_t)floor(at);
    double u = at - (double)n;
    double a = low(p, n - 1);
    double b = low(p, n);
    double c = low(p, n + 1);
    double d = low(p, n + 2);
    return b +
           0.5 * u * (c - a + u * (2.0 * a - 5.0 * b + 4.0 * c - d + u * (3.0 * (b - c) + d - a)));
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Takes the mean and the straight line off: respiration moves both. */
static void detrend(double *w, int n)
{
    double mean = 0.0;
    double moment = 0.0;
    double spread = 0.0;
    double middle = (n - 1) / 2.0;
    for (int i = 0; i < n; i++) {
        mean += w[i] / n;
        moment += w[i] * (i - middle);
        spread += (i - middle) * (i - middle);
    }
    for (int i = 0; i < n; i++)
        w[i] -= mean + moment / spread * (i - middle);
}

static bool normalise(double *w, int n)
{
    double norm = sqrt(dot(w, w, n));
    if (!(norm > 0.0))
        return false;
    for (int i = 0; i < n; i++)
        w[i] /= norm;
    return true;
}

static void cut(const struct heart_timing *t, const struct pulse *p, double at, double *w)
{
    int n = window_length(t);
    for (int i = 0; i < n; i++)
        w[i] = between(p, at - window_before(t) + i);
    detrend(w, n);
}

/* −g′, what a later pulse adds to the window. */
static void lateness(const double *g, int n, double *out)
{
    for (int i = 1; i < n - 1; i++)
        out[i] = (g[i - 1] - g[i + 1]) / 2.0;
    out[0] = g[0] - g[1];
    out[n - 1] = g[n - 2] - g[n - 1];
    detrend(out, n);
}

static struct fit least_squares(const double *w, const double *g, int n, double fs)
{
    struct fit fit = {0.0, 0.0, NAN, 0.0};
    double h[HEART_TEMPLATE_MAX];
    lateness(g, n, h);
    double gg = dot(g, g, n);
    double gh = dot(g, h, n);
    double hh = dot(h, h, n);
    double wg = dot(w, g, n);
    double wh = dot(w, h, n);
    double ww = dot(w, w, n);
    double det = gg * hh - gh * gh;
    if (!(det > 0.0) || !(ww > 0.0))
        return fit;
    double a = (wg * hh - wh * gh) / det;
    double b = (wh * gg - wg * gh) / det;
    fit.correlation = wg / sqrt(ww * gg);
    if (!(a > 0.0))
        return fit;
    double residual = fmax(ww - a * wg - b * wh, 0.0);
    double independent = n * INDEPENDENT_HZ / fs;
    double v = residual / n * independent / fmax(independent - 4.0, 1.0) * fs / INDEPENDENT_HZ;
    fit.amplitude = a;
    fit.shift = b / a;
    fit.sigma = sqrt(v * gg / det) / (a * fs);
    return fit;
}

/* The steepest point within ±4 samples. */
static double steepest(const struct pulse *p, double at)
{
    int64_t middle = (int64_t)floor(at + 0.5);
    int64_t best = middle;
    for (int64_t n = middle - 4; n <= middle + 4; n++)
        if (slope(p, n) > slope(p, best))
            best = n;
    double below = slope(p, best - 1);
    double above = slope(p, best + 1);
    double bend = below - 2.0 * slope(p, best) + above;
    double shift = bend < 0.0 ? 0.5 * (below - above) / bend : 0.0;
    return (double)best + fmax(-0.5, fmin(0.5, shift));
}

static void blend(double *mean, const double *w, int n, unsigned seen)
{
    double weight = fmax(0.1, 1.0 / seen);
    for (int i = 0; i < n; i++)
        mean[i] += weight * (w[i] - mean[i]);
}

static void learn(struct heart_timing *t, double *w, double correlation)
{
    int n = window_length(t);
    if (t->learned > 0 && correlation <= CORRELATION_LEARN) {
        if (++t->missed >= MISSED_MAX)
            t->learned = 0;
        return;
    }
    t->missed = 0;
    if (!normalise(w, n))
        return;
    blend(t->template, w, n, ++t->learned);
    if (!normalise(t->template, n))
        t->learned = 0;
}

/* Correlation of the whole beat's slope with that of the beats before (Orphanidou 2015). */
static double shape_match(struct heart_timing *t, const struct pulse *p, double at)
{
    double w[HEART_SHAPE];
    double mean = 0.0;
    int64_t first = (int64_t)floor(at + 0.5) - 10;
    for (int i = 0; i < HEART_SHAPE; i++) {
        w[i] = slope(p, first + i);
        mean += w[i] / HEART_SHAPE;
    }
    for (int i = 0; i < HEART_SHAPE; i++)
        w[i] -= mean;
    if (!normalise(w, HEART_SHAPE))
        return 0.0;
    double norm = sqrt(dot(t->shape, t->shape, HEART_SHAPE));
    double match = t->shapes > 0 && norm > 0.0 ? dot(w, t->shape, HEART_SHAPE) / norm : 0.0;
    blend(t->shape, w, HEART_SHAPE, ++t->shapes);
    return match;
}

static bool usual_amplitude(struct heart_timing *t, double amplitude)
{
    double sorted[HEART_AMPLITUDES];
    t->amplitudes[t->amplitude_count++ % HEART_AMPLITUDES] = amplitude;
    size_t count = t->amplitude_count < HEART_AMPLITUDES ? t->amplitude_count : HEART_AMPLITUDES;
    memcpy(sorted, t->amplitudes, sizeof sorted);
    double usual = heart_median(sorted, count);
    return amplitude >= 0.4 * usual && amplitude <= 2.5 * usual;
}

/* Hysteresis between the windows; what was learned with one says nothing to the other. */
static void choose_window(struct heart_timing *t, double period)
{
    bool narrow = t->narrow ? period <= 0.54 : period < 0.48;
    if (narrow == t->narrow)
        return;
    heart_timing_start(t);
    t->narrow = narrow;
}

struct heart_timed heart_timing_fit(struct heart_timing *timing, const struct heart_signal *signal,
                                    enum heart_channel channel, double sign, double period,
                                    double at)
{
    struct pulse p = {signal, channel, sign};
    double w[HEART_TEMPLATE_MAX];
    choose_window(timing, period);
    struct heart_timed timed = {at, NAN, false};
    if (at < (double)heart_signal_begin(signal) + 20.0)
        return timed;
    double start = steepest(&p, at);
    double place = start;
    struct fit fit = {0.0, 0.0, NAN, 0.0};
    for (int i = 0; i < 2 && timing->learned > 0; i++) {
        cut(timing, &p, place, w);
        fit = least_squares(w, timing->template, window_length(timing), signal->fs);
        place += fmax(-SHIFT_STEP, fmin(SHIFT_STEP, fit.shift));
    }
    bool settled = fabs(place - start) <= SHIFT_MAX;
    timed.at = settled ? place : start;
    cut(timing, &p, timed.at, w);
    if (timing->learned > 0)
        fit = least_squares(w, timing->template, window_length(timing), signal->fs);
    timed.sigma = fit.sigma;
    learn(timing, w, fit.correlation);
    double match = shape_match(timing, &p, timed.at);
    bool alike = match >= SHAPE_GOOD;
    bool usual = fit.amplitude > 0.0 && usual_amplitude(timing, fit.amplitude);
    timed.good = settled && alike && usual && fit.correlation >= CORRELATION_GOOD &&
                 fit.sigma <= SIGMA_GOOD_S;
    return timed;
}
