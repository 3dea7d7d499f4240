#include "heart_pulses.h"

#include <math.h>
#include <stddef.h>

#include "heart_stats.h"

#define RISES_MAX 128
/* What breath and drift add to a rise is taken off: the mean slope of so long to either side. */
#define DRIFT_S 1.0
/* The usual pulse is the median of the largest of stretches that hold a beat of 50 a minute, and
 * most times one of 35. */
#define STRETCH_S 1.25
#define STRETCHES 6
/* Shares of the usual rise: a pulse; what may be one or noise, which a clean signal hardly has; and
 * what only a movement has. */
#define PULSE_RISE  0.10
#define DOUBT_RISE  0.07
#define DOUBT_SHARE 0.15
#define MOVED_RISE  3.0
#define PULSES_MIN  5
/* A rhythm explains pulses where most time is in cycles of its period, whatever lies between:
 * unless that is in most cycles, and equally late (quartiles, share of the period), for then it is
 * a beat. */
#define PERIOD_OFF   0.12
#define FOLLOW_SHARE 0.75
#define FOLLOW_ON    0.5 /* once they have */
#define EXTRA_SHARE  0.6
#define EXTRA_SPREAD 0.08

/* Nearer than that no heart beats twice (250 a minute). */
#define APART_S 0.24
/* The valve closes, and the dicrotic wave rises, when the left ventricle has ejected for 413 − 1.7
 * HR ms (Weissler 1968); so near, and somewhat later, what is under half a pulse is no beat. */
#define EJECTION_S       0.413
#define EJECTION_PER_BPM 0.0017
#define ECHO_LATE        1.25
#define ECHO_FIRST_S     0.45 /* at 40 bpm, while the rate is unknown */
#define ECHO_RISE        0.5
#define ECHOES_FEW       0.25
#define ROUNDS           3
#define INTERVAL_MAX_S   2.2
/* What may be a hidden beat: its least rise, the latest it comes after the one before, in how many
 * of the cycles, and how alike in time (quartiles). */
#define HIDDEN_RISE     0.05
#define HIDDEN_S        0.7
#define HIDDEN_MIN      4
#define HIDDEN_SHARE    0.6
#define HIDDEN_SPREAD_S 0.06
/* A pulse that begins a cycle: an early beat of 0.74 of the usual interval has 0.65 at most. Within
 * the cycle, what may be an early beat: noise rises as far, but not equally late (heart_cycles);
 * and so early that a pause follows. */
#define LARGE_RISE    0.7
#define SMALL_RISE    0.03
#define BETWEEN_SHARE 0.45

struct rise {
    double at;   /* index of its steepest point */
    double size; /* counts */
};

/* Eight seconds of upstrokes. */
struct scene {
    double fs;
    int count; /* samples */
    struct rise rises[RISES_MAX];
    int found;
    double usual; /* a pulse's rise */
    double echo;  /* samples within which a low rise follows from the beat before */
    struct rise kept[RISES_MAX];
    int number; /* of those kept */
};

static void take_off_drift(double *d, int count, double fs)
{
    double sums[HEART_WINDOW + 1] = {0.0};
    int reach = (int)(DRIFT_S * fs);
    for (int i = 0; i < count; i++)
        sums[i + 1] = sums[i] + d[i];
    for (int i = 0; i < count; i++) {
        int from = i > reach ? i - reach : 0;
        int to = i + reach < count ? i + reach : count;
        d[i] -= (sums[to] - sums[from]) / (to - from);
    }
}

static void find_rises(struct scene *s, const double *d)
{
    double steepest = 0.0;
    struct rise run = {0.0, 0.0};
    s->found = 0;
    for (int i = 0; i < s->count && s->found < RISES_MAX; i++) {
        if (d[i] > 0.0) {
            run.size += d[i] / s->fs;
            run.at = d[i] > steepest ? i : run.at;
            steepest = fmax(steepest, d[i]);
        } else if (run.size > 0.0) {
            s->rises[s->found++] = run;
            run.size = steepest = 0.0;
        }
    }
}

static double usual_rise(const struct scene *s)
{
    double largest[STRETCHES];
    size_t stretches = 0;
    for (int i = 0; i < STRETCHES; i++) {
        double to = s->count - i * STRETCH_S * s->fs;
        double from = to - STRETCH_S * s->fs;
        double top = 0.0;
        if (from < 0.0)
            break;
        for (int k = 0; k < s->found; k++)
            if (s->rises[k].at >= from && s->rises[k].at < to)
                top = fmax(top, s->rises[k].size);
        largest[stretches++] = top;
    }
    return heart_median(largest, stretches);
}

static bool is_echo(const struct scene *s, const struct rise *rise, const struct rise *before)
{
    double apart = rise->at - before->at;
    return apart < APART_S * s->fs ||
           (apart < s->echo && rise->size < ECHO_RISE * fmax(before->size, s->usual));
}

/* What is a pulse by its size and no echo of the one before. */
static void keep_pulses(struct scene *s)
{
    s->number = 0;
    for (int k = 0; k < s->found; k++) {
        if (s->rises[k].size < PULSE_RISE * s->usual ||
            (s->number > 0 && is_echo(s, &s->rises[k], &s->kept[s->number - 1])))
            continue;
        s->kept[s->number++] = s->rises[k];
    }
}

