/* A device: one band's life, its parts side by side. */
#include <string.h>

#include "base/log.h"
#include "internal.h"

bool due(struct device *d, int64_t at_us)
{
    return !is_awaited(&d->ground->when, at_us);
}

/* ---- Its parts ---- */

static bool settle_utc(struct device *d)
{
    if (d->link.state == LINK_CONNECTED && utc_looks(&d->utc, &d->ground->when))
        device_look_at_utc(d);
    return false;
}

void device_look_at_utc(struct device *d)
{
    const struct clock_anchor *anchor = &d->link.device.anchor;
    int64_t offset_us;

    if (!ground_utc_offset(d->ground, &offset_us))
        return;
    int64_t step_us = utc_saw(&d->utc, offset_us);
    if (step_us)
        told_clock_stepped(d, step_us);
    /* A callback may have changed everything. */
    if (d->link.state == LINK_CONNECTED && !d->recording)
        d->reanchor |= utc_is_off(offset_us - (anchor->utc_us - anchor->boot_us),
                                  d->stream.state != STREAM_IDLE);
}

static struct stream_facts stream_facts(const struct device *d)
{
    struct stream_facts facts = {.connected = d->link.state == LINK_CONNECTED};

    if (!facts.connected || !d->stream.starting)
        return facts;
    facts.on = sensors_on(&d->sensors);
    facts.refused = sensors_in_trouble(&d->sensors);
    facts.unreadable = sensors_only_bad(&d->sensors, facts.on & d->stream.demand.sensors);
    facts.eeg_rate = pipeline_eeg_rate(d->flow.pipeline);
    return facts;
}

static bool stream_step(struct device *d)
{
    const struct stream_facts facts = stream_facts(d);

    switch (stream_next(&d->stream, &facts, &d->ground->when)) {
    case STREAM_DO_NOTHING:
        return false;
    case STREAM_DO_JUDGE:
        break;
    case STREAM_DO_GIVE_UP:
        sensors_give_up(&d->sensors, stream_open(&d->stream, &facts), d->ground->when.now_us);
        break;
    case STREAM_DO_BEGIN:
        told_started(d);
        break;
    case STREAM_DO_REFUSE:
        told_rate_refused(d);
        break;
    case STREAM_DO_FAIL:
        /* Where nobody waits for an answer, the stream being resumed or promised, it is tried
         * again: the link is no good. */
        if (d->stream.owed)
            told_failed(d);
        else
            link_lost(d, DISCONNECT_SILENT);
        break;
    case STREAM_DO_END:
        told_over(d);
        break;
    }
    return true;
}

static bool settle_stream(struct device *d)
{
    bool any = false;

    while (stream_step(d))
        any = true;
    return any;
}

static bool sensors_step(struct device *d)
{
    struct ble_link *handle = d->radio.handle;
    const struct model_control *control = &d->sensors.model->control;
    struct sensors_move move;

    if (d->link.state != LINK_CONNECTED)
        return false;
    switch (
        sensors_next(&d->sensors, device_wanted(d), d->stream.starting, &move, &d->ground->when)) {
    case SENSORS_DO_NOTHING:
        return false;
    case SENSORS_DO_NOTIFY:
        handle->ops->notify(handle, move.sensor, move.on);
        break;
    case SENSORS_DO_WRITE:
        handle->ops->write(handle, move.on ? control->start : control->stop);
        break;
    case SENSORS_DO_PROBE:
        handle->ops->probe(handle);
        break;
    case SENSORS_DO_TELL:
        told_sensor(d, move.sensor, move.state, device_silent_for(d, move.sensor));
        break;
    case SENSORS_DO_SILENT:
        link_lost(d, DISCONNECT_SILENT);
        break;
    case SENSORS_DO_DEAD:
        link_lost(d, DISCONNECT_LINK_LOST);
        break;
    }
    return true;
}

static bool settle_sensors(struct device *d)
{
    bool any = false;

    while (sensors_step(d))
        any = true;
    return any;
}

bool device_settle(struct device *d)
{
    bool any = false;

    d->again = false;
    link_settle(d);
    any |= settle_utc(d);
    radio_settle(d);
    any |= data_settle(d);
    any |= settle_stream(d);
    any |= settle_sensors(d);
    return any || d->again;
}

/* ---- What it hears ---- */

void device_notified(struct device *d, enum sensor sensor, bool on, const struct failure *failure)
{
    if (d->link.state != LINK_CONNECTED || (unsigned)sensor >= SENSOR_COUNT)
        return;
    if (on && failure)
        log_warning("%s: subscribing %s failed: %s", device_label(d), sensor_name(sensor),
                    failure->message);
    /* A start tells its refused sensors itself, after its reply. */
    if (sensors_notified(&d->sensors, sensor, on, failure, device_wanted(d),
                         d->ground->when.now_us) &&
        !d->stream.starting)
        told_sensor(d, sensor, SENSOR_RETRYING, device_silent_for(d, sensor));
}

/* Refused or missing: some firmware sends EEG on the subscription alone (docs/band.md), so it is
 * only logged. */
void device_written(struct device *d, const struct failure *failure)
{
    if (failure)
        log_debug("%s: EEG control: %s", device_label(d), failure->message);
    sensors_written(&d->sensors);
}

void device_probed(struct device *d, bool alive)
{
    sensors_probed(&d->sensors, alive, d->ground->when.now_us);
}

void device_packet(struct device *d, const struct packet *packet)
{
    double silent_for;

    if ((unsigned)packet->sensor >= SENSOR_COUNT ||
        !(device_wanted(d) & SENSOR_BIT(packet->sensor)))
        return;
    if (packet_check(d->sensors.model, packet) != PACKET_OK) {
        sensors_heard_bad(&d->sensors, packet);
    } else {
        if (packet->sensor < SENSOR_STREAMED)
            d->link.proven = true;
        if (sensors_heard(&d->sensors, packet->sensor, d->ground->when.now_us, &silent_for))
            told_sensor(d, packet->sensor, SENSOR_FLOWING, silent_for);
    }
    data_packet(d, packet);
}

void device_forgive(struct device *d)
{
    sensors_forgive(&d->sensors, d->ground->when.now_us);
    if (d->link.state == LINK_WAITING)
        link_try_now(d);
    if (d->link.state == LINK_CONNECTED && !(device_demand(d) & SENSOR_SET_STREAMED))
        sensors_check_link(&d->sensors, d->ground->when.now_us);
}

/* The pipeline is about to let go of the EEG it held: the reply has to go out before. */
static void on_eeg_rate(void *user, int rate)
{
    struct device *d = user;

    log_info("%s: EEG comes at %d Hz", device_label(d), rate);
    if (d->stream.starting && d->stream.judging)
        settle_stream(d);
    else
        told_eeg_rate(d, rate);
}

/* ---- Its life ---- */

bool device_create(struct device *d, struct ground *ground)
{
    d->ground = ground;
    sensors_begin(&d->sensors, model_default());
    stream_init(&d->stream, d->label);
    return data_init(d, on_eeg_rate);
}

void device_destroy(struct device *d)
{
    flow_destroy(&d->flow);
}

void device_forget(struct device *d, const void *user)
{
    replies_forget(&d->link.connects, user);
    replies_forget(&d->link.disconnects, user);
    replies_forget(&d->starts, user);
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
    told_no_start(d, cancelled);
    sensor_set stream = told_drop_stream(d) | link->farewell.stream;
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
