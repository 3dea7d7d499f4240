#include "told.h"

#include "base/log.h"

static void told_sensor_as(struct device *d, enum sensor sensor, enum sensor_state state,
                           double silent_for)
{
    d->ground->listener.sensor_status(d->ground->listener.user, sensor, state, silent_for);
}

void told_sensor(struct device *d, enum sensor sensor, enum sensor_state state, double silent_for)
{
    static const char *const names[] = {
        [SENSOR_FLOWING] = "flowing", [SENSOR_SILENT] = "silent", [SENSOR_RETRYING] = "retrying"};
    struct failure failure;

    if (sensor >= SENSOR_STREAMED)
        return;
    log_info("%s: %s %s (%.1f s)", device_label(d), sensor_name(sensor), names[state], silent_for);
    if (state == SENSOR_SILENT && sensors_bad(&d->sensors, sensor, &failure) > 0)
        log_warning("%s: %s", device_label(d), failure.message);
    told_sensor_as(d, sensor, state, silent_for);
}

void told_clock_stepped(struct device *d, int64_t step_us)
{
    log_warning("%s: UTC was stepped by %.3f s", device_label(d), (double)step_us / 1e6);
    d->ground->listener.clock_stepped(d->ground->listener.user, (double)step_us / 1000.0);
}

/* ---- The stream ---- */

void told_no_start(struct device *d, const struct manager_outcome *outcome)
{
    stream_undo(&d->stream);
    if (d->stream.state == STREAM_IDLE)
        flow_mark(&d->flow);
    replies_answer(&d->starts, outcome);
    d->info_changed = true;
}

sensor_set told_drop_stream(struct device *d)
{
    d->info_changed = true;
    flow_mark(&d->flow);
    return stream_end(&d->stream);
}

void told_stopped(struct device *d, sensor_set sensors, enum stream_end reason)
{
    if (sensors)
        d->ground->listener.stream_stopped(d->ground->listener.user, link_told_band(&d->link),
                                           sensors, reason, false);
}

void told_over(struct device *d)
{
    told_stopped(d, told_drop_stream(d), STREAM_END_DURATION);
}

sensor_set told_refused_sensors(const struct device *d)
{
    return stream_sensors(&d->stream) & sensors_in_trouble(&d->sensors) & ~sensors_on(&d->sensors);
}

/* Each is looked at anew: hearing of one, the listener may have ended it all. */
static void tell_refused(struct device *d)
{
    for (int i = 0; i < SENSOR_STREAMED; i++) {
        const enum sensor sensor = (enum sensor)i;
        if (told_refused_sensors(d) & SENSOR_BIT(i))
            told_sensor_as(d, sensor, SENSOR_RETRYING, device_silent_for(d, sensor));
    }
}

void told_started(struct device *d)
{
    struct manager_outcome outcome = outcome_success();
    bool resumed =
        stream_begin(&d->stream, pipeline_eeg_rate(d->flow.pipeline), ground_clock(d->ground));

    outcome.band = d->link.device.band;
    d->info_changed = true;
    replies_answer(&d->starts, &outcome);
    if (d->stream.running)
        d->ground->listener.stream_started(d->ground->listener.user, resumed);
    tell_refused(d);
}

void told_eeg_rate(struct device *d, int eeg_rate)
{
    if (stream_found_rate(&d->stream, eeg_rate))
        d->ground->listener.stream_started(d->ground->listener.user, false);
}

void told_failed(struct device *d)
{
    const enum sensor sensor = sensors_to_blame(&d->sensors, d->stream.demand.sensors);
    struct manager_outcome outcome = outcome_failure(
        ERROR_STREAMING, "The band refused to send %s: switch it off and on, then connect again",
        sensor_name(sensor));

    sensors_bad(&d->sensors, sensor, &outcome.failure);
    outcome.sensor = (int)sensor;
    outcome.band = d->link.device.band;
    log_warning("%s: %s", device_label(d), outcome.failure.message);
    sensor_set told = told_drop_stream(d);
    replies_answer(&d->starts, &outcome);
    told_stopped(d, told, STREAM_END_ERROR);
}

void told_rate_refused(struct device *d)
{
    const int rate = pipeline_eeg_rate(d->flow.pipeline);
    struct manager_outcome outcome =
        demand_refusal(&d->stream.demand, rate ? rate : DEMAND_DEFAULT_RATE);
    sensor_set told = 0;

    if (!stream_fall_back(&d->stream))
        told = told_drop_stream(d);
    replies_answer(&d->starts, &outcome);
    told_stopped(d, told, STREAM_END_ERROR);
}