/* How long the ejection lasts is known from the pulses, and they from it: in turns. */
static void keep_beats(struct scene *s)
{
    s->echo = ECHO_FIRST_S * s->fs;
    for (int round = 0; round < ROUNDS; round++) {
        keep_pulses(s);
        if (s->number < PULSES_MIN)
            return;
        double bpm = 60.0 * s->fs * (s->number - 1) / (s->kept[s->number - 1].at - s->kept[0].at);
        s->echo = s->fs * ECHO_LATE * fmax(EJECTION_S - EJECTION_PER_BPM * bpm, 0.0);
    }
    /* A dicrotic wave follows most beats: what follows a few is beats that came early. */
    double most = (1.0 + ECHOES_FEW) * s->number;
    double echo = s->echo;
    s->echo = 0.0;
    keep_pulses(s);
    s->echo = echo;
    if (s->number > most)
        keep_pulses(s);
}

static bool part_clearly(const struct scene *s)
{
    int doubtful = 0;
    for (int k = 0; k < s->found; k++) {
        double share = s->rises[k].size / s->usual;
        doubtful += share >= DOUBT_RISE && share < PULSE_RISE;
        if (share > MOVED_RISE)
            return false;
    }
    for (int k = 1; k < s->number; k++)
        if (s->kept[k].at - s->kept[k - 1].at > INTERVAL_MAX_S * s->fs)
            return false;
    return doubtful <= DOUBT_SHARE * s->number;
}

/* Between two beats something small rises each time, equally late: a beat whose pulse hardly comes
 * through (of bigeminy, say), or nothing. Noise rises at any time. */
static bool hides_beats(const struct scene *s)
{
    double late[RISES_MAX];
    int cycles = 0;
    size_t n = 0;
    const struct rise *last = NULL;
    for (const struct rise *r = s->rises; r < s->rises + s->found; r++) {
        if (r->size >= ECHO_RISE * s->usual) {
            cycles += last != NULL;
            last = r;
        } else if (last && r->size >= HIDDEN_RISE * s->usual && r->at - last->at > s->echo &&
                   r->at - last->at < HIDDEN_S * s->fs) {
            late[n++] = (r->at - last->at) / s->fs;
        }
    }
    if (n < HIDDEN_MIN || (double)n < HIDDEN_SHARE * cycles)
        return false;
    double high = heart_quantile(late, n, 0.75);
    return high - heart_quantile(late, n, 0.25) <= HIDDEN_SPREAD_S;
}

/* The largest rise between a pulse and the next that may be a beat of its own: no echo, and early
 * enough for a pause to follow. */
static double small_between(const struct scene *s, const struct rise *from, const struct rise *to)
{
    const struct rise *most = NULL;
    for (const struct rise *r = from + 1; r < to; r++)
        if (r->at - from->at > s->echo && r->at - from->at < BETWEEN_SHARE * (to->at - from->at) &&
            r->size >= SMALL_RISE * s->usual && (!most || r->size > most->size))
            most = r;
    return most ? most->at - from->at : NAN;
}

static void find_large(const struct scene *s, double first, struct heart_pulses *pulses)
{
    const struct rise *last = NULL;
    for (const struct rise *r = s->rises; r < s->rises + s->found; r++) {
        if (r->size < LARGE_RISE * s->usual || pulses->larges == HEART_PULSES_MAX)
            continue;
        if (last)
            pulses->large[pulses->larges - 1].late = small_between(s, last, r);
        pulses->large[pulses->larges++] = (struct heart_large){first + r->at, NAN};
        last = r;
    }
}

void heart_pulses_find(struct heart_pulses *pulses, const struct heart_signal *signal,
                       enum heart_channel channel, double sign)
{
    double d[HEART_WINDOW];
    struct scene s = {.fs = signal->fs};
    *pulses = (struct heart_pulses){.period = NAN, .fs = signal->fs, .usual = NAN};
    s.count = heart_signal_window(signal, channel, d);
    for (int i = 0; i < s.count; i++)
        d[i] *= sign;
    take_off_drift(d, s.count, s.fs);
    find_rises(&s, d);
    s.usual = usual_rise(&s);
    keep_beats(&s);
    if (s.number < PULSES_MIN)
        return;
    double first = (double)(heart_signal_end(signal) - 1 - s.count);
    for (; pulses->count < s.number && pulses->count < HEART_PULSES_MAX; pulses->count++)
        pulses->at[pulses->count] = first + s.kept[pulses->count].at;
    pulses->period = (pulses->at[pulses->count - 1] - pulses->at[0]) / (pulses->count - 1) / s.fs;
    pulses->sure = part_clearly(&s);
    pulses->usual = s.usual;
    find_large(&s, first, pulses);
    pulses->hidden = hides_beats(&s);
}

/* The pulse one period after k; −1: there is none. */
static int next_of(const struct heart_pulses *pulses, int k, double period)
{
    for (int i = k + 1; i < pulses->count; i++)
        if (fabs(pulses->at[i] - pulses->at[k] - period) <= PERIOD_OFF * period)
            return i;
    return -1;
}

bool heart_pulses_follow(const struct heart_pulses *pulses, double period, bool regular)
{
    double extra[HEART_PULSES_MAX];
    size_t extras = 0;
    int cycles = 0;
    for (int k = 0; k < pulses->count;) {
        int next = next_of(pulses, k, period);
        for (int i = k + 1; i < next; i++)
            extra[extras++] = (pulses->at[i] - pulses->at[k]) / period;
        cycles += next > 0;
        k = next > 0 ? next : k + 1;
    }
    double all = pulses->count > 1 ? pulses->at[pulses->count - 1] - pulses->at[0] : 0.0;
    if (cycles == 0 || cycles * period < (regular ? FOLLOW_ON : FOLLOW_SHARE) * all)
        return false;
    if ((double)extras < EXTRA_SHARE * cycles)
        return true;
    double high = heart_quantile(extra, extras, 0.75);
    return high - heart_quantile(extra, extras, 0.25) > EXTRA_SPREAD;
}
