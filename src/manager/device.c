#include "device.h"

#include <string.h>

#include "base/log.h"
#include "base/must.h"
#include "data.h"
#include "told.h"

/* ---- Its machines */

static void settle_utc(struct device *d)
{
    if (device_is_connected(d) && utc_looks(&d->utc, &d->ground->when))
        device_look_at_utc(d);
}

static void set_bit(unsigned *places, unsigned place, bool on)
{
    *places = on ? *places | 1u << place : *places & ~(1u << place);
}

/* What the other devices have to know of it. */
static void mark_ground(struct device *d)
{
    struct ground *ground = d->ground;

    set_bit(&ground->connected, d->place, device_is_connected(d));
    set_bit(&ground->streaming, d->place, d->stream.state != STREAM_IDLE);
    set_bit(&ground->recording, d->place, d->recording);
}

static void move_clock(struct ground *ground, int64_t offset_us)
{
    ground->clock_offset_us = offset_us;
    ground->clock_moved = true;
}

void device_look_at_utc(struct device *d)
{
    struct ground *ground = d->ground;
    int64_t offset_us;

    if (!ground_utc_offset(ground, &offset_us))
        return;
    int64_t step_us = utc_saw(&d->utc, offset_us);
    if (step_us) {
        log_warning("%s: UTC was stepped by %.3f s", device_label(d), (double)step_us / 1e6);
        TELL(d, clock_stepped, (double)step_us / 1000.0);
    }
    /* A callback may have changed everything. */
    mark_ground(d);
    if (device_is_connected(d) && !ground->recording &&
        utc_is_off(offset_us - ground->clock_offset_us, ground->streaming))
        move_clock(ground, offset_us);
}

static struct stream_facts stream_facts(const struct device *d)
{
    struct stream_facts facts = {.connected = device_is_connected(d)};

    if (!facts.connected || !d->stream.starting)
        return facts;
    facts.on = sensors_on(&d->sensors);
    facts.refused = sensors_in_trouble(&d->sensors);
    facts.unreadable = sensors_only_bad(&d->sensors, facts.on & d->stream.demand.sensors);
    facts.eeg_rate = flow_eeg_rate(&d->flow);
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
        told_failed(d);
        break;
    case STREAM_DO_END:
        told_over(d);
        break;
    }
    return true;
}

static bool sensors_step(struct device *d)
{
    struct ble_link *link = d->link;
    const struct model_control *control = &d->sensors.model->control;
    struct sensors_move move;

    if (!device_is_connected(d))
        return false;
    switch (
        sensors_next(&d->sensors, device_wanted(d), d->stream.starting, &move, &d->ground->when)) {
    case SENSORS_DO_NOTHING:
        return false;
    case SENSORS_DO_NOTIFY:
        link->ops->notify(link, move.sensor, move.on);
        break;
    case SENSORS_DO_WRITE:
        link->ops->write(link, move.on ? control->start : control->stop);
        break;
    case SENSORS_DO_PROBE:
        link->ops->probe(link);
        break;
    case SENSORS_DO_ORDER:
        told_vain_haste(d, control->for_sensor);
        break;
    case SENSORS_DO_TELL:
        if (move.state == SENSOR_IS_SILENT && sensors_is_vain(&d->sensors, move.sensor))
            told_vain_haste(d, move.sensor);
        told_sensor(d, move.sensor, move.state, device_silent_for(d, move.sensor));
        break;
    case SENSORS_DO_SILENT:
        told_lost(d, DISCONNECT_SILENT);
        break;
    case SENSORS_DO_DEAD:
        told_lost(d, DISCONNECT_LINK_LOST);
        break;
    }
    return true;
}

static void open_link(struct device *d)
{
    struct backend *backend = d->ground->backend;
    struct failure failure;

    must(!d->link);
    d->link = backend->ops->open(backend, &d->reach.tried, &d->listener);
    if (!d->link)
        device_down(d, LINK_END_FAILED,
                    failure_set(&failure, ERROR_INTERNAL, "There is no memory for a connection"));
}

static void close_link(struct device *d)
{
    must(d->link);
    if (d->link)
        d->link->ops->close(d->link);
}

static void attempt_failed(struct device *d)
{
    reach_failed(&d->reach, d->ground->when.now_us);
    told_not_reached(d);
}

static bool reach_step(struct device *d)
{
    bool off = ground_bluetooth_is_off(d->ground);

    switch (reach_next(&d->reach, off, &d->ground->when)) {
    case REACH_DO_NOTHING:
        return false;
    case REACH_DO_OPEN:
        open_link(d);
        break;
    case REACH_DO_CLOSE:
        close_link(d);
        break;
    case REACH_DO_GIVE_UP:
        close_link(d);
        attempt_failed(d);
        break;
    case REACH_DO_GO_ON:
        log_warning("%s: the backend does not let go of it; going on without its word",
                    device_label(d));
        break;
    case REACH_DO_MISS:
        told_not_reached(d);
        break;
    case REACH_DO_FAREWELL:
        told_left(d);
        break;
    }
    return true;
}

bool device_settle(struct device *d)
{
    mark_ground(d);
    bool any = reach_step(d);

    settle_utc(d);
    any |= data_settle(d);
    any |= stream_step(d);
    any |= sensors_step(d);
    return any;
}

/* ---- What it hears */

