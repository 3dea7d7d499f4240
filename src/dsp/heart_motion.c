#include "heart_motion.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "heart_goertzel.h"
#include "heart_stats.h"

/* Each fourth sample of light that ends at 5 Hz. */
#define DECIMATE 4
#define POINTS   HEART_MOTION_POINTS
/* The accelerometer at two samples before and after, three axes: what light may have of it. */
#define LAGS   5
#define INPUTS (LAGS * HEART_MOTION_AXES)
/* A row of them is filled up to whole pairs. */
#define ROW (INPUTS + 1)
/* Of the accelerometer's power, what keeps noise from being used as if it were movement. */
#define RIDGE 0.01
/* One count of the band's 8-bit sensor is 0.016 g; a still head has less than two. */
#define MOVING_G 0.03
#define LINE_G   0.03
#define STILL_S  2.0
#define FRESH_S  3.0
/* The grid of rates, a minute. */
#define RATE_FIRST 36.0
#define RATE_STEP  1.5
#define RATES      124
#define LINE_FIRST 60.0
#define LINE_LAST  240.0
/* A window of ten seconds tells lines apart that are 12 a minute apart; nearer ones are one. */
#define NEAR_LINE 8.0
#define NEAR_PEAK 12.0
/* The pulse's line against the next that is none of its multiples. */
#define DOMINANT 3.0
/* And against the movement in the light before it is taken off: what is left of that is less. */
#define LEFT_OVER   0.035
#define AGREE       6.0
#define VOTES       3
#define OTHER_LINE  0.08
#define OTHER_APART 20.0

typedef double pair __attribute__((vector_size(2 * sizeof(double))));

void heart_motion_start(struct heart_motion *motion)
{
    memset(motion, 0, sizeof *motion);
    motion->line = NAN;
}

void heart_motion_push(struct heart_motion *motion, const struct sample_block *block)
{
    if (block->restart || block->lost > 0 || block->tick_step != motion->step)
        motion->count =
            motion->count > 0 && !block->restart && block->lost == 0 ? motion->count : 0;
    motion->step = block->tick_step;
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct acc_sample *s = &block->samples.acc[i];
        const double g[HEART_MOTION_AXES] = {s->x, s->y, s->z};
        long slot = motion->count++ & (HEART_MOTION_RING - 1);
        for (int axis = 0; axis < HEART_MOTION_AXES; axis++)
            motion->g[axis][slot] = (float)(g[axis] * block->samples.as->unit_per_count);
    }
    motion->next = block->first_tick + (double)block->samples.count * block->tick_step;
}

static double at_tick(const struct heart_motion *motion, int axis, double tick)
{
    double n = (double)motion->count - (motion->next - tick) / motion->step;
    long whole = (long)floor(n);
    const float *g = motion->g[axis];
    double a = g[whole & (HEART_MOTION_RING - 1)];
    double b = g[(whole + 1) & (HEART_MOTION_RING - 1)];
    return a + (n - (double)whole) * (b - a);
}

static void take_off_line(double *x)
{
    double mean = 0.0;
    double moment = 0.0;
    double spread = 0.0;
    for (int i = 0; i < POINTS; i++) {
        double at = i - (POINTS - 1) / 2.0;
        mean += x[i] / POINTS;
        moment += at * x[i];
        spread += at * at;
    }
    for (int i = 0; i < POINTS; i++)
        x[i] -= mean + moment / spread * (i - (POINTS - 1) / 2.0);
}

/* Ten seconds of an axis that end at `tick`, a light's fourth sample apart. */
static void cut_axis(const struct heart_motion *motion, int axis, double tick, double step,
                     double *out)
{
    for (int i = 0; i < POINTS; i++)
        out[i] = at_tick(motion, axis, tick - (POINTS - 1 - i) * step);
    take_off_line(out);
}

