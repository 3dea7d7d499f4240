#include "heart_rate.h"

#include <math.h>
#include <string.h>

#include "heart_stats.h"

#define NN_MIN     5
#define OFF_MAX    0.3
#define AGREE      0.2
#define GOOD_SHARE 0.5
/* Between two good beats a movement may put one too many, each interval a little short: then they
 * last half a usual one less or more than as many usual ones. */
#define RUN_OFF 0.5
/* Seconds of NN that tell a rate without the autocorrelation: white noise makes fewer. */
#define ALONE_S 3.0
/* Where the later half of the span differs from the earlier by more than this, and by more than
 * three times what chance makes of such intervals, the rate is moving: the later half alone is
 * told, or the later quarter. */
#define MOVED_SHARE 0.10
#define MOVED_SIGMA 4.0
#define HALVED_MAX  2
/* Beats found by counting tell a rate once there are so many seconds of them, and so many of them
 * look like a pulse. */
#define COUNTED_S   13.0
#define ALIKE_SHARE 0.75
#define DOUBT_SHARE 0.05
/* Where the newest intervals all differ from the one told by more than this, to the same side, the
 * heart has just changed its rate: a sinus arrhythmia of 10 % stays within. */
#define LEFT_BEATS 3
#define LEFT_SHARE 0.15
/* Steady: so much of the time is in intervals so near the usual one. Of a sinus arrhythmia of 10 %
 * all is, of AF 0.6, of bigeminy a third. */
#define STEADY_OFF   0.2
#define STEADY_SHARE 0.7
/* A pulse slower than this may be every second one of a heart in bigeminy. */
#define SLOW_BPM 62.0

/* The mean of the NN near their median; NAN: too few. */
static double rate_of_nn(const struct heart_beat *beats, size_t count, double least_s)
{
    double rr[HEART_NN_MAX];
    double sorted[HEART_NN_MAX];
    size_t known = 0;
    for (size_t k = 0; k < count; k++)
        if (beats[k].normal)
            rr[known++] = beats[k].rr;
    if (known < NN_MIN)
        return NAN;
    memcpy(sorted, rr, known * sizeof *rr);
    double usual = heart_median(sorted, known);
    double sum = 0.0;
    size_t used = 0;
    for (size_t i = 0; i < known; i++) {
        if (fabs(rr[i] - usual) > OFF_MAX * usual)
            continue;
        sum += rr[i];
        used++;
    }
    if (used < NN_MIN || sum < least_s * 1000.0)
        return NAN;
    return 60000.0 * (double)used / sum;
}

/* The mean from good beat to good beat, where what lies between is as many as there is time for;
 * NAN: one is missing somewhere. */
static double rate_of_runs(const struct heart_beat *beats, size_t count, double usual)
{
    double sum = 0.0;
    double run = 0.0;
    size_t counted = 0;
    size_t in_run = 0;
    for (size_t k = 1; k < count; k++) {
        if (!(fabs(beats[k].rr - usual) <= OFF_MAX * usual))
            return NAN;
        run += beats[k].rr;
        in_run++;
        if (!beats[k].good)
            continue;
        if (in_run == 1 || fabs(run / usual - (double)in_run) < RUN_OFF) {
            sum += run;
            counted += in_run;
        }
        run = 0.0;
        in_run = 0;
    }
    return 60000.0 * (double)counted / sum;
}

/* Where none is missed between two good ones, counting needs no good time of those between. */
static double rate_by_count(const struct heart_beat *beats, size_t count)
{
    double sorted[HEART_NN_MAX];
    while (count > 0 && !beats[count - 1].good)
        count--;
    while (count > 0 && !beats->good) {
        beats++;
        count--;
    }
    if (count <= NN_MIN)
        return NAN;
    size_t good = 1;
    for (size_t k = 1; k < count; k++) {
        sorted[k - 1] = beats[k].rr;
        good += beats[k].good;
    }
    if ((double)good < GOOD_SHARE * (double)count)
        return NAN;
    return rate_of_runs(beats, count, heart_median(sorted, count - 1));
}

/* Where pulses are counted their rhythm does not matter. NAN where they do not look like pulses, or
 * a gap lies between. */
static double rate_of_counted(const struct heart_beat *beats, size_t count)
{
    double sum = 0.0;
    size_t alike = 0;
    size_t doubtful = 0;
    if (count < 2)
        return NAN;
    for (size_t k = 1; k < count; k++) {
        if (isnan(beats[k].rr))
            return NAN;
        sum += beats[k].rr;
        alike += beats[k].alike;
        doubtful += beats[k].doubtful;
    }
    if ((double)doubtful > DOUBT_SHARE * (double)count)
        return NAN;
    return (double)alike >= ALIKE_SHARE * (double)(count - 1) ? 60000.0 * (double)(count - 1) / sum
                                                              : NAN;
}

