/*
 * The one stream: started by anyone, stopped by anyone, interrupted by outages.
 *
 *   IDLE ──start──▸ STARTING ──subscribed, rate known──▸ STREAMING ──stop, duration──▸ IDLE
 *                      ▴ link up                            │ start: STREAMING, re-configured
 *                   WAITING ◂──────────── link lost ────────┘
 *
 * A start given while the band is being connected is STARTING too, and shares the connect's fate.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "internal.h"

/* No EEG packet this long after its subscription: its rate is taken to be the default one. */
#define NO_EEG_US (2 * SECOND)

sensor_set demand_of_all(const struct device *d)
{
    return (d->stream.state == STREAM_IDLE ? 0 : d->stream.demand.sensors) | d->recording;
}

/* ---- Its end ---- */

static void forget(struct stream *stream)
{
    const struct replies starts = stream->starts;

    *stream = (struct stream){.state = STREAM_IDLE, .ends = NEVER, .starts = starts};
}

void stream_drop_starts(struct device *d, const struct manager_outcome *outcome)
{
    struct stream *stream = &d->stream;

    if (!stream->told && stream->starting)
        forget(stream);
    replies_answer(&stream->starts, outcome);
    d->info_changed = true;
}

sensor_set stream_drop(struct device *d)
{
    sensor_set sensors = d->stream.told;

    forget(&d->stream);
    d->info_changed = true;
    return sensors;
}

static void tell_stopped(struct device *d, sensor_set sensors, enum stream_end reason)
{
    if (sensors)
        d->ground->listener.stream_stopped(d->ground->listener.user, link_told_band(&d->link),
                                           sensors, reason, false);
}

static void end(struct device *d, enum stream_end reason)
{
    sensor_set sensors = stream_drop(d);

    d->again = true;
    tell_stopped(d, sensors, reason);
}

/* The pipeline's counts begin anew with each sensor that enters and with another band. */
void stream_count(struct device *d, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;

    if (d->stream.state == STREAM_IDLE || !(d->stream.demand.sensors & SENSOR_BIT(sensor)))
        return;
    d->stream.received[sensor] += block->samples.count;
    d->stream.lost[sensor] += block->lost;
}

static void fill_stopped(const struct device *d, struct manager_outcome *outcome)
{
    outcome->already = !d->stream.told;
    if (d->link.state != LINK_IDLE)
        outcome->band = *link_told_band(&d->link);
    outcome->sensors = d->stream.told;
    memcpy(outcome->received, d->stream.received, sizeof(outcome->received));
    memcpy(outcome->lost, d->stream.lost, sizeof(outcome->lost));
}

void device_stop(struct device *d, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();
    struct manager_outcome cancelled = outcome_failure(ERROR_CANCELLED, "Undone by a stop");

    fill_stopped(d, &outcome);
    sensor_set sensors = stream_drop(d);
    replies_answer(&d->stream.starts, &cancelled);
    reply_now(reply, &outcome);
    tell_stopped(d, sensors, STREAM_END_USER_REQUEST);
}

/* ---- Its start ---- */

static void set_end(struct device *d)
{
    double seconds = d->stream.demand.seconds;
    bool endless = !(seconds > 0 && seconds < 1e9);
    int64_t length = endless ? 0 : (int64_t)(seconds * (double)SECOND);

    d->stream.ends = endless ? NEVER : d->ground->now_us + length;
    d->stream.until_utc_us = endless ? 0 : d->ground->host.utc_us(d->ground->host.user) + length;
}

static int known_rate(const struct device *d)
{
    return d->link.known ? pipeline_eeg_rate(d->pipeline) : 0;
}

static struct manager_outcome rate_outcome(const struct demand *demand, int eeg_rate)
{
    double rates[4];
    char allowed[64];
    size_t len = 0;

    demand_rates(eeg_rate, rates);
    for (int i = 0; i < 4 && rates[i] > 0; i++)
        len +=
            (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%g", i ? ", " : "", rates[i]);
    struct manager_outcome outcome = outcome_failure(
        ERROR_INVALID_PARAMETERS, "The band does not give EEG at %g Hz: ask for one of %s",
        demand->rate, allowed);
    outcome.parameter = "sample_rate";
    outcome.rate = demand->rate;
    memcpy(outcome.rates, rates, sizeof(rates));
    return outcome;
}

static bool is_possible(const struct device *d, const struct demand *demand,
                        struct manager_outcome *outcome)
{
    bool connecting = d->link.state == LINK_CONNECTING || d->link.has_next;