static bool has_window(const struct heart_motion *motion, double tick)
{
    double span = (POINTS + LAGS) * DECIMATE * 660.0;
    return motion->count > 0 && motion->step > 0.0 && tick <= motion->next - motion->step &&
           tick - span >= motion->next - (double)(motion->count < HEART_MOTION_RING
                                                      ? motion->count - 1
                                                      : HEART_MOTION_RING - 1) *
                                             motion->step;
}

bool heart_motion_is_known(const struct heart_motion *motion, double tick)
{
    return motion->count > 0 && tick - motion->next <= FRESH_S * BLOCK_TICK_HZ;
}

void heart_motion_judge(struct heart_motion *motion, double tick)
{
    double sum = 0.0;
    motion->moving = false;
    motion->line = NAN;
    if (!heart_motion_is_known(motion, tick))
        return;
    long span = (long)(STILL_S * BLOCK_TICK_HZ / motion->step);
    if (motion->count < span || span > HEART_MOTION_RING)
        return;
    for (int axis = 0; axis < HEART_MOTION_AXES; axis++) {
        double mean = 0.0;
        double square = 0.0;
        for (long n = motion->count - span; n < motion->count; n++) {
            double g = motion->g[axis][n & (HEART_MOTION_RING - 1)];
            mean += g / (double)span;
            square += g * g / (double)span;
        }
        sum += fmax(square - mean * mean, 0.0);
    }
    motion->moving = sqrt(sum) > MOVING_G;
}

static double rate_of(double bin)
{
    return RATE_FIRST + RATE_STEP * bin;
}

static double turn_of(double per_minute, double fs)
{
    return 2.0 * M_PI * per_minute / 60.0 / fs;
}

/* What the spectra of one second share. */
struct tables {
    double hann[POINTS];
    double twice_cos[RATES]; /* of each rate's turn */
};

static void make_tables(struct tables *tables, double fs)
{
    for (int i = 0; i < POINTS; i++)
        tables->hann[i] = 0.5 - 0.5 * cos(2.0 * M_PI * (i + 0.5) / POINTS);
    for (int k = 0; k < RATES; k++)
        tables->twice_cos[k] = 2.0 * cos(turn_of(rate_of(k), fs));
}

static void weigh(const struct tables *tables, double *x)
{
    for (int i = 0; i < POINTS; i++)
        x[i] *= tables->hann[i];
}

/* x is weighted already. */
static void make_spectrum(const struct tables *tables, const double *x, double power[RATES])
{
    _Static_assert(RATES % HEART_GOERTZEL_FOUR == 0, "four at once");
    for (int k = 0; k < RATES; k += HEART_GOERTZEL_FOUR)
        heart_goertzel_four(x, POINTS, tables->twice_cos + k, power + k);
}

/* In the newest ten seconds; NAN: no line of LINE_G. */
static double strongest_line(const struct tables *tables, double axes[HEART_MOTION_AXES][POINTS])
{
    double power[RATES] = {0.0};
    double one[RATES];
    double x[POINTS];
    int best = -1;
    for (int axis = 0; axis < HEART_MOTION_AXES; axis++) {
        memcpy(x, axes[axis], sizeof x);
        weigh(tables, x);
        make_spectrum(tables, x, one);
        for (int k = 0; k < RATES; k++)
            power[k] += one[k];
    }
    for (int k = 0; k < RATES; k++) {
        double rate = rate_of(k);
        if (rate >= LINE_FIRST && rate <= LINE_LAST && (best < 0 || power[k] > power[best]))
            best = k;
    }
    /* A sine of amplitude a has a·N/4 under Hann's window. */
    return sqrt(power[best]) * 4.0 / POINTS >= LINE_G ? rate_of(best) : NAN;
}

