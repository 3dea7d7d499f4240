#include "eeg_powers.h"

#include <math.h>
#include <stdlib.h>

/* Marks that make a second useless. */
#define NOT_FREE (SPOILT_HOLE | SPOILT_BLINK | SPOILT_FAST)
/* Fewer say too little: three half overlapping ones are two seconds. */
#define SECONDS_MIN 3
/* How far back seconds count, s: slow bands need more of them. */
#define SECONDS_LOW  10.0
#define SECONDS_HIGH 4.0
/* A missed blink of 60 µV has ten times delta's usual power in its second and more; of chance a
 * second in fifty has four times the median. */
#define ODD_TIMES   4.0
#define WINDOW_HOPS (4 * WATCH_HOPS_A_SECOND)
/*
 * Sway leaks from below 1 Hz: of a line at 0.4 Hz an eighth of the 0.5 Hz bin reaches that at 1 Hz,
 * and in a second 40 times as much that at 1 as that at 2 Hz. An EEG of 1/f^1.5 has 1 and 1.5; what
 * is above these limits is mostly leaked.
 */
#define LEAKS_WINDOW  2.0
#define LEAKS_SECONDS 1.7
/*
 * Muscle: the brain's density falls above 20 Hz, by 1/f to 1/f² (gamma over beta 0.26 to 0.47, of
 * real EEG 0.05 to 0.4), the muscle's is flat or rises (Goncharova 2003, Fitzgibbon 2016). Chance
 * moves both the more the fewer seconds there are: the doubt is added to the limit.
 */
#define MUSCLE_RATIO       0.62
#define MUSCLE_RATIO_DOUBT 0.5
#define MUSCLE_SLOPE       (-0.1)
#define MUSCLE_SLOPE_DOUBT 0.9
/* µV²/Hz from 34 Hz on. Muscle of 3 µV has 0.1; less is nothing to be told of. */
#define MUSCLE_MIN 0.1
#define LOWER_LO   20
#define LOWER_HI   27
#define UPPER_LO   34
#define UPPER_HI   45
/*
 * And a little of it by a minute: what stands above the brain's own power law, fitted below 20 Hz
 * and carried on to 34–45 Hz (Donoghue 2020). Chance moves it by one over the root of the seconds;
 * of clean 1/f^1.1–1.9 2 % are beyond the limit. It must be so of the last 15 s too, or a bite
 * would count for a minute.
 */
#define BEND_DOUBT     3.2
#define BEND_SECONDS   20.0
#define BEND_NOW       1.15
#define BEND_NOW_PARTS 3
/* Jerks in so many hops of four seconds are none: a pop is seen in twenty. */
#define MUSCLE_HOPS 60

bool eeg_powers_make(struct eeg_powers *p, int rate)
{
    *p = (struct eeg_powers){.rate = rate, .spectrum = spectrum_create(rate)};
    eeg_watch_init(&p->watch, rate);
    return p->spectrum;
}

void eeg_powers_release(struct eeg_powers *p)
{
    spectrum_destroy(p->spectrum);
    p->spectrum = NULL;
}

void eeg_powers_break(struct eeg_powers *p)
{
    eeg_watch_break(&p->watch);
    p->whole = p->run = p->long_run = 0;
    for (size_t i = 0; i < EEG_SECONDS_MAX; i++)
        p->seconds[i].age = WATCH_HOPS;
}

void eeg_powers_forget(struct eeg_powers *p)
{
    eeg_powers_break(p);
    eeg_watch_init(&p->watch, p->rate);
    eeg_alpha_init(&p->alpha);
    p->count = p->slots = 0;
}

void eeg_powers_void(struct eeg_powers *p)
{
    p->whole = p->run = p->long_run = 0;
}

/* ---- powers */

/* Of bins at 1, 1 + step … Hz. By their nominal frequency: a bin must not change its band as the
 * rate's fit settles. */
static double power_of(enum eeg_band band, const double *psd, size_t bins, double step,
                       double bin_hz)
{
    double power = 0;
    for (size_t k = 0; k < bins; k++) {
        const double nominal = 1 + step * (double)k;
        if (nominal >= eeg_band_lo(band) && nominal < eeg_band_hi(band))
            power += psd[k] * bin_hz;
    }
    return power;
}

static double band_density(const double *psd, unsigned lo, unsigned hi)
{
    double sum = 0;
    for (unsigned hz = lo; hz < hi; hz++)
        sum += psd[hz - 1];
    return sum / (hi - lo);
}

