#include "told.h"

#include <string.h>

#include "base/log.h"
#include "data.h"

void told_sensor(struct device *d, enum sensor sensor, enum sensor_state state, double silent_for)
{
    struct failure failure;

    if (sensor >= SENSOR_STREAMED)
        return;
    log_info("%s: %s %s (%.1f s)", device_label(d), sensor_name(sensor), sensor_state_name(state),
             silent_for);
    if (state == SENSOR_IS_SILENT && sensors_bad(&d->sensors, sensor, &failure) > 0)
        log_warning("%s: %s", device_label(d), failure.message);
    TELL(d, sensor_status, sensor, state, silent_for);
}

/* ---- The stream */

/* Answers what is owed to starts with this outcome; the stream that they wanted is not to be. */
static void drop_starts(struct device *d, const struct manager_outcome *outcome)
{
    stream_undo(&d->stream);
    if (d->stream.state == STREAM_IDLE)
        flow_mark(&d->flow);
    replies_answer(&d->starts, outcome);
    d->info_changed = true;
}

/* Ends the stream without a word; returns what the clients knew of it, for stream_stopped. */
static sensor_set drop_stream(struct device *d)
{
    d->info_changed = true;
    flow_mark(&d->flow);
    return stream_end(&d->stream);
}

static void tell_stopped(struct device *d, sensor_set sensors, enum stream_end reason)
{
    if (sensors)
        TELL(d, stream_stopped, reach_band(&d->reach), sensors, reason, false);
}

void told_over(struct device *d)
{
    tell_stopped(d, drop_stream(d), STREAM_END_DURATION);
}

void told_stop(struct device *d, struct manager_reply reply)
{
    const struct manager_outcome cancelled = outcome_failure(ERROR_CANCELLED, "Undone by a stop");
    struct manager_outcome outcome = outcome_success();

    outcome.already = !d->stream.told;
    if (d->reach.state != LINK_IDLE)
        outcome.band = *reach_band(&d->reach);
    outcome.sensors = d->stream.told;
    memcpy(outcome.received, d->flow.received, sizeof(outcome.received));
    memcpy(outcome.lost, d->flow.lost, sizeof(outcome.lost));
    sensor_set sensors = drop_stream(d);
    replies_answer(&d->starts, &cancelled);
    reply_now(reply, d->place, &outcome);
    tell_stopped(d, sensors, STREAM_END_USER_REQUEST);
}

static sensor_set refused_sensors(const struct device *d)
{
    return stream_sensors(&d->stream) & sensors_in_trouble(&d->sensors) & ~sensors_on(&d->sensors);
}

/* Each is looked at anew: hearing of one, the listener may have ended it all. */
static void tell_refused(struct device *d)
{
    for (int i = 0; i < SENSOR_STREAMED; i++) {
        const enum sensor sensor = (enum sensor)i;
        if (refused_sensors(d) & SENSOR_BIT(i))
            TELL(d, sensor_status, sensor, SENSOR_IS_RETRYING, device_silent_for(d, sensor));
    }
}

void told_started(struct device *d)
{
    struct manager_outcome outcome = outcome_success();
    bool resumed = stream_begin(&d->stream, flow_eeg_rate(&d->flow), ground_clock(d->ground));

    outcome.band = d->reach.device.band;
    d->info_changed = true;
    replies_answer(&d->starts, &outcome);
    if (d->stream.running)
        TELL(d, stream_started, resumed);
    tell_refused(d);
}

void told_eeg_rate(struct device *d, int eeg_rate)
{
    if (stream_found_rate(&d->stream, eeg_rate))
        TELL(d, stream_started, false);
}

