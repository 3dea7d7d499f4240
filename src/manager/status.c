/* What the manager tells of itself. */
#include <math.h>

#include "linking.h"
#include "manager_internal.h"

/* Real UTC less what is told. */
static double utc_error_ms(const struct device *d)
{
    const struct manager_host *host = &d->ground->host;
    const struct clock_anchor *anchor = &d->reach.device.anchor;
    const int64_t boot_us = host->boot_us(host->user), utc_us = host->utc_us(host->user);

    if (!device_is_connected(d))
        return NAN;
    return (double)(utc_us - boot_us - (anchor->utc_us - anchor->boot_us)) / 1000.0;
}

static void fill_stream(const struct device *d, struct manager_status *status)
{
    const struct stream *stream = &d->stream;
    int known = flow_eeg_rate(&d->flow);

    status->stream = stream->state;
    status->sensors = stream_sensors(stream);
    status->sample_rate = stream->sample_rate;
    status->eeg_rate = known ? known : stream->taken_rate;
    status->duration = stream->demand.seconds;
    status->since_utc_us = stream->since_utc_us;
    status->remaining = NAN;
    if (stream->state != STREAM_IDLE && stream->ends_us != NEVER)
        status->remaining =
            fmax(0, (double)(stream->ends_us - d->ground->when.now_us) / (double)SECOND);
}

static void fill_device(const struct device *d, struct band_link *device)
{
    *device = (struct band_link){.rssi = RSSI_UNKNOWN, .battery_level = BATTERY_UNKNOWN};
    if (d->reach.known)
        *device = d->reach.device;
    else if (d->reach.state != LINK_IDLE)
        device->band = d->reach.band;
}

struct manager_streamed manager_streamed(const struct manager *m, unsigned device)
{
    const struct device *d = manager_device_seen(m, device);
    const struct band_identity *band = d->reach.known ? &d->reach.device.band : &d->reach.band;

    return (struct manager_streamed){
        .device_id = d->reach.known || d->reach.state != LINK_IDLE ? band->name : "",
        .sensors = stream_sensors(&d->stream),
        .sample_rate = d->stream.sample_rate,
    };
}

/* Among `count` in the order their bands came. */
static void insert(const struct manager *m, unsigned *places, size_t count, unsigned place)
{
    for (; count > 0 && m->devices[places[count - 1]].came > m->devices[place].came; count--)
        places[count] = places[count - 1];
    places[count] = place;
}

size_t manager_devices(const struct manager *m, unsigned places[MANAGER_DEVICES_MAX])
{
    size_t count = 0;

    for (unsigned place = 0; place < m->count; place++) {
        if (m->devices[place].reach.state != LINK_IDLE)
            insert(m, places, count++, place);
    }
    return count;
}

bool manager_is_named(const struct manager *m, unsigned device, const char *device_id)
{
    unsigned places[MANAGER_DEVICES_MAX];

    return device_is_named(manager_device_seen(m, device), device_id,
                           manager_devices(m, places) == 1);
}

const struct manager_ground *manager_ground(struct manager *m)
{
    const struct ground *ground = &m->ground;

    m->told_ground = (struct manager_ground){
        .max_bands = (unsigned)m->count,
        .bluetooth_available = ground->bluetooth.available,
        .bluetooth_powered = ground->bluetooth.powered,
        .bluetooth_message = ground->bluetooth.message,
        .scanning = ground->scan.wanted,
    };
    return &m->told_ground;
}

const struct manager_status *manager_status(struct manager *m, unsigned device)
{
    const struct device *d = manager_device(m, device);
    struct manager_status *status = &m->status[d->place];

    manager_look_at_clock(m);
    *status = (struct manager_status){
        .link = d->reach.state,
        .utc_error_ms = utc_error_ms(d),
        .reconnects = d->reach.reconnects,
        .flowing = d->flow.streamed,
        .pipeline = d->flow.pipeline,
    };
    fill_device(d, &status->device);
    fill_stream(d, status);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        status->silent_for[sensor] = device_silent_for(d, (enum sensor)sensor);
    return status;
}

int manager_mains_hz(const struct manager *m)
{
    return m->ground.config.mains_hz;
}

const struct pipeline_counts *manager_counts(struct manager *m, unsigned device, enum sensor sensor)
{
    static const struct pipeline_counts none = {.rate_measured = (double)NAN,
                                                .last_arrival_us = INT64_MIN};
    const struct pipeline *pipeline = manager_device(m, device)->flow.pipeline;

    return pipeline ? pipeline_counts(pipeline, sensor) : &none;
}

unsigned manager_bad_packets(const struct manager *m, unsigned device, enum sensor sensor,
                             struct failure *failure)
{
    return sensors_bad(&manager_device_seen(m, device)->sensors, sensor, failure);
}

size_t manager_scan_devices(const struct manager *m, const struct band_sighting **devices)
{
    *devices = m->ground.scan.seen.bands;
    return m->ground.scan.seen.count;
}

double manager_utc_ms(struct manager *m, unsigned device, int64_t boot_us)
{
    const struct device *d = manager_device(m, device);
    const struct manager_host *host = &m->ground.host;
    int64_t now_utc = host->utc_us(host->user);

    if (device_is_connected(d))
        return pipeline_utc_ms(d->flow.pipeline, boot_us);
    if (m->ground.connected) /* as the others' samples have it */
        return (double)(boot_us + m->ground.clock_offset_us) / 1000.0;
    return (double)(now_utc + boot_us - host->boot_us(host->user)) / 1000.0;
}