    if (demand->sensors == 0 || (demand->sensors & ~SENSOR_SET_ALL)) {
        *outcome = outcome_failure(ERROR_INVALID_PARAMETERS, "No sensors to stream");
        outcome->parameter = "sensors";
        return false;
    }
    if (!demand_rate_fits(demand, known_rate(d))) {
        *outcome = rate_outcome(demand, known_rate(d));
        return false;
    }
    if (d->link.state == LINK_IDLE || (d->link.state == LINK_DISCONNECTING && !connecting)) {
        *outcome = outcome_failure(ERROR_NOT_CONNECTED, "No band is connected: connect one first");
        return false;
    }
    return true;
}

static bool is_already_so(const struct device *d, const struct demand *demand)
{
    const struct stream *stream = &d->stream;

    return stream->state == STREAM_STREAMING && !stream->starting &&
           stream->demand.sensors == demand->sensors &&
           demand_rate(demand, known_rate(d)) == stream->sample_rate;
}

static void start_waiting(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();
    struct stream *stream = &d->stream;

    stream->state = STREAM_WAITING;
    stream->demand = *demand;
    stream->sample_rate = demand_rate(demand, known_rate(d));
    stream->told = demand->sensors;
    set_end(d);
    outcome.band = d->link.band;
    d->info_changed = true;
    reply_now(reply, &outcome);
}

/* Connected, or about to be: answered once it is known what comes of it. */
static void start_owed(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct stream *stream = &d->stream;
    bool connected = d->link.state == LINK_CONNECTED;
    sensor_set flowing = demand_of_all(d) & ~(stream->starting ? stream->entering : 0);

    if (!replies_add(&stream->starts, reply))
        return;
    if (stream->state == STREAM_IDLE) {
        if (connected)
            utc_look(d);
        stream->state = STREAM_STARTING;
    }
    if (!stream->starting) {
        stream->before = stream->state == STREAM_STREAMING ? stream->demand : (struct demand){0};
        stream->deadline = connected ? d->ground->now_us + START_LIMIT_US : NEVER;
    }
    stream->demand = *demand;
    stream->starting = true;
    stream->judging = false;
    stream->entering = demand->sensors & SENSOR_SET_STREAMED & ~flowing;
    d->info_changed = true;
}

static void start_already(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = d->link.device.band;
    d->stream.demand.seconds = demand->seconds;
    set_end(d);
    reply_now(reply, &outcome);
}

void device_start(struct device *d, const struct demand *demand, struct manager_reply reply)
{
    struct manager_outcome outcome;

    if (!is_possible(d, demand, &outcome))
        reply_now(reply, &outcome);
    else if (d->link.state == LINK_WAITING)
        start_waiting(d, demand, reply);
    else if (is_already_so(d, demand))
        start_already(d, demand, reply);
    else
        start_owed(d, demand, reply);
}

bool device_rate_fits(const struct device *d, const struct demand *demand,
                      struct manager_outcome *outcome)
{
    if (demand_rate_fits(demand, known_rate(d)))
        return true;
    *outcome = rate_outcome(demand, known_rate(d));
    return false;
}

/* ---- What comes of a start ---- */

enum answer { ANSWER_PENDING, ANSWER_YES, ANSWER_NO };

static enum answer subscription_answer(const struct device *d, enum sensor sensor)
{
    const struct subscription *sub = &d->subscriptions.of[sensor];

    if (sub->state == SUB_ON && !sub->again)
        return ANSWER_YES;
    return sub->trouble ? ANSWER_NO : ANSWER_PENDING;
}

static sensor_set answered(const struct device *d, enum answer answer)
{
    sensor_set set = 0;

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if ((d->stream.demand.sensors & SENSOR_BIT(sensor)) &&
            subscription_answer(d, (enum sensor)sensor) == answer)
            set |= SENSOR_BIT(sensor);
    }
    return set;
}

