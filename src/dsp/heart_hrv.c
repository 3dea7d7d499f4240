#include "heart_hrv.h"

#include <math.h>

#include "heart_lomb.h"
#include "heart_stats.h"

#define PAIRS_MIN 20
/* Where jitter is more than this share of what was measured, what is left of it is not known. */
#define JITTER_MAX 0.7
/* Nor where the beats' times are worse than this: the best of them were chosen by an estimate of
 * how good they are, which then is too good. */
#define SIGMA_MS    10.0
#define SIGMA_SHARE 0.016 /* of the mean NN */
/* Above 150 bpm the fit's window is too short to tell noise from pulse. */
#define FAST_MS   400.0
#define COVER_MIN 0.8
/* A step of the rate leaves some of the intervals that it went through out, and what is left says
 * too little. A sinus arrhythmia of 10 % makes the means of so many NN differ by a tenth, a ramp of
 * 50 a minute in one minute by a sixth. */
#define STEP_BEATS 12
#define STEP_LEAST 4 /* at the window's edges */
#define STEP_SHARE 0.25
#define FREQ_STEPS 2.0 /* bins per 1/window */
#define BINS_MAX   64  /* 0.25 Hz of 120 s are 60 */

struct selection {
    double rr[HEART_NN_MAX];
    double at[HEART_NN_MAX]; /* s */
    size_t count;
    double change[HEART_NN_MAX];
    size_t pairs;
    double jitter; /* mean σₖ² + 4σₖ₊₁² + σₖ₊₂², ms² */
    bool vague;    /* too much of it */
    bool moved;    /* the rate did */
    double mean;   /* ms */
    double sum;    /* s */
};

static double square_ms(double sigma_s)
{
    return sigma_s * sigma_s * 1e6;
}

/* Is somewhere what follows by so much longer or shorter than what was? */
static bool has_stepped(const struct selection *s)
{
    double sum[HEART_NN_MAX + 1];
    sum[0] = 0.0;
    for (size_t i = 0; i < s->count; i++)
        sum[i + 1] = sum[i] + s->rr[i];
    for (size_t i = STEP_LEAST; i + STEP_LEAST <= s->count; i++) {
        size_t from = i > STEP_BEATS ? i - STEP_BEATS : 0;
        size_t to = i + STEP_BEATS < s->count ? i + STEP_BEATS : s->count;
        double before = (sum[i] - sum[from]) / (double)(i - from);
        double after = (sum[to] - sum[i]) / (double)(to - i);
        if (fabs(after - before) > STEP_SHARE * fmin(before, after))
            return true;
    }
    return false;
}

static void select_window(const struct heart_nn *nn, double from_s, struct selection *s)
{
    s->count = s->pairs = 0;
    s->jitter = s->sum = 0.0;
    for (size_t k = 1; k < nn->count; k++) {
        const struct heart_beat *b = &nn->beats[k];
        if (!b->normal || b->at_s - b->rr / 1000.0 < from_s)
            continue;
        s->rr[s->count] = b->rr;
        s->at[s->count++] = b->at_s;
        s->sum += b->rr / 1000.0;
        if (s->count < 2 || !b[-1].normal)
            continue;
        s->change[s->pairs++] = b->rr - b[-1].rr;
        s->jitter += square_ms(b->sigma) + 4.0 * square_ms(b[-1].sigma) + square_ms(b[-2].sigma);
    }
    s->mean = s->count > 0 ? s->sum * 1000.0 / (double)s->count : NAN;
    s->jitter = s->pairs > 0 ? s->jitter / (double)s->pairs : 0.0;
    s->moved = has_stepped(s);
    s->vague = sqrt(s->jitter / 6.0) > fmin(SIGMA_MS, SIGMA_SHARE * s->mean);
    if (s->mean < FAST_MS)
        s->jitter = 0.0;
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double square_about(const double *values, size_t count, double centre)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (values[i] - centre) * (values[i] - centre);
    return sum;
}

static double less_jitter(double square, double jitter)
{
    return jitter <= JITTER_MAX * square ? square - jitter : NAN;
}

