/*
 * The lower envelope of delays over time. Of each stretch of time the smallest is kept. The line
 * under those points is the one with the least sum of distances to them, the edge of their lower
 * convex hull over their mean time (Moon, Skelly & Towsley 1999), drawn toward what crystals do for
 * as long as the points say little.
 */
#ifndef BAND_ENVELOPE_H
#define BAND_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#define ENVELOPE_BUCKETS 64

struct envelope_point {
    double x; /* s */
    double y; /* µs */
};

struct envelope {
    size_t count;
    double width; /* s a bucket covers; doubles as the span grows, until the oldest are let go */
    struct envelope_point point[ENVELOPE_BUCKETS]; /* the least of each bucket, by rising x */
    bool laid;                                     /* the line is that of the points: */
    double slope, zero;                            /* its slope, and its height at x = 0 */
};

void envelope_init(struct envelope *envelope);
void envelope_add(struct envelope *envelope, struct envelope_point point);

/* The line's height at x; false while there is no point. */
bool envelope_at(struct envelope *envelope, double x, double *y);

#endif