/* Where a free stretch ends that a hop's final marks complete, in slots before the newest. */
static unsigned behind(const struct eeg_powers *p)
{
    return WATCH_LAG * p->watch.hop_slots;
}

static double tick_behind(const struct eeg_powers *p, const struct slot *slot)
{
    return slot->tick - behind(p) * BLOCK_TICK_HZ / (double)p->rate;
}

static void keep_second(struct eeg_powers *p, const struct slot *slot)
{
    struct free_second *second = &p->seconds[p->count++ % EEG_SECONDS_MAX];
    const unsigned back = behind(p);
    double psd[SPECTRUM_SECOND_BINS];
    spectrum_second(p->spectrum, back, p->rate, psd);
    *second = (struct free_second){
        .end_tick = tick_behind(p, slot),
        .end_ms = slot->ms - back * 1000.0 / p->rate,
        .age = WATCH_LAG,
    };
    for (int b = 0; b < EEG_BANDS; b++)
        second->power[b] = power_of(b, psd, SPECTRUM_SECOND_BINS, 1, 1);
    second->lowest = psd[0];
    second->next = psd[1] + psd[2];
    second->lower = band_density(psd, LOWER_LO, LOWER_HI);
    second->upper = band_density(psd, UPPER_LO, UPPER_HI);
}

static void keep_segment(struct eeg_powers *p, const struct slot *slot)
{
    double psd[EEG_SPECTRUM_BINS];
    spectrum_segment(p->spectrum, behind(p), p->rate, psd);
    eeg_alpha_take(&p->alpha, tick_behind(p, slot), psd);
}

static void take_hop(struct eeg_powers *p, const struct slot *slot)
{
    for (size_t i = 0; i < EEG_SECONDS_MAX; i++)
        p->seconds[i].age += p->seconds[i].age < WATCH_HOPS;
    const bool is_free = !(eeg_watch_spoilt(&p->watch, WATCH_LAG, 1) & NOT_FREE);
    p->run = is_free ? p->run + 1 : 0;
    p->long_run = is_free ? p->long_run + 1 : 0;
    /* The next one is to overlap it by half. */
    if (p->run == WATCH_HOPS_A_SECOND) {
        keep_second(p, slot);
        p->run -= WATCH_HOPS_A_SECOND / 2;
    }
    if (p->long_run == 2 * WATCH_HOPS_A_SECOND) {
        keep_segment(p, slot);
        p->long_run -= WATCH_HOPS_A_SECOND;
    }
}

void eeg_powers_take(struct eeg_powers *p, const struct slot *slot, size_t c, bool measured)
{
    const double uv = slot->channel[c].uv;
    p->whole = measured ? p->whole + (p->whole < UINT32_MAX) : 0;
    p->slots += p->slots < UINT32_MAX;
    spectrum_push(p->spectrum, uv);
    if (eeg_watch_take(&p->watch, uv, slot->ms, !measured))
        take_hop(p, slot);
}

unsigned eeg_powers_spoils(const struct eeg_powers *p)
{
    return eeg_watch_spoilt(&p->watch, 0, WATCH_HOPS_A_SECOND);
}

void eeg_powers_last_second(const struct eeg_powers *p, double power[EEG_BANDS])
{
    const unsigned spoilt = eeg_powers_spoils(p);
    double psd[SPECTRUM_SECOND_BINS];
    for (int b = 0; b < EEG_BANDS; b++)
        power[b] = NAN;
    if (p->whole < (unsigned)p->rate || spoilt & SPOILT_FAST)
        return;
    spectrum_second(p->spectrum, 0, p->rate, psd);
    for (int b = spoilt & SPOILT_BLINK ? EEG_ALPHA : EEG_THETA; b < EEG_BANDS; b++)
        power[b] = power_of(b, psd, SPECTRUM_SECOND_BINS, 1, 1);
}

unsigned eeg_powers_spoilt(const struct eeg_powers *p, unsigned slots)
{
    const unsigned hops = slots / p->watch.hop_slots;
    return eeg_watch_count(&p->watch, hops, SPOILT_BLINK | SPOILT_FAST) * p->watch.hop_slots;
}

/* ---- what is told */

static void tell_nothing(struct eeg_features *f, size_t c)
{
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        f->power_db[c][k] = NAN;
    for (int b = 0; b < EEG_BANDS; b++)
        f->band_power[c][b] = NAN;
    f->spectrum_seconds[c] = NAN;
    f->second_count[c] = 0;
}

