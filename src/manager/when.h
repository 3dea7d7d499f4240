/* Times on the boot clock, µs. Whether one has come, and that somebody is to be woken at it, are
 * two things: a machine that has no step names the time at which it wants to be asked again. */
#ifndef MANAGER_WHEN_H
#define MANAGER_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define NEVER  INT64_MAX
#define SECOND INT64_C(1000000)

struct when {
    int64_t now_us;
    int64_t wake_us; /* the earliest that was named */
};

static inline void wake_by(struct when *when, int64_t at_us)
{
    if (at_us < when->wake_us)
        when->wake_us = at_us;
}

/* Whether it is still to come; then it is waited for. */
static inline bool is_awaited(struct when *when, int64_t at_us)
{
    if (when->now_us >= at_us)
        return false;
    wake_by(when, at_us);
    return true;
}

#endif
