#include "eeg_alpha.h"

#include <math.h>

#include "dsp/grid.h"

#define PART_TICKS  (5.0 * BLOCK_TICK_HZ)
#define SEGMENT_S   2.0
#define SECONDS_MIN 30.0
/* Of the segment's bins, 1, 1.5 … Hz: that of 3 Hz. */
#define FIRST_BIN 4
/* The aperiodic part is fitted beside alpha, whose skirts reach a hertz further. Sway and blinks
 * that were missed are below 3 Hz, muscle begins above 20. */
#define BELOW_HZ 6.5
#define ABOVE_HZ 14.5
/* The aperiodic part is carried on from here to where gamma has neither mains nor edge. */
#define MUSCLE_FROM_HZ 20.0
#define UPPER_HZ       34.0
#define UPPER_BIN      66
#define UPPER_BINS     22
#define ALPHA_LO       8.0
#define ALPHA_HI       13.0
/*
 * A peak stands out of the line by 4.5 standard deviations of a mean over so many half overlapping
 * Hann segments (Welch 1967: 0.75 of their number are independent) and three bins (0.75): in 120
 * noises each, at most one is told.
 */
#define PEAK_SIGMAS 4.5
#define SHARE       0.75

void eeg_alpha_init(struct eeg_alpha *alpha)
{
    *alpha = (struct eeg_alpha){.last = -INFINITY};
    for (size_t i = 0; i < ALPHA_PARTS; i++)
        alpha->parts[i].number = INT64_MIN;
}

static int64_t number_at(double tick)
{
    return (int64_t)floor(tick / PART_TICKS);
}

void eeg_alpha_take(struct eeg_alpha *alpha, double end_tick, const double psd[EEG_SPECTRUM_BINS])
{
    const int64_t number = number_at(end_tick);
    struct alpha_part *part = &alpha->parts[(uint64_t)number % ALPHA_PARTS];
    if (part->number != number)
        *part = (struct alpha_part){.number = number};
    part->count++;
    part->seconds += fmin(SEGMENT_S, (end_tick - alpha->last) / BLOCK_TICK_HZ);
    for (size_t k = 0; k < ALPHA_BINS; k++)
        part->psd[k] += psd[FIRST_BIN + k];
    for (size_t k = 0; k < UPPER_BINS; k++)
        part->upper += psd[UPPER_BIN + k] / UPPER_BINS;
    alpha->last = end_tick;
}

static double nominal(size_t k)
{
    return 3 + 0.5 * (double)k;
}

/* A power law: its logarithm at 1 Hz, and its exponent. */
struct law {
    double level, slope;
};

/* Through what is beside alpha, up to `top` Hz, by least squares of the logarithms. */
static struct law fit(const double psd[ALPHA_BINS], double top)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t k = 0; k < ALPHA_BINS && nominal(k) <= top; k++) {
        if (nominal(k) > BELOW_HZ && nominal(k) < ABOVE_HZ)
            continue;
        const double u = log(nominal(k)), v = log(psd[k]);
        n++;
        x += u;
        y += v;
        xx += u * u;
        xy += u * v;
    }
    const double slope = (n * xy - x * y) / (n * xx - x * x);
    return (struct law){(y - slope * x) / n, slope};
}

static double at_hz(const struct law *law, double hz)
{
    return exp(law->level + law->slope * log(hz));
}

/* Whether what stands out most, of three bins, is alpha's, and by more than chance does. */
static bool has_peak(const double psd[ALPHA_BINS], const double line[ALPHA_BINS], unsigned count)
{
    double highest = 0, at = 0;
    for (size_t k = 1; k < ALPHA_BINS - 1; k++) {
        const double over = 0.25 * psd[k - 1] / line[k - 1] + 0.5 * psd[k] / line[k] +
                            0.25 * psd[k + 1] / line[k + 1];
        if (nominal(k) < ALPHA_LO - 0.5 || nominal(k) > ALPHA_HI || over <= highest)
            continue;
        highest = over;
        at = nominal(k);
    }
    return at >= ALPHA_LO && at <= ALPHA_HI - 0.5 &&
           highest > 1 + PEAK_SIGMAS * SHARE / sqrt(SHARE * count);
}

static double centre(const double psd[ALPHA_BINS], const double line[ALPHA_BINS])
{
    double sum = 0, moment = 0;
    for (size_t k = 0; k < ALPHA_BINS; k++) {
        if (nominal(k) < ALPHA_LO || nominal(k) > ALPHA_HI)
            continue;
        const double over = fmax(0, psd[k] - line[k]);
        sum += over;
        moment += over * nominal(k);
    }
    return moment / sum;
}

struct minute {
    double psd[ALPHA_BINS], upper, seconds;
    unsigned count;
};

static struct minute last_parts(const struct eeg_alpha *alpha, double tick, unsigned parts)
{
    struct minute mean = {.count = 0};
    for (size_t i = 0; i < ALPHA_PARTS; i++) {
        const struct alpha_part *part = &alpha->parts[i];
        if (part->number <= number_at(tick) - (int64_t)parts)
            continue;
        mean.count += part->count;
        mean.seconds += part->seconds;
        mean.upper += part->upper;
        for (size_t k = 0; k < ALPHA_BINS; k++)
            mean.psd[k] += part->psd[k];
    }
    for (size_t k = 0; k < ALPHA_BINS && mean.count > 0; k++)
        mean.psd[k] /= mean.count;
    return mean;
}

double eeg_alpha_frequency(const struct eeg_alpha *alpha, double tick, double stretch)
{
    const struct minute mean = last_parts(alpha, tick, ALPHA_PARTS);
    double line[ALPHA_BINS];
    if (mean.seconds < SECONDS_MIN)
        return NAN;
    const struct law law = fit(mean.psd, INFINITY);
    for (size_t k = 0; k < ALPHA_BINS; k++)
        line[k] = at_hz(&law, nominal(k));
    return has_peak(mean.psd, line, mean.count) ? centre(mean.psd, line) * stretch : NAN;
}

double eeg_alpha_bend(const struct eeg_alpha *alpha, double tick, unsigned parts, double *seconds)
{
    const struct minute mean = last_parts(alpha, tick, parts);
    double foretold = 0;
    *seconds = mean.seconds;
    if (mean.count == 0)
        return NAN;
    const struct law law = fit(mean.psd, MUSCLE_FROM_HZ);
    for (unsigned k = 0; k < UPPER_BINS; k++)
        foretold += at_hz(&law, UPPER_HZ + 0.5 * k) / UPPER_BINS;
    return mean.upper / mean.count / foretold;
}