/* What is unspoilt of the four seconds' spectrum. */
static void tell_window(const struct eeg_powers *p, struct eeg_features *f, size_t c, double rate,
                        unsigned spoilt)
{
    const double bin_hz = rate / (2 * p->rate);
    double psd[EEG_SPECTRUM_BINS];
    const double below = spectrum_welch(p->spectrum, rate, psd);
    const double delta = power_of(EEG_DELTA, psd, EEG_SPECTRUM_BINS, 0.5, 1);
    const bool leaks = spoilt & SPOILT_SWAY && below > LEAKS_WINDOW * delta;
    const double from = spoilt & SPOILT_BLINK ? eeg_band_lo(EEG_ALPHA)
                        : leaks               ? eeg_band_lo(EEG_THETA)
                                              : eeg_band_lo(EEG_DELTA);
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++) {
        if (1 + 0.5 * (double)k >= from && psd[k] > 0)
            f->power_db[c][k] = 10 * log10(psd[k]);
    }
    for (int b = 0; b < EEG_BANDS; b++) {
        if (eeg_band_lo(b) >= from)
            f->band_power[c][b] = power_of(b, psd, EEG_SPECTRUM_BINS, 0.5, bin_hz);
    }
    if (eeg_band_lo(EEG_THETA) >= from)
        f->spectrum_seconds[c] = 4;
}

/* A blink marks backwards and sway further still: what is in sight is looked at again. */
static bool still_free(const struct eeg_powers *p, struct free_second *second)
{
    if (second->odd)
        return false;
    if (second->age + WATCH_HOPS_A_SECOND > WATCH_HOPS)
        return true;
    const unsigned spoilt = eeg_watch_spoilt(&p->watch, second->age, WATCH_HOPS_A_SECOND);
    second->sways |= (spoilt & SPOILT_SWAY) != 0;
    return !(spoilt & (SPOILT_BLINK | SPOILT_FAST));
}

static int compare_powers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Those since `from_tick` whose delta is far above the others'. */
static void find_odd(struct eeg_powers *p, double from_tick)
{
    double sorted[EEG_SECONDS_MAX];
    const size_t kept = p->count < EEG_SECONDS_MAX ? p->count : EEG_SECONDS_MAX;
    size_t n = 0;
    for (size_t i = p->count - kept; i < p->count; i++) {
        struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        second->odd = false;
        if (second->end_tick - BLOCK_TICK_HZ >= from_tick && still_free(p, second))
            sorted[n++] = second->power[EEG_DELTA];
    }
    qsort(sorted, n, sizeof *sorted, compare_powers);
    for (size_t i = p->count - kept; i < p->count && n >= SECONDS_MIN; i++) {
        struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        second->odd = second->power[EEG_DELTA] > ODD_TIMES * sorted[(n - 1) / 2];
    }
}

struct mean {
    double sum, seconds, last;
    unsigned count;
};

static void add_power(struct mean *mean, const struct free_second *second, double power)
{
    mean->sum += power;
    mean->count++;
    mean->seconds += fmin(1, (second->end_tick - mean->last) / BLOCK_TICK_HZ);
    mean->last = second->end_tick;
}

/* The mean over the free seconds since `from_tick`. */
static struct mean mean_power(struct eeg_powers *p, enum eeg_band band, double from_tick)
{
    struct mean mean = {.last = -INFINITY};
    const size_t kept = p->count < EEG_SECONDS_MAX ? p->count : EEG_SECONDS_MAX;
    for (size_t i = p->count - kept; i < p->count; i++) {
        struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        if (second->end_tick - BLOCK_TICK_HZ < from_tick || !still_free(p, second) ||
            (band == EEG_DELTA && second->sways && p->leaks))
            continue;
        add_power(&mean, second, second->power[band]);
    }
    return mean;
}

/* Does sway leak into what the free seconds since then say of delta? */
static bool leaks_since(struct eeg_powers *p, double from_tick)
{
    const size_t kept = p->count < EEG_SECONDS_MAX ? p->count : EEG_SECONDS_MAX;
    double lowest = 0, next = 0;
    bool sways = false;
    for (size_t i = p->count - kept; i < p->count; i++) {
        struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        if (second->end_tick - BLOCK_TICK_HZ < from_tick || !still_free(p, second))
            continue;
        sways |= second->sways;
        lowest += second->lowest;
        next += second->next;
    }
    return sways && lowest > LEAKS_SECONDS * next;
}

