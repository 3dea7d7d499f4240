#include "heart_rate.h"

#include <math.h>
#include <string.h>

#include "heart_stats.h"

#define SPAN_S     17.0
#define NN_MIN     5
#define OFF_MAX    0.3
#define AGREE      0.2
#define GOOD_SHARE 0.5
/* Seconds of NN that tell a rate without the autocorrelation: white noise makes fewer. */
#define ALONE_S 3.0

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
    double usual = heart_median(sorted, count - 1);
    double sum = 0.0;
    for (size_t k = 1; k < count; k++) {
        if (!(fabs(beats[k].rr - usual) <= OFF_MAX * usual))
            return NAN;
        sum += beats[k].rr;
    }
    return 60000.0 * (double)(count - 1) / sum;
}

double heart_rate(const struct heart_nn *nn, double now_s, double correlated)
{
    size_t first = nn->count;
    while (first > 0 && nn->beats[first - 1].at_s > now_s - SPAN_S)
        first--;
    const struct heart_beat *beats = nn->beats + first;
    double mean = rate_of_nn(beats, nn->count - first, isfinite(correlated) ? 0.0 : ALONE_S);
    if (!isfinite(mean))
        return correlated;
    double counted = rate_by_count(beats, nn->count - first);
    if (isfinite(counted))
        return counted;
    return fabs(mean - correlated) > AGREE * correlated ? NAN : mean;
}
