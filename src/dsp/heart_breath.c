#include "heart_breath.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "heart_lomb.h"

#define SPAN_S 32.0 /* Karlen 2013 */
#define COVER  0.75 /* of it must be between the beats known */
/* Breaths a minute, in steps of half the resolution of 32 s. */
#define STEP_HZ   (1.0 / 64.0)
#define FIRST     5 /* 4.7 a minute */
#define BINS      41
#define BEATS_MIN 12
/* What of a sign's power must be about the common rate, within its resolution, for it to agree; and
 * of how many signs it must be most of what there is. */
#define NEAR_BINS  2
#define SHARE_MIN  0.12
#define SHARE_MAIN 0.35
#define MAIN_SIGNS 2

void heart_breath_start(struct heart_breath *breath)
{
    breath->count = 0;
}

void heart_breath_add(struct heart_breath *breath, double at_s,
                      const double value[HEART_BREATH_SIGNS])
{
    size_t slot = breath->count++ % HEART_BREATHS;
    breath->at[slot] = at_s;
    for (int sign = 0; sign < HEART_BREATH_SIGNS; sign++)
        breath->value[sign][slot] = value[sign];
}

struct sign_series {
    double at[HEART_BREATHS], value[HEART_BREATHS];
    size_t count;
};

/* Without mean and straight line; a window that ends softly, or a slow drift would leak. */
static void prepare(struct sign_series *s, double now_s)
{
    double at = 0.0;
    double mean = 0.0;
    double moment = 0.0;
    double spread = 0.0;
    for (size_t i = 0; i < s->count; i++) {
        at += s->at[i] / (double)s->count;
        mean += s->value[i] / (double)s->count;
    }
    for (size_t i = 0; i < s->count; i++) {
        moment += (s->at[i] - at) * (s->value[i] - mean);
        spread += (s->at[i] - at) * (s->at[i] - at);
    }
    for (size_t i = 0; i < s->count; i++) {
        double place = (s->at[i] - now_s) / SPAN_S; /* −1..0 */
        s->value[i] -= mean + moment / spread * (s->at[i] - at);
        s->value[i] *= 0.5 - 0.5 * cos(2.0 * M_PI * place);
        s->at[i] -= at;
    }
}

/* Bins that the beats can tell: up to half their rate. */
static size_t make_sign_spectrum(const struct heart_breath *breath, int sign, double now_s,
                                 double power[BINS])
{
    struct sign_series s = {.count = 0};
    size_t kept = breath->count < HEART_BREATHS ? breath->count : HEART_BREATHS;
    for (size_t i = 0; i < kept; i++) {
        size_t slot = (breath->count - kept + i) % HEART_BREATHS;
        if (breath->at[slot] < now_s - SPAN_S || isnan(breath->value[sign][slot]))
            continue;
        s.at[s.count] = breath->at[slot];
        s.value[s.count++] = breath->value[sign][slot];
    }
    if (s.count < BEATS_MIN || s.at[s.count - 1] - s.at[0] < COVER * SPAN_S)
        return 0;
    double nyquist = 0.5 * (double)(s.count - 1) / (s.at[s.count - 1] - s.at[0]);
    size_t bins = (size_t)fmax(0.0, fmin(BINS, nyquist / STEP_HZ - FIRST));
    prepare(&s, now_s);
    heart_lomb(s.at, s.value, s.count, STEP_HZ, FIRST, bins, power);
    double all = 0.0;
    for (size_t k = 0; k < bins; k++)
        all += power[k];
    for (size_t k = 0; k < bins && all > 0.0; k++)
        power[k] /= all;
    return all > 0.0 ? bins : 0;
}

static double share_near(const double *power, size_t bins, size_t peak)
{
    double share = 0.0;
    for (size_t k = peak < NEAR_BINS ? 0 : peak - NEAR_BINS; k <= peak + NEAR_BINS && k < bins; k++)
        share += power[k];
    return share;
}

static bool has_peak_near(const double *power, size_t bins, size_t at)
{
    for (size_t k = at > 1 ? at - 1 : 1; k <= at + 1 && k + 1 < bins; k++)
        if (power[k] >= power[k - 1] && power[k] >= power[k + 1])
            return true;
    return at <= 1;
}

double heart_breath_rate(const struct heart_breath *breath, double now_s)
{
    double power[HEART_BREATH_SIGNS][BINS];
    double sum[BINS] = {0.0};
    size_t bins = BINS;
    for (int sign = 0; sign < HEART_BREATH_SIGNS; sign++) {
        size_t own = make_sign_spectrum(breath, sign, now_s, power[sign]);
        bins = own < bins ? own : bins;
    }
    if (bins < 3)
        return NAN;
    size_t best = 0;
    for (size_t k = 0; k < bins; k++) {
        for (int sign = 0; sign < HEART_BREATH_SIGNS; sign++)
            sum[k] += power[sign][k];
        best = sum[k] > sum[best] ? k : best;
    }
    int main_ones = 0;
    for (int sign = 0; sign < HEART_BREATH_SIGNS; sign++) {
        double share = share_near(power[sign], bins, best);
        if (share < SHARE_MIN || !has_peak_near(power[sign], bins, best))
            return NAN;
        main_ones += share >= SHARE_MAIN;
    }
    if (main_ones < MAIN_SIGNS)
        return NAN;
    double shift = 0.0;
    if (best > 0 && best + 1 < bins) {
        double bend = sum[best - 1] - 2.0 * sum[best] + sum[best + 1];
        shift = bend < 0.0 ? 0.5 * (sum[best - 1] - sum[best + 1]) / bend : 0.0;
    }
    return 60.0 * STEP_HZ * (FIRST + (double)best + shift);
}
