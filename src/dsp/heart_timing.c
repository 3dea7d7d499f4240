#include "heart_timing.h"

#include <math.h>
#include <string.h>

#include "heart_fit.h"
#include "heart_stats.h"

#define CORRELATION_LEARN 0.6
#define CORRELATION_GOOD  0.9
#define CORRELATION_ALIKE 0.965
#define CORRELATION_BEAT  0.85
#define CORRELATION_NONE  0.6
#define CORRELATION_SURE  0.95
#define SHAPE_GOOD        0.6
#define SIGMA_GOOD_S      0.020
#define SHIFT_STEP        1.5
#define SHIFT_MAX         1.5
#define SEARCH_STEEPEST   4
#define SEARCH_ALIKE      6
#define LIKENESSES_MIN    4
/* A template that five beats in a row do not look like was learned from something else. */
#define MISSED_MAX 5
#define ROUNDS     3
/* The weight of a beat in the template, and with it the share of the residual's variance that is
 * the beat's own noise: the rest is the template's, which hardly differs from beat to beat. */
#define WEIGHT    0.1
#define OWN_NOISE (1.0 - WEIGHT / 2.0)
/* The part of a period that is fitted: from the foot before the upstroke to past the dicrotic wave,
 * short of the next foot, whose distance is what is to be measured. */
#define SHARE_BEFORE 0.2
#define SHARE_AFTER  0.45

struct pulse {
    const struct heart_signal *signal;
    enum heart_channel channel;
    double sign;
};

/* Of the template: its first sample and their number. */
struct template_part {
    int first, count;
};

void heart_timing_start(struct heart_timing *timing)
{
    memset(timing, 0, sizeof *timing);
}

static double low(const struct pulse *p, int64_t n)
{
    return p->sign * heart_signal_low(p->signal, HEART_8HZ, p->channel, n);
}

static double pulse_slope(const struct pulse *p, int64_t n)
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

static bool normalise(double *w, int n)
{
    double norm = sqrt(heart_fit_dot(w, w, n));
    if (!(norm > 0.0))
        return false;
    for (int i = 0; i < n; i++)
        w[i] /= norm;
    return true;
}

static void cut(const struct pulse *p, double at, double *w)
{
    for (int i = 0; i < HEART_TEMPLATE; i++)
        w[i] = between(p, at - HEART_BEFORE + i);
}

static int within(double value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)floor(value + 0.5);
}

static struct template_part choose_part(double period, double fs)
{
    int before = within(SHARE_BEFORE * period * fs, 5, HEART_BEFORE - 2);
    int after = within(SHARE_AFTER * period * fs, 7, HEART_AFTER - 2);
    return (struct template_part){HEART_BEFORE - before, before + 1 + after};
}

/* Level and straight line off and norm 1, as the part has them. */
static bool normalise_part(double *w, const struct template_part *part)
{
    double middle = part->first + (part->count - 1) / 2.0;
    double mean = 0.0;
    double moment = 0.0;
    double spread = 0.0;
    for (int i = part->first; i < part->first + part->count; i++) {
        mean += w[i] / part->count;
        moment += w[i] * (i - middle);
        spread += (i - middle) * (i - middle);
    }
    for (int i = 0; i < HEART_TEMPLATE; i++)
        w[i] -= mean + moment / spread * (i - middle);
    double norm = sqrt(heart_fit_dot(w + part->first, w + part->first, part->count));
    for (int i = 0; i < HEART_TEMPLATE && norm > 0.0; i++)
        w[i] /= norm;
    return norm > 0.0;
}

/* The steepest point near. */
static double steepest(const struct pulse *p, double at)
{
    int64_t middle = (int64_t)floor(at + 0.5);
    int64_t best = middle;
    for (int64_t n = middle - SEARCH_STEEPEST; n <= middle + SEARCH_STEEPEST; n++)
        if (pulse_slope(p, n) > pulse_slope(p, best))
            best = n;
    double below = pulse_slope(p, best - 1);
    double above = pulse_slope(p, best + 1);
    double bend = below - 2.0 * pulse_slope(p, best) + above;
    double shift = bend < 0.0 ? 0.5 * (below - above) / bend : 0.0;
    return (double)best + fmax(-0.5, fmin(0.5, shift));
}

/* Where near the template answers best: noise moves the steepest point by more than that. */
static double most_alike(const struct pulse *p, const double *template,
                         const struct template_part *part, double at)
{
    double w[HEART_TEMPLATE];
    double best = at;
    double most = -INFINITY;
    for (int n = -SEARCH_ALIKE; n <= SEARCH_ALIKE; n++) {
        cut(p, at + n, w);
        double answer = heart_fit_dot(w + part->first, template + part->first, part->count);
        if (answer <= most)
            continue;
        most = answer;
        best = at + n;
    }
    return best;
}

