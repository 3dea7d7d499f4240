#include "eeg_watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/extreme.h"

/* A blink swings within 0.4 s by more than this and by more than the EEG usually does: EEG stays
 * under 50 µV mostly, and where it doesn't (alpha of 100 µV) it does so all the time. */
#define SWING_UV    50.0
#define SWING_TIMES 2.2
/* Of the swing's limit: what is as far from the baseline belongs to the blink; its tails, smaller
 * still, are within the margin of 0.15 s. */
#define STANDS_OUT 0.35
/* Above 8 Hz a blink of 200 µV has 12 to 41 µV peak to peak, EEG up to 125, a pop of 3 mV 3000. */
#define FAST_UV     150.0
#define FAST_WINDOW 5
/* Sway within 2 s: a third of it leaks through a Hann window into the bin at 1 Hz. */
#define SWAY_UV 30.0
/* The level's low-pass lags by its two poles: marked that much further back. */
#define LEVEL_LAG 30
#define LEVEL_HOP 5
/* A blink lasts 0.1 to 0.4 s (VanderWerf 2003), and is seen for a window longer: what goes on for
 * more than a second, or is larger than a blink at the forehead can be, is movement. */
#define BLINK_HOPS_MAX 60
#define BLINK_UV_MAX   700.0
/* An electrode that popped or was moved settles for longer than it swings: so long, in hops, delta
 * is not believed. */
#define SETTLING_HOPS 100

static double weight(double hz, int rate)
{
    return 1 - exp(-2 * M_PI * hz / rate);
}

void eeg_watch_init(struct eeg_watch *w, int rate)
{
    *w = (struct eeg_watch){
        .slow_weight = weight(0.5, rate),
        .smooth_weight = weight(15, rate), /* twice: -3 dB at 10 Hz */
        .fast_weight = weight(8, rate),
        .level_weight = weight(0.5, rate),
        .hop_slots = (unsigned)rate / WATCH_HOPS_A_SECOND,
        .limit = SWING_UV,
    };
}

void eeg_watch_break(struct eeg_watch *w)
{
    w->started = false;
    w->slots = 0;
    w->count = 0;
    w->event.open = false;
    w->settling = 0;
}

static struct watch_hop *hop(struct eeg_watch *w, uint64_t index)
{
    return &w->hops[index % WATCH_HOPS];
}

static uint64_t hops_known(const struct eeg_watch *w)
{
    return w->count < WATCH_HOPS ? w->count : WATCH_HOPS;
}

/* ---- filters */

static void start_watch(struct eeg_watch *w, double uv)
{
    w->started = true;
    w->slow = w->fast[0] = w->fast[1] = w->level[0] = w->level[1] = uv;
    w->smooth[0] = w->smooth[1] = 0;
}

static void filter(struct eeg_watch *w, double uv)
{
    w->slow += w->slow_weight * (uv - w->slow);
    w->smooth[0] += w->smooth_weight * (uv - w->slow - w->smooth[0]);
    w->smooth[1] += w->smooth_weight * (w->smooth[0] - w->smooth[1]);
    w->fast[0] += w->fast_weight * (uv - w->fast[0]);
    w->fast[1] += w->fast_weight * (uv - w->fast[0] - w->fast[1]);
    /* A blink is no sway: while one is seen the level rests. */
    if (w->event.open)
        return;
    w->level[0] += w->level_weight * (uv - w->level[0]);
    w->level[1] += w->level_weight * (w->level[0] - w->level[1]);
}

static void widen(struct eeg_watch *w, double uv, bool hole)
{
    struct watch_hop *now = &w->now;
    const double fast = uv - w->fast[0] - w->fast[1];
    if (w->slots++ == 0)
        *now = (struct watch_hop){w->smooth[1], w->smooth[1], fast, fast, 0, 0};
    now->lo = lesser(now->lo, w->smooth[1]);
    now->hi = greater(now->hi, w->smooth[1]);
    now->fast_lo = lesser(now->fast_lo, fast);
    now->fast_hi = greater(now->fast_hi, fast);
    now->level = w->level[1];
    now->spoilt |= hole ? SPOILT_HOLE : 0;
}

/* ---- windows */

static void mark(struct eeg_watch *w, uint64_t from, uint64_t to, unsigned what)
{
    const uint64_t oldest = w->count - hops_known(w);
    for (uint64_t i = from > oldest ? from : oldest; i < to && i < w->count; i++)
        hop(w, i)->spoilt |= (uint8_t)what;
}

