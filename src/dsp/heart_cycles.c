#include "heart_cycles.h"

#include <math.h>
#include <string.h>

#include "heart_stats.h"

/* Nearer than that to the last large pulse, it is that pulse. */
#define SAME_S 0.2
/* The pattern is read from so many seconds: of quadrigeminy at 60 a minute nine cycles. */
#define PATTERN_S 40.0
/* Fewer are chance. */
#define HIDDEN_MIN 5
/* Of the long cycles, those that show the rise, and how far it may be off its usual place:
 * couplings vary by 2 to 4 %, noise moves what hardly rises. */
#define SHOWN_SHARE 0.7
#define PLACE_S     0.07
/* Long cycles, as shares of the usual one with a hidden beat: two beats; longer ones lack another.
 * Pauses are alike (quartiles); a sinus arrhythmia of 10 % makes them differ by 0.1. */
#define LONG_LEAST    0.85
#define LONG_MOST     1.25
#define LENGTH_SPREAD 0.12
/* Of the time, what is in long cycles: half of quadrigeminy, 0.15 of AF that has a few alike. */
#define LONG_SHARE 0.4
/* Less of known cycles tells no rate within 2 bpm. */
#define SPAN_LEAST_S 12.0

void heart_cycles_start(struct heart_cycles *cycles)
{
    cycles->count = 0;
    cycles->last = NAN;
}

static void add_cycle(struct heart_cycles *cycles, struct heart_cycle cycle)
{
    if (cycles->count == HEART_CYCLES_MAX) {
        memmove(cycles->cycle, cycles->cycle + 1, (HEART_CYCLES_MAX - 1) * sizeof cycle);
        cycles->count--;
    }
    cycles->cycle[cycles->count++] = cycle;
}

void heart_cycles_add(struct heart_cycles *cycles, const struct heart_pulses *pulses, double until)
{
    double same = SAME_S * pulses->fs;
    for (int i = 0; i + 1 < pulses->larges; i++) {
        const struct heart_large *large = &pulses->large[i];
        double length = large[1].at - large->at;
        if (large[1].at > until)
            return;
        if (isfinite(cycles->last) && large->at < cycles->last - same)
            continue;
        /* What began it is no longer seen as large, or some are missing: then it is too long. */
        if (isfinite(cycles->last) && large->at > cycles->last + same)
            add_cycle(cycles, (struct heart_cycle){cycles->last, large->at - cycles->last, NAN});
        add_cycle(cycles, (struct heart_cycle){large->at, length, large->late});
        cycles->last = large[1].at;
    }
}

/* What the cycles of the pattern's seconds have in common. */
struct pattern {
    double since;        /* sample */
    double late, length; /* samples, usual, of the cycles with a rise */
    double spread;       /* of their lengths */
    size_t rises;
};

static bool is_long(const struct heart_cycle *c, const struct pattern *p)
{
    return c->length >= LONG_LEAST * p->length;
}

static void measure_pattern(const struct heart_cycles *cycles, struct pattern *p)
{
    double late[HEART_CYCLES_MAX];
    double length[HEART_CYCLES_MAX];
    p->rises = 0;
    for (size_t k = 0; k < cycles->count; k++) {
        const struct heart_cycle *c = &cycles->cycle[k];
        if (c->at < p->since || !isfinite(c->late))
            continue;
        late[p->rises] = c->late;
        length[p->rises++] = c->length;
    }
    p->late = heart_median(late, p->rises);
    p->length = heart_median(length, p->rises);
    p->spread = heart_quantile(length, p->rises, 0.75) - heart_quantile(length, p->rises, 0.25);
}

/* Does what rises in the long cycles rise equally late, and are these most of the time? */
static bool is_coupled(const struct heart_cycles *cycles, const struct pattern *p, double fs)
{
    size_t longs = 0;
    size_t shown = 0;
    double all = 0.0;
    double in_longs = 0.0;
    for (size_t k = 0; k < cycles->count; k++) {
        const struct heart_cycle *c = &cycles->cycle[k];
        if (c->at < p->since)
            continue;
        all += c->length;
        if (!is_long(c, p))
            continue;
        longs++;
        in_longs += c->length;
        shown += fabs(c->late - p->late) <= PLACE_S * fs;
    }
    return shown >= HIDDEN_MIN && (double)shown >= SHOWN_SHARE * (double)longs &&
           in_longs >= LONG_SHARE * all;
}

double heart_cycles_rate(const struct heart_cycles *cycles, double from, double fs)
{
    struct pattern p = {.since = cycles->last - PATTERN_S * fs};
    double beats = 0.0;
    double length = 0.0;
    measure_pattern(cycles, &p);
    if (p.rises < HIDDEN_MIN || p.spread > LENGTH_SPREAD * p.length || !is_coupled(cycles, &p, fs))
        return NAN;
    for (size_t k = 0; k < cycles->count; k++) {
        const struct heart_cycle *c = &cycles->cycle[k];
        double within = fmin(1.0, (c->at + c->length - from) / c->length);
        if (within <= 0.0)
            continue;
        if (!(c->length <= LONG_MOST * p.length))
            return NAN;
        beats += within * (is_long(c, &p) ? 2.0 : 1.0);
        length += within * c->length;
    }
    return length >= SPAN_LEAST_S * fs ? 60.0 * fs * beats / length : NAN;
}
