#include "heart_beats.h"

#include <math.h>

#include "heart_stats.h"

#define CANDIDATES_MAX 160
#define BACK_S         8.0
#define LINK_MAX_S     2.2
#define COMMIT_S       1.0
/* How much a beat off the period by a factor e costs, in heights of a usual upstroke. */
#define TIGHTNESS 3.0
/* Upstrokes lower than this share of the usual are noise or the dicrotic wave. */
#define HEIGHT_MIN 0.1
/* A movement's upstroke may not count for more than a good beat. */
#define HEIGHT_MAX 1.2
#define STRETCHES  8
/* Nearer than this to the last beat committed a pulse is that beat. */
#define SAME_S 0.2

struct candidate {
    double at; /* sample number */
    double height;
    double score;
    int before; /* −1: none */
};

struct beat_search {
    const struct heart_signal *signal;
    enum heart_channel channel;
    double sign;
    double period; /* s */
    struct candidate candidates[CANDIDATES_MAX];
    int count;
};

void heart_beats_start(struct heart_beats *beats)
{
    beats->last = NAN;
}

static double slope_at(const struct beat_search *s, int64_t n)
{
    return s->sign * heart_signal_slope(s->signal, HEART_5HZ, s->channel, n);
}

static int64_t oldest(const struct beat_search *s)
{
    int64_t back = heart_signal_end(s->signal) - (int64_t)(BACK_S * s->signal->fs);
    int64_t kept = heart_signal_begin(s->signal) + 1;
    return back > kept ? back : kept;
}

/* The height of a usual upstroke: median of the largest of each of the last eight periods. */
static double usual_height(const struct beat_search *s)
{
    double largest[STRETCHES];
    size_t count = 0;
    double length = s->period * s->signal->fs;
    int64_t end = heart_signal_end(s->signal) - 1;
    for (int i = 0; i < STRETCHES; i++) {
        int64_t from = end - (int64_t)((i + 1) * length);
        if (from < heart_signal_begin(s->signal) + 1)
            break;
        double top = 0.0;
        for (int64_t n = from; n < end - (int64_t)(i * length); n++)
            top = fmax(top, slope_at(s, n));
        largest[count++] = top;
    }
    return heart_median(largest, count);
}

static void find_candidates(struct beat_search *s, double after)
{
    double usual = usual_height(s);
    int64_t n = oldest(s) + 1;
    if (isfinite(after) && n <= after)
        n = (int64_t)after + 1;
    s->count = 0;
    for (; n < heart_signal_end(s->signal) - 2 && s->count < CANDIDATES_MAX; n++) {
        double h = slope_at(s, n);
        double below = slope_at(s, n - 1);
        double above = slope_at(s, n + 1);
        if (!(h > 0.0 && h > below && h >= above && h >= HEIGHT_MIN * usual))
            continue;
        double bend = below - 2.0 * h + above;
        double shift = bend < 0.0 ? 0.5 * (below - above) / bend : 0.0;
        s->candidates[s->count++] = (struct candidate){
            .at = (double)n + shift, .height = fmin(h / usual, HEIGHT_MAX), .before = -1};
    }
}

static double penalty(double dt, double period)
{
    double off = log(dt / period);
    return TIGHTNESS * off * off;
}

/* Score of entering the path at candidate j; −∞: too near to the last committed beat. */
static double entry(const struct beat_search *s, const struct candidate *c, double last,
                    double dt_min)
{
    if (!isfinite(last))
        return 0.0;
    double dt = (c->at - last) / s->signal->fs;
    if (dt <= dt_min)
        return -INFINITY;
    return dt > 2.5 * s->period ? -TIGHTNESS : -penalty(dt, s->period);
}

static void score(struct beat_search *s, double last)
{
    double dt_min = fmin(0.3, fmax(0.22, 0.6 * s->period));
    for (int j = 0; j < s->count; j++) {
        struct candidate *c = &s->candidates[j];
        double best = entry(s, c, last, dt_min);
        for (int i = j - 1; i >= 0; i--) {
            double dt = (c->at - s->candidates[i].at) / s->signal->fs;
            if (dt > LINK_MAX_S)
                break;
            if (dt <= dt_min)
                continue;
            double linked = s->candidates[i].score - penalty(dt, s->period);
            if (linked > best) {
                best = linked;
                c->before = i;
            }
        }
        c->score = c->height + best;
    }
}

static int best_end(const struct beat_search *s)
{
    double recent = (double)heart_signal_end(s->signal) - 2.0 - s->period * s->signal->fs;
    int best = -1;
    for (int j = s->count - 1; j >= 0; j--) {
        if (s->candidates[j].at < recent && best >= 0)
            break;
        if (isfinite(s->candidates[j].score) &&
            (best < 0 || s->candidates[j].score > s->candidates[best].score))
            best = j;
    }
    return best;
}

/* Newer ones may yet turn out otherwise. */
static double committed_until(const struct heart_signal *signal)
{
    return (double)heart_signal_end(signal) - 2.0 - COMMIT_S * signal->fs;
}

static size_t backtrack(const struct beat_search *s, double out[HEART_BEATS_COMMITTED_MAX])
{
    double until = committed_until(s->signal);
    int path[CANDIDATES_MAX];
    size_t length = 0;
    for (int j = best_end(s); j >= 0; j = s->candidates[j].before)
        if (s->candidates[j].at <= until)
            path[length++] = j;
    if (length > HEART_BEATS_COMMITTED_MAX)
        length = HEART_BEATS_COMMITTED_MAX; /* the oldest */
    for (size_t i = 0; i < length; i++)
        out[i] = s->candidates[path[length - 1 - i]].at;
    return length;
}

size_t heart_beats_commit(struct heart_beats *beats, const struct heart_signal *signal,
                          enum heart_channel channel, double sign, double period,
                          double out[HEART_BEATS_COMMITTED_MAX], bool *joined)
{
    struct beat_search s = {.signal = signal, .channel = channel, .sign = sign, .period = period};
    if (isfinite(beats->last) && beats->last < (double)oldest(&s))
        beats->last = NAN;
    *joined = isfinite(beats->last);
    find_candidates(&s, beats->last);
    score(&s, beats->last);
    size_t count = backtrack(&s, out);
    if (count > 0)
        beats->last = out[count - 1];
    return count;
}

size_t heart_beats_count(struct heart_beats *beats, const struct heart_signal *signal,
                         const struct heart_pulses *pulses, double out[HEART_BEATS_COMMITTED_MAX],
                         bool *joined)
{
    size_t count = 0;
    *joined = isfinite(beats->last) && pulses->count > 0 &&
              pulses->at[0] <= beats->last + SAME_S * signal->fs;
    for (int i = 0; i < pulses->count && pulses->at[i] <= committed_until(signal); i++) {
        if (isfinite(beats->last) && pulses->at[i] < beats->last + SAME_S * signal->fs)
            continue;
        out[count++] = beats->last = pulses->at[i];
        if (count == HEART_BEATS_COMMITTED_MAX)
            break;
    }
    return count;
}
