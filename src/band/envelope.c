#include "envelope.h"

#include <math.h>
#include <string.h>

#define WIDTH_FIRST 0.5
#define WIDTH_LAST  8.0

/*
 * What a short span says of the drift is the delays' noise. So the line rises little at first, as
 * the middle of what crystals do; then at most as much as any crystal of a radio does; at last
 * freely, within what no crystal exceeds. The spans and slopes are those with the least error in
 * 1000 runs of delays up to 60 ms and drifts up to 50 ppm, of which 98 % stay within 2 ms from 20 s
 * on. In s and in µs a second.
 */
#define SLOPE_SPAN   48.0
#define SURE_SPAN    120.0
#define SLOPE_FIRST  10.0
#define SLOPE_LIKELY 60.0
#define SLOPE_MAX    200.0

void envelope_init(struct envelope *envelope)
{
    *envelope = (struct envelope){.width = WIDTH_FIRST};
}

static double bucket_of(const struct envelope *envelope, double x)
{
    return floor(x / envelope->width);
}

static void keep_lower(struct envelope_point *kept, struct envelope_point point)
{
    if (point.y < kept->y)
        *kept = point;
}

/* Two neighbours become one, so that the same points cover twice the time. */
static void widen(struct envelope *envelope)
{
    size_t kept = 0;

    envelope->width *= 2;
    for (size_t i = 1; i < envelope->count; i++) {
        const struct envelope_point point = envelope->point[i];
        if (bucket_of(envelope, point.x) == bucket_of(envelope, envelope->point[kept].x))
            keep_lower(&envelope->point[kept], point);
        else
            envelope->point[++kept] = point;
    }
    envelope->count = kept + 1;
}

static void drop_oldest(struct envelope *envelope)
{
    envelope->count--;
    memmove(envelope->point, envelope->point + 1, envelope->count * sizeof(envelope->point[0]));
}

void envelope_add(struct envelope *envelope, struct envelope_point point)
{
    if (envelope->count > 0) {
        struct envelope_point *last = &envelope->point[envelope->count - 1];
        /* A packet of before its bucket's end that comes after it counts for the newest. */
        if (bucket_of(envelope, point.x) <= bucket_of(envelope, last->x)) {
            if (point.y < last->y && (envelope->count == 1 || point.x > last[-1].x))
                *last = point;
            return;
        }
    }
    if (envelope->count == ENVELOPE_BUCKETS && envelope->width < WIDTH_LAST)
        widen(envelope);
    if (envelope->count == ENVELOPE_BUCKETS)
        drop_oldest(envelope);
    envelope->point[envelope->count++] = point;
}

static bool turns_left(struct envelope_point a, struct envelope_point b, struct envelope_point c)
{
    return (b.x - a.x) * (c.y - a.y) > (b.y - a.y) * (c.x - a.x);
}

/* Andrew's monotone chain, the lower half. */
static size_t lower_hull(const struct envelope *envelope, struct envelope_point *hull)
{
    size_t count = 0;

    for (size_t i = 0; i < envelope->count; i++) {
        while (count >= 2 && !turns_left(hull[count - 2], hull[count - 1], envelope->point[i]))
            count--;
        hull[count++] = envelope->point[i];
    }
    return count;
}

static double mean_x(const struct envelope *envelope)
{
    double sum = 0;

    for (size_t i = 0; i < envelope->count; i++)
        sum += envelope->point[i].x;
    return sum / (double)envelope->count;
}

static double slope_of(const struct envelope *envelope)
{
    const double span = envelope->point[envelope->count - 1].x - envelope->point[0].x;
    struct envelope_point hull[ENVELOPE_BUCKETS];

    if (span < SLOPE_SPAN)
        return SLOPE_FIRST;
    const size_t count = lower_hull(envelope, hull);
    const double mean = mean_x(envelope);
    size_t edge = 1;
    while (edge < count - 1 && hull[edge].x < mean)
        edge++;
    const double slope = (hull[edge].y - hull[edge - 1].y) / (hull[edge].x - hull[edge - 1].x);
    const double most = span < SURE_SPAN ? SLOPE_LIKELY : SLOPE_MAX;
    return fmax(-most, fmin(most, slope));
}

bool envelope_at(const struct envelope *envelope, double x, double *y)
{
    if (envelope->count == 0)
        return false;
    const double slope = slope_of(envelope);
    double least = INFINITY;
    for (size_t i = 0; i < envelope->count; i++)
        least = fmin(least, envelope->point[i].y + slope * (x - envelope->point[i].x));
    *y = least;
    return true;
}