struct half {
    double middle, square; /* ms: median, and the square of the mean's error */
};

static struct half measure_half(const struct heart_beat *beats, size_t count)
{
    double rr[HEART_NN_MAX];
    double sum = 0.0;
    double squares = 0.0;
    size_t known = 0;
    for (size_t k = 0; k < count; k++) {
        if (isnan(beats[k].rr))
            continue;
        rr[known++] = beats[k].rr;
        sum += beats[k].rr;
        squares += beats[k].rr * beats[k].rr;
    }
    double n = (double)known;
    double mean = sum / n;
    return (struct half){heart_median(rr, known), fmax(0.0, squares / n - mean * mean) / n};
}

static bool has_moved(const struct heart_beat *beats, size_t count, size_t half)
{
    if (half < 3 || count - half < 3)
        return false;
    struct half early = measure_half(beats, half);
    struct half late = measure_half(beats + half, count - half);
    double off = fabs(late.middle - early.middle);
    return off > MOVED_SHARE * late.middle && off > MOVED_SIGMA * sqrt(early.square + late.square);
}

static size_t first_after(const struct heart_nn *nn, double from_s)
{
    size_t first = nn->count;
    while (first > 0 && nn->beats[first - 1].at_s > from_s)
        first--;
    return first;
}

static bool has_left(const struct heart_beat *beats, size_t count, double rate)
{
    int slower = 0;
    int faster = 0;
    if (count <= LEFT_BEATS)
        return false;
    for (size_t k = count - LEFT_BEATS; k < count; k++) {
        double share = beats[k].rr * rate / 60000.0 - 1.0;
        if (!(beats[k].alike && beats[k].good))
            return false;
        slower += share > LEFT_SHARE;
        faster += share < -LEFT_SHARE;
    }
    return slower == LEFT_BEATS || faster == LEFT_BEATS;
}

/* Of the beats that a rhythm chose. */
static double rate_of_rhythm(const struct heart_beat *beats, size_t count, double correlated)
{
    double mean = rate_of_nn(beats, count, isfinite(correlated) ? 0.0 : ALONE_S);
    if (!isfinite(mean))
        return correlated;
    double counted = rate_by_count(beats, count);
    if (isfinite(counted))
        return counted;
    return fabs(mean - correlated) > AGREE * correlated ? NAN : mean;
}

/* Where the span begins: later, by its half and its quarter, where the rate moves. */
static size_t begin_span(const struct heart_nn *nn, double now_s)
{
    size_t first = first_after(nn, now_s - HEART_RATE_SPAN_S);
    for (int halved = 1; halved <= HALVED_MAX; halved++) {
        size_t half = first_after(nn, now_s - HEART_RATE_SPAN_S / (1 << halved));
        if (!has_moved(nn->beats + first, nn->count - first, half - first))
            break;
        first = half;
    }
    return first;
}

double heart_rate(const struct heart_nn *nn, double now_s, double correlated,
                  enum heart_rhythm rhythm, bool hidden)
{
    bool irregular = rhythm == RHYTHM_IRREGULAR;
    size_t first = irregular ? first_after(nn, now_s - HEART_RATE_SPAN_S) : begin_span(nn, now_s);
    size_t run = nn->count;
    while (run > first && nn->beats[run - 1].counted)
        run--;
    bool counts = irregular || (rhythm == RHYTHM_UNKNOWN && isnan(correlated));
    if (counts && nn->count > run &&
        nn->beats[nn->count - 1].at_s - nn->beats[run].at_s >= COUNTED_S) {
        double rate = rate_of_counted(nn->beats + run, nn->count - run);
        if (isfinite(rate))
            return rate;
    }
    if (irregular)
        return NAN;
    double rate = rate_of_rhythm(nn->beats + first, nn->count - first, correlated);
    if ((hidden && rate < SLOW_BPM) || has_left(nn->beats + first, nn->count - first, rate))
        return NAN;
    return rate;
}

bool heart_rate_is_steady(const struct heart_nn *nn, double now_s)
{
    size_t first = begin_span(nn, now_s);
    const struct heart_beat *beats = nn->beats + first;
    size_t count = nn->count - first;
    double rr[HEART_NN_MAX];
    double near = 0.0;
    size_t known = 0;
    for (size_t k = 1; k < count; k++)
        if (isfinite(beats[k].rr))
            rr[known++] = beats[k].rr;
    if (known == 0)
        return false;
    double usual = heart_median(rr, known);
    for (size_t i = 0; i < known; i++)
        near += fabs(rr[i] - usual) <= STEADY_OFF * usual ? rr[i] / 1000.0 : 0.0;
    return near >= STEADY_SHARE * (beats[count - 1].at_s - beats[0].at_s);
}
