#include "heart_nn.h"

#include <math.h>
#include <string.h>

#include "heart_stats.h"

#define RR_MIN_MS  240.0
#define RR_MAX_MS  2000.0
#define NEIGHBOURS 11
#define ROUNDS     4
#define OFF_MAX    0.3
/* Lipponen & Tarvainen 2019; the floor keeps jitter from being called ectopic where RR hardly vary.
 */
#define QUARTILES      5.2
#define FLOOR_MS       50.0
#define ECTOPIC_SLOPE  0.13
#define ECTOPIC_OFFSET 0.17

/* The intervals still in question, oldest first. */
struct rr_series {
    size_t beat[HEART_NN_MAX];
    double rr[HEART_NN_MAX];
    size_t count;
};

void heart_nn_start(struct heart_nn *nn)
{
    nn->count = 0;
}

static void drop(struct heart_nn *nn, size_t oldest)
{
    nn->count -= oldest;
    memmove(nn->beats, nn->beats + oldest, nn->count * sizeof *nn->beats);
}

void heart_nn_add(struct heart_nn *nn, struct heart_beat beat, bool follows, double stretch)
{
    if (nn->count == HEART_NN_MAX)
        drop(nn, 1);
    beat.rr = NAN;
    beat.normal = false;
    if (follows && nn->count > 0)
        beat.rr = (beat.at_s - nn->beats[nn->count - 1].at_s) * 1000.0 * stretch;
    nn->beats[nn->count++] = beat;
}

static void collect(struct heart_nn *nn, struct rr_series *s)
{
    s->count = 0;
    nn->beats[0].normal = false; /* its interval's beginning is gone */
    for (size_t k = 1; k < nn->count; k++) {
        struct heart_beat *b = &nn->beats[k];
        b->normal = b->good && nn->beats[k - 1].good && b->rr > RR_MIN_MS && b->rr < RR_MAX_MS;
        if (!b->normal)
            continue;
        s->beat[s->count] = k;
        s->rr[s->count++] = b->rr;
    }
}

static double local_median(const double *values, size_t count, size_t i)
{
    double near[NEIGHBOURS];
    size_t n = count < NEIGHBOURS ? count : NEIGHBOURS;
    size_t from = i > n / 2 ? i - n / 2 : 0;
    if (from + n > count)
        from = count - n;
    memcpy(near, values + from, n * sizeof *near);
    return heart_median(near, n);
}

static bool keep(struct heart_nn *nn, struct rr_series *s, const bool *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (out[i]) {
            nn->beats[s->beat[i]].normal = false;
            continue;
        }
        s->beat[kept] = s->beat[i];
        s->rr[kept++] = s->rr[i];
    }
    bool changed = kept < s->count;
    s->count = kept;
    return changed;
}

static void exclude_distant(struct heart_nn *nn, struct rr_series *s)
{
    bool out[HEART_NN_MAX];
    for (size_t i = 0; i < s->count; i++) {
        double usual = local_median(s->rr, s->count, i);
        out[i] = fabs(s->rr[i] - usual) > OFF_MAX * usual;
    }
    keep(nn, s, out);
}

static void scale(double *values, size_t count)
{
    double sorted[HEART_NN_MAX];
    memcpy(sorted, values, count * sizeof *sorted);
    double high = heart_quantile(sorted, count, 0.75);
    double low = heart_quantile(sorted, count, 0.25);
    double threshold = fmax(QUARTILES * (high - low) / 2.0, FLOOR_MS);
    for (size_t i = 0; i < count; i++)
        values[i] /= threshold;
}

/* The change i, which an early beat shows as short–long; i of the first interval and those to come
 * are not known, and are taken for what would confirm it. */
static double change_at(const double *d, size_t count, size_t i, double confirming)
{
    return i > 0 && i < count ? d[i] : confirming;
}

/* Short–long around one early beat, or long–short around a late one. */
static bool is_ectopic(const double *d, size_t count, size_t i)
{
    if (fabs(d[i]) <= 1.0)
        return false;
    double side = d[i] > 0.0 ? 1.0 : -1.0;
    double before = side * change_at(d, count, i - 1, -side * INFINITY);
    double after = side * change_at(d, count, i + 1, -side * INFINITY);
    return fmax(before, after) < -ECTOPIC_SLOPE * side * d[i] - ECTOPIC_OFFSET;
}

/* Out and back by the next or the one after it. */
static bool is_long_or_short(const double *d, size_t count, size_t i)
{
    if (fabs(d[i]) <= 1.0)
        return false;
    double side = d[i] > 0.0 ? 1.0 : -1.0;
    double next = side * change_at(d, count, i + 1, -side * INFINITY);
    double second = side * change_at(d, count, i + 2, -side * INFINITY);
    return fmin(next, second) < -1.0;
}

static bool exclude_ectopic(struct heart_nn *nn, struct rr_series *s)
{
    double change[HEART_NN_MAX];
    double off[HEART_NN_MAX];
    bool out[HEART_NN_MAX] = {false};
    for (size_t i = 0; i < s->count; i++) {
        change[i] = i > 0 ? s->rr[i] - s->rr[i - 1] : 0.0;
        off[i] = s->rr[i] - local_median(s->rr, s->count, i);
        if (off[i] < 0.0)
            off[i] *= 2.0;
    }
    scale(change, s->count);
    scale(off, s->count);
    for (size_t i = 0; i < s->count; i++) {
        if (is_ectopic(change, s->count, i))
            out[i] = out[i - 1] = true;
        else if (is_long_or_short(change, s->count, i) || fabs(off[i]) > 3.0)
            out[i] = true;
    }
    /* Nothing before the first tells which of the two is the odd one. */
    if (s->count > 1 && fabs(change[1]) > 1.0)
        out[0] = true;
    return keep(nn, s, out);
}

void heart_nn_judge(struct heart_nn *nn, double now_s)
{
    struct rr_series s;
    size_t old = 0;
    while (old < nn->count && nn->beats[old].at_s < now_s - HEART_NN_SPAN_S)
        old++;
    drop(nn, old);
    collect(nn, &s);
    for (int i = 0; i < ROUNDS && exclude_ectopic(nn, &s); i++)
        continue;
    exclude_distant(nn, &s);
    exclude_distant(nn, &s);
    exclude_ectopic(nn, &s);
}