static void blend(double *mean, const double *w, int n, unsigned seen)
{
    double weight = fmax(WEIGHT, 1.0 / seen);
    for (int i = 0; i < n; i++)
        mean[i] += weight * (w[i] - mean[i]);
}

static void learn(struct heart_timing *t, const struct template_part *part, double *w,
                  double correlation)
{
    if (t->learned > 0 && correlation <= CORRELATION_LEARN) {
        if (++t->missed >= MISSED_MAX)
            t->learned = 0;
        return;
    }
    t->missed = 0;
    if (!normalise_part(w, part))
        return;
    blend(t->template, w, HEART_TEMPLATE, ++t->learned);
    if (!normalise_part(t->template, part))
        t->learned = 0;
}

/* Correlation of the whole beat's slope with that of the beats before (Orphanidou 2015). */
static double shape_match(struct heart_timing *t, const struct pulse *p, double at)
{
    double w[HEART_SHAPE];
    double mean = 0.0;
    int64_t first = (int64_t)floor(at + 0.5) - 10;
    for (int i = 0; i < HEART_SHAPE; i++) {
        w[i] = pulse_slope(p, first + i);
        mean += w[i] / HEART_SHAPE;
    }
    for (int i = 0; i < HEART_SHAPE; i++)
        w[i] -= mean;
    if (!normalise(w, HEART_SHAPE))
        return 0.0;
    double norm = sqrt(heart_fit_dot(t->shape, t->shape, HEART_SHAPE));
    double match =
        t->shapes > 0 && norm > 0.0 ? heart_fit_dot(w, t->shape, HEART_SHAPE) / norm : 0.0;
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

struct fitted_place {
    double at;    /* sample number */
    double sigma; /* s */
    bool settled; /* it did not wander off */
    double amplitude, correlation;
};

static struct fitted_place find_place(const struct heart_timing *timing, const struct pulse *p,
                                      const struct template_part *part, double at)
{
    double fs = p->signal->fs;
    double w[HEART_TEMPLATE];
    if (timing->learned == 0)
        return (struct fitted_place){steepest(p, at), NAN, true, 0.0, 0.0};
    double start = most_alike(p, timing->template, part, at);
    double now = start;
    struct heart_fit fit = {0.0, 0.0, NAN, 0.0};
    for (int i = 0; i < ROUNDS; i++) {
        cut(p, now, w);
        fit = heart_fit(w + part->first, timing->template + part->first, part->count,
                        p->signal->noise);
        now += fmax(-SHIFT_STEP, fmin(SHIFT_STEP, fit.shift));
    }
    bool settled = fabs(now - start) <= SHIFT_MAX;
    return (struct fitted_place){settled ? now : start, fit.sigma / fs * sqrt(OWN_NOISE), settled,
                                 fit.amplitude, fit.correlation};
}

struct heart_timed heart_timing_fit(struct heart_timing *timing, const struct heart_signal *signal,
                                    enum heart_channel channel, double sign, double period,
                                    double at)
{
    struct pulse p = {signal, channel, sign};
    struct template_part part = choose_part(period, signal->fs);
    double w[HEART_TEMPLATE];
    if (at < (double)heart_signal_begin(signal) + HEART_REACH)
        return (struct heart_timed){.at = at, .sigma = NAN};
    struct fitted_place place = find_place(timing, &p, &part, at);
    bool known = timing->learned > 0;
    if (known)
        timing->likeness[timing->likeness_count++ % HEART_LIKENESSES] = place.correlation;
    cut(&p, place.at, w);
    learn(timing, &part, w, place.correlation);
    bool alike = shape_match(timing, &p, place.at) >= SHAPE_GOOD;
    bool usual = place.amplitude > 0.0 && usual_amplitude(timing, place.amplitude);
    bool good = place.settled && alike && usual && place.correlation >= CORRELATION_GOOD &&
                place.sigma <= SIGMA_GOOD_S;
    return (struct heart_timed){.at = place.at,
                                .sigma = place.sigma,
                                .amplitude = place.amplitude,
                                .alike = place.correlation >= CORRELATION_ALIKE,
                                .good = good,
                                .refused = known && place.correlation < CORRELATION_BEAT,
                                .doubtful = known && place.correlation > CORRELATION_NONE &&
                                            place.correlation < CORRELATION_SURE};
}

double heart_timing_likeness(const struct heart_timing *timing)
{
    double sorted[HEART_LIKENESSES];
    size_t count =
        timing->likeness_count < HEART_LIKENESSES ? timing->likeness_count : HEART_LIKENESSES;
    memcpy(sorted, timing->likeness, sizeof sorted);
    return count >= LIKENESSES_MIN ? heart_quantile(sorted, count, 0.75) : NAN;
}
