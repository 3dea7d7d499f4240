#include "streaming.h"

#include "device.h"

/* Its model; before it was met the first of the table, whose rates are the usual ones. */
static const struct band_model *kind_of(const struct device *d)
{
    return d->reach.known ? d->sensors.model : model_default();
}

static bool is_possible(const struct device *d, const struct demand *demand,
                        struct manager_outcome *outcome)
{
    bool connecting = d->reach.state == LINK_CONNECTING || d->reach.has_next;

    if (demand->sensors == 0 || (demand->sensors & ~SENSOR_SET_ALL)) {
        *outcome = outcome_failure(ERROR_INVALID_PARAMETERS, "No sensors to stream");
        outcome->parameter = "sensors";
        return false;
    }
    if (!device_rate_fits(d, demand, outcome))
        return false;
    if (d->reach.state == LINK_IDLE || (d->reach.state == LINK_DISCONNECTING && !connecting)) {
        *outcome = outcome_failure(ERROR_NOT_CONNECTED, "No band is connected: connect one first");
        return false;
    }
    return true;
}

static void start_waiting(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    stream_promise(&d->stream, demand, device_eeg_rate(d), ground_clock(d->ground));
    outcome.band = d->reach.band;
    d->info_changed = true;
    reply_now(reply, d->place, &outcome);
}

/* Connected, or about to be: answered once it is known what comes of it. */
static void start_owed(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct stream *stream = &d->stream;
    bool connected = device_is_connected(d);
    sensor_set flowing = device_demand(d) & ~(stream->starting ? stream->entering : 0);

    if (!replies_add(&d->starts, reply))
        return;
    if (stream->state == STREAM_IDLE && connected)
        device_look_at_utc(d);
    stream_ask(stream, demand, flowing, connected, d->ground->when.now_us);
    d->info_changed = true;
}

static void start_already(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = d->reach.device.band;
    stream_prolong(&d->stream, demand->seconds, ground_clock(d->ground));
    reply_now(reply, d->place, &outcome);
}

/* Of a band that has been met only what it has: all sensors are asked for by default. */
static struct demand had(const struct device *d, const struct demand *asked)
{
    struct demand demand = *asked;

    if (d->reach.known)
        demand.sensors &= d->sensors.has;
    return demand;
}

void device_start(struct device *d, const struct demand *asked, struct manager_reply reply)
{
    const struct demand wanted = had(d, asked);
    const struct demand *demand = &wanted;
    struct manager_outcome outcome;

    if (!is_possible(d, demand, &outcome))
        reply_now(reply, d->place, &outcome);
    else if (d->reach.state == LINK_WAITING)
        start_waiting(d, demand, reply);
    else if (stream_is_so(&d->stream, demand, device_eeg_rate(d)))
        start_already(d, demand, reply);
    else
        start_owed(d, demand, reply);
}

bool device_rate_fits(const struct device *d, const struct demand *demand,
                      struct manager_outcome *outcome)
{
    if (demand_rate_fits(demand, kind_of(d), device_eeg_rate(d)))
        return true;
    *outcome = demand_refusal(demand, kind_of(d), device_eeg_rate(d));
    return false;
}

void device_record(struct device *d, sensor_set sensors)
{
    d->recording = sensors & SENSOR_SET_ALL;
}
