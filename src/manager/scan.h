/*
 * The scan: whether somebody wants it, until when, what it saw. A machine: facts in, one next step
 * out. What it saw stays after it, for a connect.
 */
#ifndef MANAGER_SCAN_H
#define MANAGER_SCAN_H

#include "sightings.h"
#include "when.h"

struct scan {
    enum { SCAN_OFF, SCAN_ON, SCAN_ENDING } radio;
    bool wanted; /* what the clients call scanning */
    int64_t ends_us, patience_us;
    struct sightings seen;
};

enum scan_step {
    SCAN_DO_NOTHING,
    SCAN_DO_START, /* the backend's scan */
    SCAN_DO_STOP,
    SCAN_DO_FINISH, /* its time is over */
};

/* Its next step, booked as taken; none: it names the time to be asked again. */
enum scan_step scan_next(struct scan *scan, struct when *when);

void scan_want(struct scan *scan, double seconds, int64_t now_us);

/* Nobody wants it any longer. Returns whether somebody did. */
bool scan_drop(struct scan *scan);

/* The backend's words. Return whether there is something to be told: a new band; that a scan that
 * is wanted has ended. */
bool scan_saw(struct scan *scan, const struct band_sighting *sighting, int64_t now_us);
bool scan_stopped(struct scan *scan);

#endif