/* Where the window told nothing of a band. */
static void tell_seconds(struct eeg_powers *p, struct eeg_features *f, size_t c, double tick)
{
    for (int b = 0; b < EEG_BANDS; b++) {
        if (!isnan(f->band_power[c][b]))
            continue;
        const double span = b <= EEG_THETA ? SECONDS_LOW : SECONDS_HIGH;
        const struct mean mean = mean_power(p, b, tick - span * BLOCK_TICK_HZ);
        if (mean.count < SECONDS_MIN)
            continue;
        f->band_power[c][b] = mean.sum / mean.count;
        if (b == EEG_THETA)
            f->spectrum_seconds[c] = mean.seconds;
    }
}

static void name_seconds(struct eeg_powers *p, struct eeg_features *f, size_t c, double tick)
{
    const size_t kept = p->count < EEG_SECONDS_MAX ? p->count : EEG_SECONDS_MAX;
    for (size_t i = p->count - kept; i < p->count; i++) {
        struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        if (second->end_tick - BLOCK_TICK_HZ >= tick - SECONDS_LOW * BLOCK_TICK_HZ &&
            still_free(p, second)) {
            f->second_sways[c][f->second_count[c]] = second->sways && p->leaks;
            f->second_ends[c][f->second_count[c]++] = second->end_ms;
        }
    }
}

void eeg_powers_tell(struct eeg_powers *p, struct eeg_features *f, size_t c, double tick,
                     double rate)
{
    tell_nothing(f, c);
    f->alpha_frequency[c] = eeg_alpha_frequency(&p->alpha, tick, rate / p->rate);
    if (p->slots < 4 * (unsigned)p->rate)
        return;
    const unsigned spoilt = eeg_watch_spoilt(&p->watch, 0, WINDOW_HOPS) & ~SPOILT_HOLE;
    if (p->whole >= 4 * (unsigned)p->rate && !(spoilt & SPOILT_FAST))
        tell_window(p, f, c, rate, spoilt);
    find_odd(p, tick - SECONDS_LOW * BLOCK_TICK_HZ);
    p->leaks = leaks_since(p, tick - SECONDS_LOW * BLOCK_TICK_HZ);
    tell_seconds(p, f, c, tick);
    name_seconds(p, f, c, tick);
}

static bool bends(const struct eeg_powers *p, double tick)
{
    double seconds = 0, lately = 0;
    const double minute = eeg_alpha_bend(&p->alpha, tick, ALPHA_PARTS, &seconds);
    if (seconds < BEND_SECONDS || !(minute > 1 + BEND_DOUBT / sqrt(seconds)))
        return false;
    return eeg_alpha_bend(&p->alpha, tick, BEND_NOW_PARTS, &lately) > BEND_NOW;
}

void eeg_powers_pass(struct eeg_powers *p, double tick)
{
    if (p->slots >= 4 * (unsigned)p->rate)
        find_odd(p, tick - SECONDS_LOW * BLOCK_TICK_HZ);
}

bool eeg_powers_muscle(struct eeg_powers *p, double tick, double *ratio)
{
    const double from = tick - SECONDS_LOW * BLOCK_TICK_HZ;
    const size_t kept = p->count < EEG_SECONDS_MAX ? p->count : EEG_SECONDS_MAX;
    double lower = 0, upper = 0, seconds = 0;
    *ratio = NAN;
    if (eeg_watch_count(&p->watch, WINDOW_HOPS, SPOILT_FAST) > MUSCLE_HOPS)
        return true;
    const struct mean beta = mean_power(p, EEG_BETA, from), gamma = mean_power(p, EEG_GAMMA, from);
    if (beta.count < SECONDS_MIN || p->slots < 4 * (unsigned)p->rate)
        return false;
    for (size_t i = p->count - kept; i < p->count; i++) {
        const struct free_second *second = &p->seconds[i % EEG_SECONDS_MAX];
        if (second->end_tick - BLOCK_TICK_HZ >= from) {
            lower += second->lower;
            upper += second->upper;
            seconds++;
        }
    }
    *ratio = beta.sum > 0 ? gamma.sum / beta.sum : NAN;
    const double octaves = log((UPPER_LO + UPPER_HI) / (double)(LOWER_LO + LOWER_HI));
    const double slope = log(upper / lower) / octaves;
    return upper / seconds > MUSCLE_MIN &&
           (*ratio > MUSCLE_RATIO + MUSCLE_RATIO_DOUBT / seconds ||
            slope > MUSCLE_SLOPE + MUSCLE_SLOPE_DOUBT / seconds || bends(p, tick));
}
