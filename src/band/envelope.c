#include "envelope.h"

#include <math.h>
#include <string.h>

#include "base/extreme.h"

#define WIDTH_FIRST 0.5
#define WIDTH_LAST  8.0

/*
 * Of the drift is known beforehand that a crystal is good to some tens of ppm; the delays tell more
 * the longer they were watched. Both are weighed against each other: exponential delays, of which
 * each point's height over the line is one, and a normal deviation of the slope. Mean and deviation
 * are those with the least error over crystals of -50 to 50 ppm and delays up to 60 ms, which a
 * slope too low bears better than one too high. In µs a second.
 */
#define SLOPE_MEAN      (-5.0)
#define SLOPE_DEVIATION 15.0
#define SLOPE_MAX       200.0
/* Leaves 0.02 µs a second of the interval. */
#define SEARCH_STEPS 25
/* Slopes at once. */
#define TRIED 2
/* Fewer points say nothing of a slope. */
#define SLOPE_POINTS_MIN 4

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
            if (point.y < last->y && (envelope->count == 1 || point.x > last[-1].x)) {
                *last = point;
                envelope->laid = false;
            }
            return;
        }
    }
    if (envelope->count == ENVELOPE_BUCKETS && envelope->width < WIDTH_LAST)
        widen(envelope);
    if (envelope->count == ENVELOPE_BUCKETS)
        drop_oldest(envelope);
    envelope->point[envelope->count++] = point;
    envelope->laid = false;
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

/* The line of least mean height, by the points alone. */
static double hull_slope(const struct envelope *envelope)
{
    struct envelope_point hull[ENVELOPE_BUCKETS];
    const size_t count = lower_hull(envelope, hull);
    const double mean = mean_x(envelope);
    size_t edge = 1;

    while (edge < count - 1 && hull[edge].x < mean)
        edge++;
    const double slope = (hull[edge].y - hull[edge - 1].y) / (hull[edge].x - hull[edge - 1].x);
    return fmax(-SLOPE_MAX, fmin(SLOPE_MAX, slope));
}

/* How far the points are above the highest line of each slope under them all, on average. */
static void mean_heights(const struct envelope *envelope, const double slope[TRIED],
                         double height[TRIED])
{
    double sum[TRIED] = {0}, least[TRIED] = {INFINITY, INFINITY};

    for (size_t i = 0; i < envelope->count; i++) {
        for (int k = 0; k < TRIED; k++) {
            const double y = envelope->point[i].y - slope[k] * envelope->point[i].x;
            sum[k] += y;
            least[k] = lesser(least[k], y);
        }
    }
    for (int k = 0; k < TRIED; k++)
        height[k] = sum[k] / (double)envelope->count - least[k];
}

/*
 * The negative logarithm of how likely the slope is, but for a constant; convex. The mean over all
 * slopes by this, instead of the likeliest, was tried: bands on one clock are told less apart where
 * delays reach 200 ms (after a minute 4.5 ms instead of 5.1 in 99 of 100, by test_event), but a
 * band of -50 ppm with delays to 60 ms goes beyond its 2 ms now and then.
 */
static double unlikeliness(const struct envelope *envelope, double slope, double height,
                           double scale)
{
    const double deviation = (slope - SLOPE_MEAN) / SLOPE_DEVIATION;

    return (double)envelope->count * height / scale + deviation * deviation / 2;
}

static double likeliest_slope(const struct envelope *envelope)
{
    double lo = -SLOPE_MAX, hi = SLOPE_MAX, height[TRIED];

    if (envelope->count < SLOPE_POINTS_MIN)
        return SLOPE_MEAN;
    const double first = hull_slope(envelope);
    mean_heights(envelope, (double[TRIED]){first, first}, height);
    const double scale = height[0];
    if (!(scale > 0))
        return first;
    for (int i = 0; i < SEARCH_STEPS; i++) {
        const double third = (hi - lo) / 3, slope[TRIED] = {lo + third, hi - third};
        mean_heights(envelope, slope, height);
        if (unlikeliness(envelope, slope[0], height[0], scale) <
            unlikeliness(envelope, slope[1], height[1], scale))
            hi = slope[1];
        else
            lo = slope[0];
    }
    return (lo + hi) / 2;
}

/* Where the line lies follows from the points alone: it is sought anew only when they changed. */
static void lay_line(struct envelope *envelope)
{
    envelope->slope = likeliest_slope(envelope);
    envelope->zero = INFINITY;
    for (size_t i = 0; i < envelope->count; i++)
        envelope->zero =
            lesser(envelope->zero, envelope->point[i].y - envelope->slope * envelope->point[i].x);
    envelope->laid = true;
}

bool envelope_at(struct envelope *envelope, double x, double *y)
{
    if (envelope->count == 0)
        return false;
    if (!envelope->laid)
        lay_line(envelope);
    *y = envelope->zero + envelope->slope * x;
    return true;
}
