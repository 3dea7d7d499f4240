/*
 * UTC against the boot clock, looked at once a second while a band is connected. Both are slewed
 * alike: only a step moves one against the other. A machine without a clock gets its time minutes
 * after the start; samples told hours off until the next connection would be of no use.
 */
#include "base/log.h"
#include "internal.h"

#define LOOK_US SECOND

/* Two readings this far apart say nothing of a step. */
#define BRACKET_US 500

/* As session.json tells steps. */
#define STEP_US INT64_C(10000)

/* An anchor off by less is left alone: the clock's own estimate is no better. */
#define IDLE_ERROR_US INT64_C(5000)

/* While data flow, time must not fall, and small corrections are not worth a seam in the data. */
#define FLOWING_ERROR_US SECOND

bool utc_offset(const struct device *d, int64_t *offset_us)
{
    int64_t before = d->ground->host.boot_us(d->ground->host.user);
    int64_t utc = d->ground->host.utc_us(d->ground->host.user);
    int64_t after = d->ground->host.boot_us(d->ground->host.user);

    *offset_us = utc - (before + (after - before) / 2);
    return after - before < BRACKET_US;
}

void utc_link_up(struct device *d)
{
    d->utc.known = utc_offset(d, &d->utc.offset_us);
    d->utc.look_us = d->ground->now_us + LOOK_US;
}

static bool wants_anchor(const struct device *d, int64_t offset_us)
{
    const struct clock_anchor *anchor = &d->link.device.anchor;
    int64_t error_us = offset_us - (anchor->utc_us - anchor->boot_us);

    if (d->recording)
        return false;
    if (d->stream.state != STREAM_IDLE)
        return error_us > FLOWING_ERROR_US;
    return error_us >= IDLE_ERROR_US || error_us <= -IDLE_ERROR_US;
}

void utc_look(struct device *d)
{
    int64_t offset_us, step_us;

    if (!utc_offset(d, &offset_us))
        return;
    step_us = d->utc.known ? offset_us - d->utc.offset_us : 0;
    d->utc.known = true;
    d->utc.offset_us = offset_us;
    if (step_us >= STEP_US || step_us <= -STEP_US) {
        log_warning("UTC was stepped by %.3f s", (double)step_us / (double)SECOND);
        d->ground->listener.clock_stepped(d->ground->listener.user, (double)step_us / 1000.0);
    }
    /* A callback may have changed everything. */
    if (d->link.state == LINK_CONNECTED && wants_anchor(d, offset_us))
        d->reanchor = d->again = true;
}

void utc_settle(struct device *d)
{
    if (d->link.state != LINK_CONNECTED || !due(d, d->utc.look_us))
        return;
    d->utc.look_us = d->ground->now_us + LOOK_US;
    due(d, d->utc.look_us);
    utc_look(d);
}
