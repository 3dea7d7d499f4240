/* What the manager tells of itself. */
#include <math.h>
#include <string.h>

#include "internal.h"

static double offset_us(struct clock_anchor anchor)
{
    return (double)(anchor.utc_us - anchor.boot_us);
}

double status_utc_error_ms(const struct manager *m)
{
    const struct clock_anchor now = {.boot_us = m->host.boot_us(m->host.user),
                                     .utc_us = m->host.utc_us(m->host.user)};

    if (m->link.state != LINK_CONNECTED)
        return NAN;
    return (offset_us(now) - offset_us(m->link.device.anchor)) / 1000.0;
}

static void fill_stream(const struct manager *m, struct manager_status *status)
{
    const struct stream *stream = &m->stream;
    int known = pipeline_eeg_rate(m->pipeline);

    status->stream = stream->state;
    status->sensors = stream->state == STREAM_IDLE ? 0 : stream->demand.sensors;
    status->sample_rate = stream->sample_rate;
    status->eeg_rate = known ? known : stream->taken_rate;
    status->duration = stream->demand.seconds;
    status->since_utc_us = stream->since_utc_us;
    status->remaining = NAN;
    if (stream->state != STREAM_IDLE && stream->ends != NEVER)
        status->remaining = fmax(0, (double)(stream->ends - m->now) / (double)SECOND);
}

static void fill_device(const struct manager *m, struct band_link *device)
{
    *device = (struct band_link){.rssi = RSSI_UNKNOWN, .battery_level = BATTERY_UNKNOWN};
    if (m->link.known)
        *device = m->link.device;
    else if (m->link.state != LINK_IDLE)
        device->band = m->link.band;
}

const struct manager_status *manager_status(struct manager *m)
{
    struct manager_status *status = &m->status;

    m->now = m->host.boot_us(m->host.user);
    *status = (struct manager_status){
        .link = m->link.state,
        .bluetooth_available = m->bluetooth_available,
        .bluetooth_powered = m->bluetooth_powered,
        .bluetooth_message = m->bluetooth_message,
        .scanning = m->scan.wanted,
        .utc_error_ms = status_utc_error_ms(m),
        .reconnects = m->link.reconnects,
        .flowing = m->piped,
        .pipeline = m->pipeline,
    };
    fill_device(m, &status->device);
    fill_stream(m, status);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        status->silent_for[sensor] = watch_silent_for(m, (enum sensor)sensor);
    return status;
}

int manager_mains_hz(const struct manager *m)
{
    return m->config.mains_hz;
}

const struct pipeline_counts *manager_counts(struct manager *m, enum sensor sensor)
{
    return pipeline_counts(m->pipeline, sensor);
}

double manager_utc_ms(struct manager *m, int64_t boot_us)
{
    int64_t now_utc = m->host.utc_us(m->host.user);

    if (m->link.state == LINK_CONNECTED)
        return pipeline_utc_ms(m->pipeline, boot_us);
    return (double)(now_utc + boot_us - m->host.boot_us(m->host.user)) / 1000.0;
}

static bool same_wants(const struct manager_wants *a, const struct manager_wants *b)
{
    return strcmp(a->band.name, b->band.name) == 0 &&
           strcmp(a->band.address, b->band.address) == 0 && a->sensors == b->sensors &&
           a->sample_rate == b->sample_rate && a->seconds == b->seconds &&
           a->until_utc_us == b->until_utc_us && a->since_utc_us == b->since_utc_us;
}

static void tell_wants(struct manager *m)
{
    struct manager_wants wants = wants_now(m);

    if (same_wants(&wants, &m->wants_told))
        return;
    m->wants_told = wants;
    m->listener.wants_changed(m->listener.user, &wants);
}

void status_tell_changes(struct manager *m)
{
    tell_wants(m);
    if (!m->info_changed)
        return;
    m->info_changed = false;
    m->listener.device_info(m->listener.user);
}
