/* A device: one band's life, its parts side by side. */
#include <string.h>

#include "internal.h"

/* Two drivers that undo each other would be a bug; the bound keeps it from hanging the daemon. */
#define SETTLE_ROUNDS 64

bool due(struct device *d, int64_t at_us)
{
    return !is_awaited(d->ground->now_us, at_us, &d->ground->wake_us);
}

bool device_create(struct device *d, struct ground *ground)
{
    d->ground = ground;
    d->eeg_fed_us = NEVER;
    d->stream.ends = NEVER;
    d->pipeline = data_pipeline_create(d);
    return d->pipeline;
}

void device_destroy(struct device *d)
{
    if (d->pipeline)
        pipeline_destroy(d->pipeline);
}

bool device_settle(struct device *d)
{
    d->again = false;
    link_settle(d);
    utc_settle(d);
    radio_settle(d);
    data_settle(d);
    stream_settle(d);
    subscriptions_settle(d);
    watch_settle(d);
    return d->again;
}

void device_forget(struct device *d, const void *user)
{
    replies_forget(&d->link.connects, user);
    replies_forget(&d->link.disconnects, user);
    replies_forget(&d->stream.starts, user);
}

void device_end_data(struct device *d)
{
    if (d->link_is_down)
        data_link_down(d);
}

void device_shutdown(struct device *d, const struct manager_outcome *cancelled)
{
    struct link *link = &d->link;
    struct band_identity band = link->known ? link->device.band : link->band;
    bool tell = (link->state == LINK_CONNECTED || link->state == LINK_WAITING) &&
                (link->known || link->resumes);
    struct manager_outcome gone = outcome_success();

    if (link->state == LINK_DISCONNECTING) {
        band = gone.band = link->farewell.band;
        tell = link->farewell.connected;
    }
    link->state = LINK_IDLE;
    data_link_down(d);
    replies_answer(&link->disconnects, &gone);
    replies_answer(&link->connects, cancelled);
    stream_drop_starts(d, cancelled);
    sensor_set stream = stream_drop(d) | link->farewell.stream;
    if (tell)
        d->ground->listener.device_disconnected(d->ground->listener.user, &band,
                                                DISCONNECT_SHUTDOWN, false);
    if (stream)
        d->ground->listener.stream_stopped(d->ground->listener.user, &band, stream,
                                           STREAM_END_DEVICE_DISCONNECTED, false);
    device_tell_changes(d);
}

static bool same_wants(const struct manager_wants *a, const struct manager_wants *b)
{
    return strcmp(a->band.name, b->band.name) == 0 &&
           strcmp(a->band.address, b->band.address) == 0 && a->sensors == b->sensors &&
           a->sample_rate == b->sample_rate && a->seconds == b->seconds &&
           a->until_utc_us == b->until_utc_us && a->since_utc_us == b->since_utc_us;
}

static void tell_wants(struct device *d)
{
    struct manager_wants wants = wants_now(d);

    if (same_wants(&wants, &d->wants_told))
        return;
    d->wants_told = wants;
    d->ground->listener.wants_changed(d->ground->listener.user, &wants);
}

void device_tell_changes(struct device *d)
{
    tell_wants(d);
    if (!d->info_changed)
        return;
    d->info_changed = false;
    d->ground->listener.device_info(d->ground->listener.user);
}