static void answer_failed(struct device *d)
{
    const enum sensor sensor = sensors_to_blame(&d->sensors, d->stream.demand.sensors);
    struct manager_outcome outcome = outcome_failure(
        ERROR_STREAMING, "The band refused to send %s: switch it off and on, then connect again",
        sensor_name(sensor));

    sensors_bad(&d->sensors, sensor, &outcome.failure);
    outcome.sensor = (int)sensor;
    outcome.band = d->reach.device.band;
    log_warning("%s: %s", device_label(d), outcome.failure.message);
    sensor_set told = drop_stream(d);
    replies_answer(&d->starts, &outcome);
    tell_stopped(d, told, STREAM_END_ERROR);
}

/* Nobody waits for an answer, the stream being resumed or promised: sensors whose packets can't be
 * read are told as silent, with why. */
static void tell_unreadable(struct device *d)
{
    struct failure why;

    for (int i = 0; i < SENSOR_STREAMED; i++) {
        const enum sensor sensor = (enum sensor)i;
        if ((stream_sensors(&d->stream) & device_wanted(d) & SENSOR_BIT(i)) &&
            sensors_bad(&d->sensors, sensor, &why) > 0)
            told_sensor(d, sensor, SENSOR_IS_SILENT, device_silent_for(d, sensor));
    }
}

void told_failed(struct device *d)
{
    if (d->stream.owed) {
        answer_failed(d);
        return;
    }
    tell_unreadable(d);
    if (d->stream.starting && !d->stream.owed && device_is_connected(d))
        told_lost(d, DISCONNECT_SILENT);
}

void told_rate_refused(struct device *d)
{
    const int rate = flow_eeg_rate(&d->flow);
    struct manager_outcome outcome = demand_refusal(
        &d->stream.demand, d->stream.model, rate ? rate : demand_default_rate(d->stream.model));
    sensor_set told = 0;

    if (!stream_fall_back(&d->stream))
        told = drop_stream(d);
    replies_answer(&d->starts, &outcome);
    tell_stopped(d, told, STREAM_END_ERROR);
}

/* ---- The link */

static bool answer_connects(struct device *d, const struct manager_outcome *outcome)
{
    bool any = reach_answered(&d->reach);

    replies_answer(&d->connects, outcome);
    return any;
}

void told_connecting(struct device *d, const struct band_identity *band, int64_t until_us)
{
    d->came = ++d->ground->arrivals;
    reach_connect(&d->reach, band, sightings_last(&d->ground->scan.seen, band), until_us);
    log_info("%s: connecting", device_label(d));
    /* A scan takes the radio's time from the connection; what it found is told. */
    ground_finish_scan(d->ground, SCAN_STOPPED, NULL);
}

/* Whoever waits for this band to be connected, and all who look on, hear that it will not be. */
static void tell_cancelled(struct device *d, const struct band_identity *band,
                           const struct manager_outcome *cancelled)
{
    const struct band_identity wanted = *band;

    if (answer_connects(d, cancelled))
        TELL(d, device_connection_failed, &wanted, &cancelled->failure, false);
}

/* A user's connect came to nothing: reply, then the event; a start that waited shares its fate. */
static void tell_connect_failed(struct device *d, const struct manager_outcome *outcome)
{
    const struct band_identity band = d->reach.band;

    log_warning("%s: connecting failed: %s", device_label(d), outcome->failure.message);
    reach_drop(&d->reach);
    answer_connects(d, outcome);
    drop_starts(d, outcome);
    TELL(d, device_connection_failed, &band, &outcome->failure, false);
}

/* In the background only the first failure of an outage is told, so that no client is flooded. */
static void tell_try_failed(struct device *d, const struct manager_outcome *outcome)
{
    const struct band_identity band = *reach_band(&d->reach);
    bool tell = reach_tells_failure(&d->reach);

    answer_connects(d, outcome);
    if (tell)
        TELL(d, device_connection_failed, &band, &outcome->failure, true);
}

void told_not_connected(struct device *d, const struct failure *failure)
{
    struct manager_outcome outcome = {
        .failure = *failure, .sensor = -1, .band = *reach_band(&d->reach)};

    if (d->reach.state == LINK_CONNECTING)
        tell_connect_failed(d, &outcome);
    else if (d->reach.state == LINK_WAITING)
        tell_try_failed(d, &outcome);
}