/* Solves a·x = b in place, a symmetric and positive (Cholesky). */
static void solve(double a[INPUTS][ROW], double b[INPUTS])
{
    for (int i = 0; i < INPUTS; i++)
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / a[j][j];
        }
    for (int i = 0; i < INPUTS; i++) {
        for (int k = 0; k < i; k++)
            b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (int i = INPUTS - 1; i >= 0; i--) {
        for (int k = i + 1; k < INPUTS; k++)
            b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
}

struct fit {
    double a[INPUTS][ROW];
    double b[INPUTS];
};

/* The movement about point i. */
static void gather(double axes[HEART_MOTION_AXES][POINTS], int i, double in[ROW])
{
    for (int k = 0; k < INPUTS; k++)
        in[k] = axes[k / LAGS][i + k % LAGS - LAGS / 2];
}

/* Two products at once; what that adds right of the diagonal nobody reads. */
static void add_point(struct fit *fit, const double in[ROW], double x)
{
    for (int k = 0; k < INPUTS; k++) {
        fit->b[k] += in[k] * x;
        for (int l = 0; l <= k; l += 2) {
            pair sum, two;
            memcpy(&sum, &fit->a[k][l], sizeof sum);
            memcpy(&two, &in[l], sizeof two);
            sum += in[k] * two;
            memcpy(&fit->a[k][l], &sum, sizeof sum);
        }
    }
}

/* Least squares of the light on the movement about each time; what is left stays in x. */
static void take_off_movement(double *x, double axes[HEART_MOTION_AXES][POINTS])
{
    struct fit fit = {{{0.0}}, {0.0}};
    double in[ROW] = {0.0};
    double trace = 0.0;
    for (int i = LAGS / 2; i < POINTS - LAGS / 2; i++) {
        gather(axes, i, in);
        add_point(&fit, in, x[i]);
    }
    for (int k = 0; k < INPUTS; k++)
        trace += fit.a[k][k];
    for (int k = 0; k < INPUTS; k++)
        fit.a[k][k] += RIDGE * trace / INPUTS;
    solve(fit.a, fit.b);
    for (int i = LAGS / 2; i < POINTS - LAGS / 2; i++) {
        gather(axes, i, in);
        for (int k = 0; k < INPUTS; k++)
            x[i] -= fit.b[k] * in[k];
    }
    for (int i = 0; i < LAGS / 2; i++)
        x[i] = x[POINTS - 1 - i] = 0.0;
}

static bool near_line(double rate, double line)
{
    for (int k = 1; k <= 4; k++)
        if (fabs(rate - k * line / 2.0) < (k == 1 || k == 3 ? NEAR_LINE / 2.0 : NEAR_LINE))
            return true;
    return fabs(rate - 3.0 * line) < NEAR_LINE;
}

static bool is_top(const double *power, int k)
{
    return power[k] >= power[k - 1] && power[k] >= power[k + 1];
}

/* The strongest of the rates, but none near `line`, nor within `apart` of `other` and its
 * multiples; either may be NAN. */
static int strongest(const double *power, double line, double other, double apart)
{
    int best = -1;
    for (int k = 1; k < RATES - 1; k++) {
        double rate = rate_of(k);
        if (!is_top(power, k) || near_line(rate, line) || fabs(rate - other) < apart ||
            fabs(rate - 2.0 * other) < NEAR_PEAK || fabs(rate - 3.0 * other) < NEAR_PEAK)
            continue;
        if (best < 0 || power[k] > power[best])
            best = k;
    }
    return best;
}

/* `raw`: the power of the movement's line in the light, before it was taken off. */
static double candidate(const struct tables *tables, const double *x, double line, double raw)
{
    double power[RATES];
    make_spectrum(tables, x, power);
    int best = strongest(power, line, NAN, 0.0);
    if (best < 0)
        return NAN;
    double bend = power[best - 1] - 2.0 * power[best] + power[best + 1];
    double shift = bend < 0.0 ? 0.5 * (power[best - 1] - power[best + 1]) / bend : 0.0;
    double rate = rate_of(best + shift);
    int next = strongest(power, line, rate, NEAR_PEAK);
    if (power[best] < LEFT_OVER * raw || (next >= 0 && power[best] < DOMINANT * power[next]))
        return NAN;
    /* It may be the double of a pulse that the movement covers. */
    return fabs(rate / 2.0 - line) < NEAR_LINE ? NAN : rate;
}

/* The light of the ten seconds that end at sample `end`, without mean and line. */
static bool cut_light(const struct heart_signal *signal, enum heart_channel channel, int64_t end,
                      double x[POINTS])
{
    if (end - (POINTS - 1) * DECIMATE < heart_signal_begin(signal))
        return false;
    for (int i = 0; i < POINTS; i++)
        x[i] = heart_signal_low(signal, HEART_5HZ, channel, end - (POINTS - 1 - i) * DECIMATE);
    take_off_line(x);
    return true;
}

bool heart_motion_ambiguous(const struct heart_signal *signal, enum heart_channel channel)
{
    double x[POINTS];
    double power[RATES];
    struct tables tables;
    if (!cut_light(signal, channel, heart_signal_end(signal) - 1, x))
        return false;
    make_tables(&tables, signal->fs / DECIMATE);
    weigh(&tables, x);
    make_spectrum(&tables, x, power);
    int best = strongest(power, NAN, NAN, 0.0);
    if (best < 0)
        return false;
    /* Its half and its sesquialter are a stride's, or a pulse's that alternates: of the same. */
    for (int k = 1; k < RATES - 1; k++)
        if (fabs(rate_of(k) - rate_of(best) / 2.0) < NEAR_LINE ||
            fabs(rate_of(k) - 1.5 * rate_of(best)) < NEAR_LINE)
            power[k] = 0.0;
    int other = strongest(power, NAN, rate_of(best), OTHER_APART);
    return other >= 0 && power[other] > OTHER_LINE * power[best];
}

/* The median of the last votes, where most agree with the newest. */
static double vote(struct heart_motion *motion, double rate)
{
    double near[HEART_MOTION_VOTES];
    size_t count = 0;
    motion->vote[motion->votes++ % HEART_MOTION_VOTES] = rate;
    for (unsigned i = 0; i < HEART_MOTION_VOTES && i < motion->votes; i++)
        if (fabs(motion->vote[i] - rate) <= AGREE)
            near[count++] = motion->vote[i];
    motion->agreement = (double)count / HEART_MOTION_VOTES;
    return count >= VOTES ? heart_median(near, count) : NAN;
}

/* How many samples of light are newer than the accelerometer's newest. */
static int64_t ahead(const struct heart_motion *motion, double tick, double fs)
{
    double ticks = tick - (motion->next - 2.0 * motion->step);
    return (int64_t)ceil(fmax(0.0, ticks) / BLOCK_TICK_HZ * fs);
}

double heart_motion_rate(struct heart_motion *motion, const struct heart_signal *signal,
                         enum heart_channel channel, double tick)
{
    double axes[HEART_MOTION_AXES][POINTS];
    double x[POINTS];
    double y[POINTS];
    struct tables tables;
    double fs = signal->fs / DECIMATE;
    int64_t late = ahead(motion, tick, signal->fs);
    double until = tick - (double)late / signal->fs * BLOCK_TICK_HZ;
    if (!has_window(motion, until) ||
        !cut_light(signal, channel, heart_signal_end(signal) - 1 - late, x))
        return vote(motion, NAN);
    for (int axis = 0; axis < HEART_MOTION_AXES; axis++)
        cut_axis(motion, axis, until, BLOCK_TICK_HZ / fs, axes[axis]);
    make_tables(&tables, fs);
    motion->line = strongest_line(&tables, axes);
    if (isnan(motion->line))
        return vote(motion, NAN);
    memcpy(y, x, sizeof y);
    weigh(&tables, y);
    take_off_movement(x, axes);
    weigh(&tables, x);
    double raw = heart_goertzel(y, POINTS, turn_of(motion->line, fs));
    return vote(motion, candidate(&tables, x, motion->line, raw));
}