/* Each is looked at anew: hearing of one, the listener may have ended it all. */
static void tell_refused(struct device *d)
{
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (answered(d, ANSWER_NO) & SENSOR_BIT(sensor))
            d->ground->listener.sensor_status(d->ground->listener.user, (enum sensor)sensor,
                                              SENSOR_RETRYING,
                                              watch_silent_for(d, (enum sensor)sensor));
    }
}

static void succeed(struct device *d, int eeg_rate)
{
    struct stream *stream = &d->stream;
    struct manager_outcome outcome = outcome_success();
    bool resumed = stream->interrupted & stream->demand.sensors;

    /* An outage does not give more time; a start asked for meanwhile does. */
    if (!stream->told || stream->starts.count > 0)
        set_end(d);
    if (stream->since_utc_us == 0)
        stream->since_utc_us = d->ground->host.utc_us(d->ground->host.user);
    stream->taken_rate = eeg_rate ? eeg_rate : DEMAND_DEFAULT_RATE;
    stream->sample_rate = demand_rate(&stream->demand, stream->taken_rate);
    stream->state = STREAM_STREAMING;
    stream->starting = stream->judging = false;
    stream->entering = stream->interrupted = 0;
    stream->told = stream->demand.sensors;
    stream->running = true;
    outcome.band = d->link.device.band;
    d->info_changed = true;
    d->again = true;
    replies_answer(&stream->starts, &outcome);
    if (stream->running)
        d->ground->listener.stream_started(d->ground->listener.user, resumed);
    tell_refused(d);
}

/* The first whose packets can't be read, else the first of all. */
static enum sensor first_to_blame(const struct device *d)
{
    enum sensor first = SENSOR_COUNT;

    for (int i = SENSOR_COUNT - 1; i >= 0; i--) {
        bool worse = d->subscriptions.of[i].bad > 0 || first == SENSOR_COUNT ||
                     d->subscriptions.of[first].bad == 0;
        if ((d->stream.demand.sensors & SENSOR_BIT(i)) && worse)
            first = (enum sensor)i;
    }
    return first;
}

/* No subscription was acknowledged, or nothing comes that can be read. Where nobody waits for an
 * answer, the stream being resumed or promised, it is tried again: the link is no good. */
static void fail(struct device *d)
{
    struct stream *stream = &d->stream;
    enum sensor sensor = first_to_blame(d);

    if (stream->starts.count == 0) {
        link_lost(d, DISCONNECT_SILENT);
        return;
    }
    struct manager_outcome outcome = outcome_failure(
        ERROR_STREAMING, "The band refused to send %s: switch it off and on, then connect again",
        sensor_name(sensor));
    device_bad_packets(d, sensor, &outcome.failure);
    outcome.sensor = (int)sensor;
    outcome.band = d->link.device.band;
    log_warning("%s", outcome.failure.message);
    sensor_set told = stream_drop(d);
    d->again = true;
    replies_answer(&stream->starts, &outcome);
    tell_stopped(d, told, STREAM_END_ERROR);
}

/* The rate asked for turned out not to be had; what streamed before goes on. */
static void refuse_rate(struct device *d, int eeg_rate)
{
    struct stream *stream = &d->stream;
    struct manager_outcome outcome = rate_outcome(&stream->demand, eeg_rate);
    sensor_set told = 0;

    if (stream->before.sensors) {
        stream->demand = stream->before;
        stream->starting = stream->judging = false;
        stream->entering = 0;
    } else {
        told = stream_drop(d);
    }
    d->again = true;
    replies_answer(&stream->starts, &outcome);
    tell_stopped(d, told, STREAM_END_ERROR);
}

/* Whether the rate is known, or need not be waited for any longer. */
static bool rate_is_settled(struct device *d, sensor_set acknowledged)
{
    struct stream *stream = &d->stream;

    if (!(acknowledged & SENSOR_BIT(SENSOR_EEG)) || pipeline_eeg_rate(d->pipeline))
        return true;
    if (!stream->judging) {
        stream->judging = true;
        stream->judge_at = d->ground->now_us + NO_EEG_US;
        d->again = true;
    }
    return due(d, stream->judge_at);
}

