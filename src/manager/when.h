/*
 * Times on the boot clock, µs. A machine that has no step names the time at which it wants to be
 * asked again. Who asks whether a time has come names it in the same breath, as a "not yet" that
 * nobody is woken for would be a step forgotten; wake_by() is for who does not ask.
 */
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
