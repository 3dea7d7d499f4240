#include "scan.h"

/* A backend that never says that its scan has ended is taken to have ended it after this. */
#define PATIENCE_US (10 * SECOND)

enum scan_step scan_next(struct scan *scan, struct when *when)
{
    if (scan->wanted && !is_awaited(when, scan->ends_us))
        return SCAN_DO_FINISH;
    if (scan->radio == SCAN_ENDING && !is_awaited(when, scan->patience_us))
        scan->radio = SCAN_OFF;
    if (scan->wanted && scan->radio == SCAN_OFF) {
        scan->radio = SCAN_ON;
        return SCAN_DO_START;
    }
    if (!scan->wanted && scan->radio == SCAN_ON) {
        scan->radio = SCAN_ENDING;
        scan->patience_us = when->now_us + PATIENCE_US;
        return SCAN_DO_STOP;
    }
    return SCAN_DO_NOTHING;
}

void scan_want(struct scan *scan, double seconds, int64_t now_us)
{
    scan->wanted = true;
    scan->ends_us = now_us + (int64_t)(seconds * (double)SECOND);
    scan->seen.count = 0;
}

bool scan_drop(struct scan *scan)
{
    bool wanted = scan->wanted;

    scan->wanted = false;
    return wanted;
}

bool scan_saw(struct scan *scan, const struct band_sighting *sighting, int64_t now_us)
{
    return scan->wanted && sightings_note(&scan->seen, sighting, now_us);
}

bool scan_stopped(struct scan *scan)
{
    bool unasked = scan->radio == SCAN_ON;

    scan->radio = SCAN_OFF;
    return unasked && scan->wanted;
}