void device_bluetooth_changed(struct device *d)
{
    const struct manager_outcome outcome = ground_bluetooth_outcome(d->ground);

    if (!ground_bluetooth_is_off(d->ground))
        reach_try_now(&d->reach, d->ground->when.now_us);
    else if (d->reach.state == LINK_CONNECTING || d->reach.owed)
        told_not_connected(d, &outcome.failure);
}

/* While another band is connected this one's clock is that one's. */
void device_up(struct device *d, const struct band_link *made)
{
    struct ground *ground = d->ground;
    struct band_link link = *made;

    if (ground->connected & ~(1u << d->place))
        link.anchor.utc_us = link.anchor.boot_us + ground->clock_offset_us;
    else
        ground->clock_offset_us = link.anchor.utc_us - link.anchor.boot_us;
    told_up(d, &link);
}

void device_up_taken(struct device *d, const struct band_link *made)
{
    told_taken(d, made);
}

void device_down(struct device *d, enum link_end end, const struct failure *failure)
{
    struct failure unexplained;

    d->link = NULL;
    switch (reach_down(&d->reach)) {
    case REACH_DOWN_EXPECTED:
        break;
    case REACH_DOWN_ATTEMPT:
        /* Whatever ended it, to whoever waits for the connection it has failed. */
        if (!failure)
            failure = failure_set(&unexplained, ERROR_CONNECTION_FAILED,
                                  "Connecting was given up unasked");
        reach_failed(&d->reach, d->ground->when.now_us);
        told_not_connected(d, failure);
        break;
    case REACH_DOWN_CONNECTION:
        told_lost(d, end == LINK_END_BLUETOOTH ? DISCONNECT_BLUETOOTH_OFF : DISCONNECT_LINK_LOST);
        break;
    }
}

void device_notified(struct device *d, enum sensor sensor, bool on, const struct failure *failure)
{
    if (!device_is_connected(d) || (unsigned)sensor >= SENSOR_COUNT)
        return;
    if (on && failure)
        log_warning("%s: subscribing %s failed: %s", device_label(d), sensor_name(sensor),
                    failure->message);
    /* A start tells its refused sensors itself, after its reply. */
    if (sensors_notified(&d->sensors, sensor, on, failure, device_wanted(d),
                         d->ground->when.now_us) &&
        !d->stream.starting)
        told_sensor(d, sensor, SENSOR_IS_RETRYING, device_silent_for(d, sensor));
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
            reach_prove(&d->reach);
        if (sensors_heard(&d->sensors, packet->sensor, packet->lane, d->ground->when.now_us,
                          &silent_for))
            told_sensor(d, packet->sensor, SENSOR_IS_FLOWING, silent_for);
    }
    data_packet(d, packet);
}

void device_forgive(struct device *d)
{
    sensors_forgive(&d->sensors, d->ground->when.now_us);
    if (d->reach.state == LINK_WAITING)
        reach_try_now(&d->reach, d->ground->when.now_us);
    if (device_is_connected(d) && !(device_demand(d) & SENSOR_SET_STREAMED))
        sensors_check_link(&d->sensors, d->ground->when.now_us);
}

/* The pipeline is about to let go of the EEG it held: the reply has to go out before. */
static void on_eeg_rate(void *user, int rate)
{
    struct device *d = user;

    log_info("%s: EEG comes at %d Hz", device_label(d), rate);
    if (!d->stream.starting)
        told_eeg_rate(d, rate);
    while (d->stream.judging && stream_step(d))
        continue;
}

/* ---- Its life */

void device_init(struct device *d, unsigned place, struct ground *ground,
                 const struct link_listener *listener)
{
    d->ground = ground;
    d->place = place;
    d->connects.device = d->disconnects.device = d->starts.device = place;
    d->listener = *listener;
    sensors_begin(&d->sensors, model_default(), false);
    stream_init(&d->stream, d->reach.label, d->sensors.model);
    data_init(d, on_eeg_rate);
}

bool device_provide(struct device *d)
{
    return flow_provide(&d->flow);
}

void device_destroy(struct device *d)
{
    flow_destroy(&d->flow);
}

void device_forget(struct device *d, const void *user)
{
    replies_forget(&d->connects, user);
    replies_forget(&d->disconnects, user);
    replies_forget(&d->starts, user);
}

void device_shutdown(struct device *d)
{
    const struct manager_outcome cancelled = ground_cancelled();

    told_shutdown(d, &cancelled);
    d->untold = true;
    device_tell_changes(d);
}

static struct manager_wants wants_now(const struct device *d)
{
    const struct stream *stream = &d->stream;
    struct manager_wants wants = {.sensors = 0};

    if (!device_is_connected(d) && d->reach.state != LINK_WAITING)
        return wants;
    wants.band = d->reach.band;
    if (stream->state == STREAM_IDLE || (stream->starting && !stream->told))
        return wants;
    wants.sensors = stream->demand.sensors;
    wants.sample_rate = stream->demand.rate;
    wants.seconds = stream->demand.seconds;
    wants.until_utc_us = stream->until_utc_us;
    wants.since_utc_us = stream->since_utc_us;
    return wants;
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
    TELL(d, wants_changed, &wants);
}

void device_tell_changes(struct device *d)
{
    if (!d->untold)
        return;
    d->untold = false;
    tell_wants(d);
    if (!d->info_changed && d->reach.state == d->link_told)
        return;
    d->info_changed = false;
    d->link_told = d->reach.state;
    TELL(d, device_info);
}
