/* What is wanted beyond a run of the daemon: kept for a crash, taken up again, or set by options.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct manager_wants wants_now(const struct manager *m)
{
    const struct stream *stream = &m->stream;
    struct manager_wants wants = {.sensors = 0};

    if (m->link.state != LINK_CONNECTED && m->link.state != LINK_WAITING)
        return wants;
    wants.band = m->link.band;
    if (stream->state == STREAM_IDLE || (stream->starting && !stream->told))
        return wants;
    wants.sensors = stream->demand.sensors;
    wants.sample_rate = stream->demand.rate;
    wants.seconds = stream->demand.seconds;
    wants.until_utc_us = stream->until_utc_us;
    wants.since_utc_us = stream->since_utc_us;
    return wants;
}

void manager_restore(struct manager *m, const struct manager_wants *wants)
{
    manager_enter(m);
    if (m->link.state == LINK_IDLE && (wants->band.name[0] || wants->band.address[0])) {
        link_wait_for(m, &wants->band, true);
        stream_expect(m, wants);
    }
    manager_leave(m);
}

void manager_auto_connect(struct manager *m, const char *name_or_address)
{
    struct manager_wants wants = {.sensors = SENSOR_SET_ALL};
    bool is_address = strlen(name_or_address) == BAND_ADDRESS_SIZE - 1 && name_or_address[2] == ':';

    manager_enter(m);
    if (is_address)
        snprintf(wants.band.address, sizeof(wants.band.address), "%s", name_or_address);
    else
        snprintf(wants.band.name, sizeof(wants.band.name), "%s", name_or_address);
    if (m->link.state == LINK_IDLE) {
        link_wait_for(m, &wants.band, false);
        stream_expect(m, &wants);
    }
    manager_leave(m);
}