static uint64_t before(uint64_t index, uint64_t hops)
{
    return index > hops ? index - hops : 0;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Once a window, so that each part of the signal counts once, and none with a blink: they are many
 * in some. What goes on for longer becomes usual. */
static void learn_usual(struct eeg_watch *w, double swing)
{
    double sorted[WATCH_USUAL];
    const bool blinks = w->event.open && w->event.hops <= BLINK_HOPS_MAX;
    if (w->count % WATCH_WINDOW != 0 || blinks)
        return;
    w->usual[w->usuals++ % WATCH_USUAL] = swing;
    const unsigned n = w->usuals < WATCH_USUAL ? w->usuals : WATCH_USUAL;
    memcpy(sorted, w->usual, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    w->limit = greater(SWING_UV, SWING_TIMES * sorted[n / 2]);
}

static double swing_of(struct eeg_watch *w)
{
    double lo = INFINITY, hi = -INFINITY;
    for (uint64_t i = before(w->count, WATCH_WINDOW); i < w->count; i++) {
        lo = lesser(lo, hop(w, i)->lo);
        hi = greater(hi, hop(w, i)->hi);
    }
    return hi - lo;
}

/* What stands out of this window, and a margin around it: what is ahead is marked as it comes. */
static void mark_blink(struct eeg_watch *w)
{
    for (uint64_t i = before(w->count, WATCH_WINDOW); i < w->count; i++) {
        const struct watch_hop *h = hop(w, i);
        if (greater(fabs(h->lo), fabs(h->hi)) > STANDS_OUT * w->limit)
            mark(w, before(i, WATCH_MARGIN), i + WATCH_MARGIN + 1, SPOILT_BLINK);
    }
}

static void follow(struct eeg_watch *w, double swing, double ms)
{
    struct watch_event *e = &w->event;
    const struct watch_hop *newest = hop(w, w->count - 1);
    const double peak = greater(fabs(newest->lo), fabs(newest->hi));
    if (swing > w->limit) {
        if (!e->open)
            *e = (struct watch_event){.open = true};
        e->hops++;
        e->swing = greater(e->swing, swing);
        e->fast |= newest->spoilt & SPOILT_FAST;
        if (peak > e->peak) {
            e->peak = peak;
            e->peak_ms = ms;
        }
    } else if (e->open) {
        w->ended = *e;
        if (eeg_watch_kind(e) != WATCH_BLINK)
            w->settling = SETTLING_HOPS;
        e->open = false;
    }
}

static void look_for_blink(struct eeg_watch *w, double ms)
{
    const double swing = swing_of(w);
    follow(w, swing, ms);
    if (w->event.open)
        mark_blink(w);
    learn_usual(w, swing);
}

static void look_for_jerk(struct eeg_watch *w)
{
    double lo = INFINITY, hi = -INFINITY;
    for (uint64_t i = before(w->count, FAST_WINDOW); i < w->count; i++) {
        lo = lesser(lo, hop(w, i)->fast_lo);
        hi = greater(hi, hop(w, i)->fast_hi);
    }
    if (hi - lo > FAST_UV)
        mark(w, before(w->count, FAST_WINDOW + WATCH_MARGIN), w->count, SPOILT_FAST);
}

static void look_for_sway(struct eeg_watch *w)
{
    double lo = INFINITY, hi = -INFINITY;
    if (w->settling > 0) {
        w->settling--;
        mark(w, w->count - 1, w->count, SPOILT_SWAY);
    }
    if (w->count % LEVEL_HOP != 0)
        return;
    const uint64_t from = before(w->count, (uint64_t)WATCH_LEVELS * LEVEL_HOP);
    for (uint64_t i = from; i < w->count; i += LEVEL_HOP) {
        lo = lesser(lo, hop(w, i)->level);
        hi = greater(hi, hop(w, i)->level);
    }
    if (hi - lo > SWAY_UV)
        mark(w, before(from, LEVEL_LAG), w->count, SPOILT_SWAY);
}

bool eeg_watch_take(struct eeg_watch *w, double uv, double ms, bool hole)
{
    if (!w->started)
        start_watch(w, uv);
    filter(w, uv);
    widen(w, uv, hole);
    if (w->slots < w->hop_slots)
        return false;
    w->slots = 0;
    *hop(w, w->count++) = w->now;
    look_for_jerk(w);
    look_for_blink(w, ms);
    look_for_sway(w);
    return true;
}

/* ---- what is asked */

unsigned eeg_watch_spoilt(const struct eeg_watch *w, unsigned back, unsigned count)
{
    const uint64_t known = hops_known(w), all = (uint64_t)back + count;
    const uint64_t end = all < known ? all : known;
    unsigned spoilt = all > known ? SPOILT_HOLE : 0;
    for (uint64_t i = back; i < end; i++)
        spoilt |= w->hops[(w->count - 1 - i) % WATCH_HOPS].spoilt;
    return spoilt;
}

unsigned eeg_watch_count(const struct eeg_watch *w, unsigned count, unsigned marks)
{
    unsigned found = 0;
    for (uint64_t i = 0; i < count && i < hops_known(w); i++)
        found += (w->hops[(w->count - 1 - i) % WATCH_HOPS].spoilt & marks) != 0;
    return found;
}

enum watch_kind eeg_watch_kind(const struct watch_event *e)
{
    if (!e->open)
        return WATCH_NOTHING;
    if (e->fast)
        return WATCH_POP;
    return e->hops > BLINK_HOPS_MAX || e->swing > BLINK_UV_MAX ? WATCH_MOVEMENT : WATCH_BLINK;
}

enum watch_kind eeg_watch_latest(const struct eeg_watch *w)
{
    struct watch_event latest = w->event.open ? w->event : w->ended;
    latest.open = true;
    return eeg_watch_kind(&latest);
}

struct watch_event eeg_watch_ended(struct eeg_watch *w)
{
    const struct watch_event event = w->ended;
    w->ended.open = false;
    return event;
}