void told_not_reached(struct device *d)
{
    const char *band = band_label(&d->reach.band);
    struct failure failure;

    if (reach_was_seen(&d->reach))
        failure_set(&failure, ERROR_CONNECTION_FAILED,
                    "%s was seen but could not be connected in time: bring it nearer, or make sure "
                    "that no other program or phone holds it",
                    band);
    else
        failure_set(&failure, ERROR_DEVICE_NOT_FOUND,
                    "%s was not found: switch it on, bring it near, and make sure that no other "
                    "program or phone holds it",
                    band);
    told_not_connected(d, &failure);
}

static void tell_other_band(struct device *d, const struct band_identity *found)
{
    struct manager_outcome outcome =
        outcome_failure(ERROR_INVALID_PARAMETERS, "The band at %s is %s, not %s", found->address,
                        found->name, band_label(&d->reach.band));

    outcome.parameter = "device_id";
    outcome.allowed = TOLD_NAME_ALLOWED;
    outcome.band = d->reach.band;
    tell_connect_failed(d, &outcome);
}

void told_vain_haste(struct device *d, enum sensor sensor)
{
    log_warning("%s: nothing came of %s at once: from now on it is started in the known order",
                device_label(d), sensor_name(sensor));
    d->orderly = d->reach.device.band;
}

static void begin_link(struct device *d)
{
    const struct band_link *made = &d->reach.device;
    const struct band_model *model = made->model ? made->model : model_of_band(made->band.name);
    int64_t offset_us;
    bool offset_known = ground_utc_offset(d->ground, &offset_us);

    utc_begin(&d->utc, offset_known, offset_us, d->ground->when.now_us);
    sensors_begin(&d->sensors, model ? model : model_default(),
                  d->ground->config.fast_start && !same_band(&d->orderly, &made->band));
    data_link_up(d);
    stream_link_up(&d->stream, d->sensors.model, d->ground->when.now_us);
}

/* The band notifies its level only as it changes, minutes apart: the one read at connection is the
 * first. */
static void tell_battery_level(struct device *d)
{
    const struct band_link *device = &d->reach.device;
    const uint8_t level = (uint8_t)device->battery_level;
    const struct packet packet = {SENSOR_BAT, device->anchor.boot_us, &level, 1, 0};
    double silent_for;

    if (d->reach.state != LINK_CONNECTED || device->battery_level == BATTERY_UNKNOWN)
        return;
    sensors_heard(&d->sensors, SENSOR_BAT, 0, d->ground->when.now_us, &silent_for);
    data_packet(d, &packet);
}

static void tell_connected(struct device *d, bool resumed)
{
    const struct band_identity *band = &d->reach.device.band;
    const double step_ms = reach_clock_step_ms(&d->reach);
    struct manager_outcome outcome = outcome_success();

    log_info("%s: connected, %s%s", band->name, band->address, resumed ? " again" : "");
    begin_link(d);
    outcome.band = *band;
    answer_connects(d, &outcome);
    TELL(d, device_connected, resumed, step_ms);
    tell_battery_level(d);
}

void told_up(struct device *d, const struct band_link *made)
{
    const enum reach_up up = reach_up(&d->reach, made, d->ground->when.now_us);

    switch (up) {
    case REACH_UP_UNWANTED:
        break;
    case REACH_UP_OTHER_BAND:
        tell_other_band(d, &made->band);
        break;
    case REACH_UP_FIRST:
    case REACH_UP_RESUMED:
        tell_connected(d, up == REACH_UP_RESUMED);
        break;
    }
}

void told_taken(struct device *d, const struct band_link *made)
{
    struct manager_outcome outcome = outcome_failure(
        ERROR_BUSY, "The band found is %s, which is connected or waited for already",
        band_label(&made->band));

    if (!reach_up_taken(&d->reach))
        return;
    outcome.band = made->band;
    tell_connect_failed(d, &outcome);
    tell_stopped(d, drop_stream(d), STREAM_END_DEVICE_DISCONNECTED);
}