/* An operation that hangs is told like one refused; once it completes the sensor just flows. */
static void give_up_pending(struct device *d)
{
    sensor_set pending = answered(d, ANSWER_PENDING);

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (pending & SENSOR_BIT(sensor))
            watch_refused(d, (enum sensor)sensor);
    }
}

static void check_start(struct device *d)
{
    struct stream *stream = &d->stream;

    if (!stream->starting || d->link.state != LINK_CONNECTED)
        return;
    bool overdue = due(d, stream->deadline);
    if (overdue)
        give_up_pending(d);
    else if (answered(d, ANSWER_PENDING))
        return;
    if (!stream->starting)
        return;
    sensor_set acknowledged = answered(d, ANSWER_YES);
    if (acknowledged == 0) {
        fail(d);
        return;
    }
    if (!rate_is_settled(d, acknowledged) && !overdue)
        return;
    if (watch_only_bad(d, acknowledged)) {
        fail(d);
        return;
    }
    int rate = pipeline_eeg_rate(d->pipeline);
    int judged_by = rate ? rate : DEMAND_DEFAULT_RATE;
    if (stream->starts.count > 0 && !demand_rate_fits(&stream->demand, judged_by))
        refuse_rate(d, judged_by);
    else
        succeed(d, rate);
}

/* The pipeline is about to let go of the EEG it held: the reply has to go out before. */
void stream_eeg_rate(struct device *d)
{
    struct stream *stream = &d->stream;
    int rate = pipeline_eeg_rate(d->pipeline);

    if (stream->starting) {
        if (stream->judging)
            check_start(d);
        return;
    }
    if (stream->state != STREAM_STREAMING || !(stream->demand.sensors & SENSOR_BIT(SENSOR_EEG)) ||
        rate == stream->taken_rate)
        return;
    stream->taken_rate = rate;
    stream->sample_rate = demand_rate(&stream->demand, rate);
    d->ground->listener.stream_started(d->ground->listener.user, false);
}

/* ---- The link ---- */

void stream_link_up(struct device *d)
{
    struct stream *stream = &d->stream;

    if (stream->state == STREAM_IDLE)
        return;
    stream->state = STREAM_STARTING;
    stream->before = (struct demand){0};
    stream->starting = true;
    stream->judging = false;
    stream->entering = stream->demand.sensors & SENSOR_SET_STREAMED;
    stream->deadline = d->ground->now_us + START_LIMIT_US;
}

/* A start that was under way is answered as one given while waiting is. */
void stream_link_lost(struct device *d)
{
    struct stream *stream = &d->stream;
    struct manager_outcome outcome = outcome_success();

    if (stream->state == STREAM_IDLE)
        return;
    outcome.band = d->link.device.band;
    if (stream->running)
        stream->interrupted = stream->told;
    if (stream->starts.count > 0) {
        set_end(d);
        stream->sample_rate = demand_rate(&stream->demand, known_rate(d));
        stream->told = stream->demand.sensors;
    }
    stream->state = STREAM_WAITING;
    stream->starting = stream->judging = false;
    stream->entering = 0;
    replies_answer(&stream->starts, &outcome);
}

void stream_expect(struct device *d, const struct manager_wants *wants)
{
    struct stream *stream = &d->stream;
    int64_t left = wants->until_utc_us - d->ground->host.utc_us(d->ground->host.user);

    if (wants->sensors == 0 || (wants->until_utc_us && left <= 0))
        return;
    stream->state = STREAM_WAITING;
    stream->demand = (struct demand){
        .sensors = wants->sensors & SENSOR_SET_ALL,
        .rate = wants->sample_rate,
        .seconds = wants->seconds,
    };
    stream->sample_rate = demand_rate(&stream->demand, 0);
    stream->since_utc_us = wants->since_utc_us;
    stream->until_utc_us = wants->until_utc_us;
    stream->ends = wants->until_utc_us ? d->ground->now_us + left : NEVER;
    stream->told = d->link.resumes ? stream->demand.sensors : 0;
    stream->interrupted = wants->since_utc_us ? stream->told : 0;
}

void stream_settle(struct device *d)
{
    if (d->stream.state != STREAM_IDLE && due(d, d->stream.ends) && !d->stream.starts.count)
        end(d, STREAM_END_DURATION);
    check_start(d);
}
