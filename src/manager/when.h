/* Times on the boot clock, µs. Whether one has come, and that somebody is to be woken at it, are
 * two things: a machine names the time at which it wants to be asked again. */
#ifndef MANAGER_WHEN_H
#define MANAGER_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define NEVER  INT64_MAX
#define SECOND INT64_C(1000000)

static inline void wake_by(int64_t *wake, int64_t at_us)
{
    if (at_us < *wake)
        *wake = at_us;
}

/* Whether it is still to come; then it is waited for. */
static inline bool is_awaited(int64_t now_us, int64_t at_us, int64_t *wake)
{
    if (now_us >= at_us)
        return false;
    wake_by(wake, at_us);
    return true;
}

#endif