static const char *reason_text(enum disconnect_reason reason)
{
    switch (reason) {
    case DISCONNECT_SILENT:
        return "went silent";
    case DISCONNECT_BLUETOOTH_OFF:
        return "lost with Bluetooth";
    case DISCONNECT_LINK_LOST:
    case DISCONNECT_USER_REQUEST:
    case DISCONNECT_SHUTDOWN:
        break;
    }
    return "lost";
}

void told_lost(struct device *d, enum disconnect_reason reason)
{
    const struct band_identity *band = &d->reach.device.band;
    struct manager_outcome promised = outcome_success();

    log_warning("%s: %s, reconnecting", device_label(d), reason_text(reason));
    reach_lost(&d->reach, d->ground->when.now_us);
    /* The pipeline gives out what it held: on hearing that someone may disconnect. */
    data_link_down(d);
    if (d->reach.state != LINK_WAITING)
        return;
    sensor_set running = d->stream.told;
    stream_link_lost(&d->stream, device_eeg_rate(d), ground_clock(d->ground));
    promised.band = *band;
    replies_answer(&d->starts, &promised);
    TELL(d, device_disconnected, band, reason, true);
    if (stream_pause(&d->stream))
        TELL(d, stream_stopped, band, running, STREAM_END_DEVICE_DISCONNECTED, true);
}

void told_leaving(struct device *d, const struct manager_outcome *cancelled)
{
    const struct reach *reach = &d->reach;

    d->farewell = (struct farewell){
        .connected = reach->known || reach->resumes,
        .band = *reach_band(reach),
    };
    reach_disconnect(&d->reach);
    data_link_down(d);
    tell_cancelled(d, &d->farewell.band, cancelled);
    drop_starts(d, cancelled);
    d->farewell.stream = drop_stream(d);
}

void told_unqueued(struct device *d, const struct manager_outcome *cancelled)
{
    reach_unqueue(&d->reach);
    tell_cancelled(d, &d->reach.next, cancelled);
    drop_starts(d, cancelled);
}

static void tell_left(struct device *d, const struct farewell *farewell,
                      enum disconnect_reason reason)
{
    if (farewell->connected)
        TELL(d, device_disconnected, &farewell->band, reason, false);
    if (farewell->stream)
        TELL(d, stream_stopped, &farewell->band, farewell->stream, STREAM_END_DEVICE_DISCONNECTED,
             false);
}

void told_left(struct device *d)
{
    const struct farewell farewell = d->farewell;
    struct manager_outcome outcome = outcome_success();

    outcome.band = farewell.band;
    outcome.already = !farewell.connected;
    d->farewell = (struct farewell){.connected = false};
    if (farewell.connected)
        log_info("%s: disconnected", band_label(&farewell.band));
    if (reach_leave(&d->reach))
        told_connecting(d, &d->reach.next, d->reach.owed_until_us);
    replies_answer(&d->disconnects, &outcome);
    tell_left(d, &farewell, DISCONNECT_USER_REQUEST);
}

void told_shutdown(struct device *d, const struct manager_outcome *cancelled)
{
    const struct reach *reach = &d->reach;
    const bool leaving = reach->state == LINK_DISCONNECTING;
    struct farewell farewell = {
        .connected = (reach->state == LINK_CONNECTED || reach->state == LINK_WAITING) &&
                     (reach->known || reach->resumes),
        .band = *reach_band(reach),
    };
    struct manager_outcome gone = outcome_success();

    if (leaving) {
        farewell = d->farewell;
        gone.band = farewell.band;
    }
    reach_drop(&d->reach);
    data_link_down(d);
    replies_answer(&d->disconnects, &gone);
    answer_connects(d, cancelled);
    drop_starts(d, cancelled);
    farewell.stream |= drop_stream(d);
    tell_left(d, &farewell, DISCONNECT_SHUTDOWN);
}