static double median_deviation(const struct selection *s)
{
    double values[HEART_NN_MAX];
    for (size_t i = 0; i < s->count; i++)
        values[i] = s->rr[i];
    double median = heart_median(values, s->count);
    for (size_t i = 0; i < s->count; i++)
        values[i] = fabs(s->rr[i] - median);
    return heart_median(values, s->count);
}

static double share_over_50(const struct selection *s)
{
    size_t over = 0;
    for (size_t i = 0; i < s->pairs; i++)
        over += fabs(s->change[i]) > 50.0;
    return 100.0 * (double)over / (double)s->pairs;
}

struct heart_hrv heart_hrv_time(const struct heart_nn *nn, double from_s, double least_s)
{
    struct selection s;
    select_window(nn, from_s, &s);
    struct heart_hrv hrv = {.sdnn = NAN,
                            .rmssd = NAN,
                            .sdsd = NAN,
                            .hr_mad = NAN,
                            .sd1 = NAN,
                            .sd2 = NAN,
                            .pnn50 = NAN,
                            .covered = s.sum,
                            .pairs = s.pairs};
    if (s.pairs < PAIRS_MIN || s.sum < least_s || s.vague || s.moved)
        return hrv;
    double pairs = (double)s.pairs;
    double steps = square_about(s.change, s.pairs, 0.0) / pairs;
    if (isnan(less_jitter(steps, s.jitter)))
        return hrv;
    double total = square_about(s.rr, s.count, s.mean) / ((double)s.count - 1.0);
    double spread = square_about(s.change, s.pairs, mean_of(s.change, s.pairs)) / (pairs - 1.0);
    hrv.sdnn = sqrt(less_jitter(total, s.jitter / 3.0));
    hrv.rmssd = sqrt(less_jitter(steps, s.jitter));
    hrv.sdsd = sqrt(less_jitter(spread, s.jitter));
    hrv.sd1 = hrv.sdsd / sqrt(2.0);
    hrv.sd2 = sqrt(fmax(2.0 * hrv.sdnn * hrv.sdnn - hrv.sd1 * hrv.sd1, 0.0));
    hrv.hr_mad = median_deviation(&s);
    hrv.pnn50 = share_over_50(&s);
    return hrv;
}

/* Mean and straight line off, against time. */
static void detrend(struct selection *s)
{
    double when = mean_of(s->at, s->count);
    double moment = 0.0;
    for (size_t i = 0; i < s->count; i++)
        moment += (s->at[i] - when) * (s->rr[i] - s->mean);
    double spread = square_about(s->at, s->count, when);
    double line = spread > 0.0 ? moment / spread : 0.0;
    for (size_t i = 0; i < s->count; i++) {
        s->at[i] -= when;
        s->rr[i] -= s->mean + line * s->at[i];
    }
}

/* One-sided density that white jitter of the beat times, of variance J/6, has in the intervals. */
static double jitter_density(const struct selection *s, double f)
{
    double step = s->mean / 1000.0;
    return 4.0 * step * s->jitter / 6.0 * (1.0 - cos(2.0 * M_PI * f * step));
}

double heart_hrv_power(const struct heart_nn *nn, double from_s, double window_s, double lo,
                       double hi)
{
    struct selection s;
    select_window(nn, from_s, &s);
    if (s.pairs < PAIRS_MIN || s.sum < COVER_MIN * window_s || s.vague || s.moved)
        return NAN;
    detrend(&s);
    double df = 1.0 / (FREQ_STEPS * window_s);
    /* The edges are bins: rounding must not move one across. */
    long first = (long)ceil(lo / df - 1e-9);
    /* Intervals of this length can't tell what is faster than half a beat's rate. */
    long end = (long)ceil(fmin(hi, 500.0 / s.mean) / df - 1e-9);
    double density[BINS_MAX];
    if (end - first > BINS_MAX)
        return NAN;
    heart_lomb(s.at, s.rr, s.count, df, first, (size_t)(end - first), density);
    double power = 0.0;
    double jitter = 0.0;
    for (long k = first; k < end; k++) {
        power += 2.0 * s.mean / 1000.0 * density[k - first] * df;
        jitter += jitter_density(&s, (double)k * df) * df;
    }
    return less_jitter(power, jitter);
}
