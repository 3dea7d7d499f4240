/* What is wanted beyond a run of the daemon: kept for a crash, taken up again, or set by options.
 */
#include "internal.h"

struct manager_wants wants_now(const struct device *d)
{
    const struct stream *stream = &d->stream;
    struct manager_wants wants = {.sensors = 0};

    if (d->link.state != LINK_CONNECTED && d->link.state != LINK_WAITING)
        return wants;
    wants.band = d->link.band;
    if (stream->state == STREAM_IDLE || (stream->starting && !stream->told))
        return wants;
    wants.sensors = stream->demand.sensors;
    wants.sample_rate = stream->demand.rate;
    wants.seconds = stream->demand.seconds;
    wants.until_utc_us = stream->until_utc_us;
    wants.since_utc_us = stream->since_utc_us;
    return wants;
}

void device_expect(struct device *d, const struct manager_wants *wants, bool resumes)
{
    if (d->link.state != LINK_IDLE)
        return;
    link_wait_for(d, &wants->band, resumes);
    stream_expect(&d->stream, wants, resumes, ground_clock(d->ground));
}
