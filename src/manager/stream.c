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

sensor_set demand_of_all(const struct manager *m)
{
    return (m->stream.state == STREAM_IDLE ? 0 : m->stream.demand.sensors) | m->recording;
}

/* ---- Its end ---- */

static void forget(struct stream *stream)
{
    const struct replies starts = stream->starts;

    *stream = (struct stream){.state = STREAM_IDLE, .ends = NEVER, .starts = starts};
}

void stream_drop_starts(struct manager *m, const struct manager_outcome *outcome)
{
    struct stream *stream = &m->stream;

    if (!stream->told && stream->starting)
        forget(stream);
    replies_answer(&stream->starts, outcome);
    m->info_changed = true;
}

sensor_set stream_drop(struct manager *m)
{
    sensor_set sensors = m->stream.told;

    forget(&m->stream);
    m->info_changed = true;
    return sensors;
}

static void tell_stopped(struct manager *m, sensor_set sensors, enum stream_end reason)
{
    if (sensors)
        m->listener.stream_stopped(m->listener.user, link_told_band(&m->link), sensors, reason,
                                   false);
}

static void end(struct manager *m, enum stream_end reason)
{
    sensor_set sensors = stream_drop(m);

    m->again = true;
    tell_stopped(m, sensors, reason);
}

/* The pipeline's counts begin anew with each sensor that enters and with another band. */
void stream_count(struct manager *m, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;

    if (m->stream.state == STREAM_IDLE || !(m->stream.demand.sensors & SENSOR_BIT(sensor)))
        return;
    m->stream.received[sensor] += block->samples.count;
    m->stream.lost[sensor] += block->lost;
}

static void fill_stopped(const struct manager *m, struct manager_outcome *outcome)
{
    outcome->already = !m->stream.told;
    if (m->link.state != LINK_IDLE)
        outcome->band = *link_told_band(&m->link);
    outcome->sensors = m->stream.told;
    memcpy(outcome->received, m->stream.received, sizeof(outcome->received));
    memcpy(outcome->lost, m->stream.lost, sizeof(outcome->lost));
}

void manager_stop_streaming(struct manager *m, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();
    struct manager_outcome cancelled = outcome_failure(ERROR_CANCELLED, "Undone by a stop");

    manager_enter(m);
    if (!refused_at_shutdown(m, reply)) {
        fill_stopped(m, &outcome);
        sensor_set sensors = stream_drop(m);
        replies_answer(&m->stream.starts, &cancelled);
        reply_now(reply, &outcome);
        tell_stopped(m, sensors, STREAM_END_USER_REQUEST);
    }
    manager_leave(m);
}

/* ---- Its start ---- */

static void set_end(struct manager *m)
{
    double seconds = m->stream.demand.seconds;
    bool endless = !(seconds > 0 && seconds < 1e9);
    int64_t length = endless ? 0 : (int64_t)(seconds * (double)SECOND);

    m->stream.ends = endless ? NEVER : m->now + length;
    m->stream.until_utc_us = endless ? 0 : m->host.utc_us(m->host.user) + length;
}

static int known_rate(const struct manager *m)
{
    return m->link.known ? pipeline_eeg_rate(m->pipeline) : 0;
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

static bool is_possible(const struct manager *m, const struct demand *demand,
                        struct manager_outcome *outcome)
{
    bool connecting = m->link.state == LINK_CONNECTING || m->link.has_next;

    if (demand->sensors == 0 || (demand->sensors & ~SENSOR_SET_ALL)) {
        *outcome = outcome_failure(ERROR_INVALID_PARAMETERS, "No sensors to stream");
        outcome->parameter = "sensors";
        return false;
    }
    if (!demand_rate_fits(demand, known_rate(m))) {
        *outcome = rate_outcome(demand, known_rate(m));
        return false;
    }
    if (m->link.state == LINK_IDLE || (m->link.state == LINK_DISCONNECTING && !connecting)) {
        *outcome = outcome_failure(ERROR_NOT_CONNECTED, "No band is connected: connect one first");
        return false;
    }
    return true;
}

static bool is_already_so(const struct manager *m, const struct demand *demand)
{
    const struct stream *stream = &m->stream;

    return stream->state == STREAM_STREAMING && !stream->starting &&
           stream->demand.sensors == demand->sensors &&
           demand_rate(demand, known_rate(m)) == stream->sample_rate;
}

static void start_waiting(struct manager *m, const struct demand *demand,
                          struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();
    struct stream *stream = &m->stream;

    stream->state = STREAM_WAITING;
    stream->demand = *demand;
    stream->sample_rate = demand_rate(demand, known_rate(m));
    stream->told = demand->sensors;
    set_end(m);
    outcome.band = m->link.band;
    m->info_changed = true;
    reply_now(reply, &outcome);
}

/* Connected, or about to be: answered once it is known what comes of it. */
static void start_owed(struct manager *m, const struct demand *demand, struct manager_reply reply)
{
    struct stream *stream = &m->stream;
    bool connected = m->link.state == LINK_CONNECTED;
    sensor_set flowing = demand_of_all(m) & ~(stream->starting ? stream->entering : 0);

    if (!replies_add(&stream->starts, reply))
        return;
    if (stream->state == STREAM_IDLE) {
        if (connected)
            utc_look(m);
        stream->state = STREAM_STARTING;
    }
    if (!stream->starting) {
        stream->before = stream->state == STREAM_STREAMING ? stream->demand : (struct demand){0};
        stream->deadline = connected ? m->now + START_LIMIT_US : NEVER;
    }
    stream->demand = *demand;
    stream->starting = true;
    stream->judging = false;
    stream->entering = demand->sensors & SENSOR_SET_STREAMED & ~flowing;
    m->info_changed = true;
}

static void start_already(struct manager *m, const struct demand *demand,
                          struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = m->link.device.band;
    m->stream.demand.seconds = demand->seconds;
    set_end(m);
    reply_now(reply, &outcome);
}

void manager_start_streaming(struct manager *m, sensor_set sensors, double rate, double seconds,
                             struct manager_reply reply)
{
    const struct demand demand = {.sensors = sensors, .rate = rate, .seconds = seconds};
    struct manager_outcome outcome;

    manager_enter(m);
    if (!refused_at_shutdown(m, reply)) {
        if (!is_possible(m, &demand, &outcome))
            reply_now(reply, &outcome);
        else if (m->link.state == LINK_WAITING)
            start_waiting(m, &demand, reply);
        else if (is_already_so(m, &demand))
            start_already(m, &demand, reply);
        else
            start_owed(m, &demand, reply);
    }
    manager_leave(m);
}

bool manager_rate_fits(struct manager *m, sensor_set sensors, double rate,
                       struct manager_outcome *outcome)
{
    const struct demand demand = {.sensors = sensors, .rate = rate};

    if (demand_rate_fits(&demand, known_rate(m)))
        return true;
    *outcome = rate_outcome(&demand, known_rate(m));
    return false;
}

void manager_want_for_recording(struct manager *m, sensor_set sensors)
{
    manager_enter(m);
    m->recording = sensors & SENSOR_SET_ALL;
    manager_leave(m);
}

/* ---- What comes of a start ---- */

enum answer { ANSWER_PENDING, ANSWER_YES, ANSWER_NO };

static enum answer subscription_answer(const struct manager *m, enum sensor sensor)
{
    const struct subscription *sub = &m->subscriptions.of[sensor];

    if (sub->state == SUB_ON && !sub->again)
        return ANSWER_YES;
    return sub->trouble ? ANSWER_NO : ANSWER_PENDING;
}

static sensor_set answered(const struct manager *m, enum answer answer)
{
    sensor_set set = 0;

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if ((m->stream.demand.sensors & SENSOR_BIT(sensor)) &&
            subscription_answer(m, (enum sensor)sensor) == answer)
            set |= SENSOR_BIT(sensor);
    }
    return set;
}

/* Each is looked at anew: hearing of one, the listener may have ended it all. */
static void tell_refused(struct manager *m)
{
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (answered(m, ANSWER_NO) & SENSOR_BIT(sensor))
            m->listener.sensor_status(m->listener.user, (enum sensor)sensor, SENSOR_RETRYING,
                                      watch_silent_for(m, (enum sensor)sensor));
    }
}

static void succeed(struct manager *m, int eeg_rate)
{
    struct stream *stream = &m->stream;
    struct manager_outcome outcome = outcome_success();
    bool resumed = stream->interrupted & stream->demand.sensors;

    /* An outage does not give more time; a start asked for meanwhile does. */
    if (!stream->told || stream->starts.count > 0)
        set_end(m);
    if (stream->since_utc_us == 0)
        stream->since_utc_us = m->host.utc_us(m->host.user);
    stream->taken_rate = eeg_rate ? eeg_rate : DEMAND_DEFAULT_RATE;
    stream->sample_rate = demand_rate(&stream->demand, stream->taken_rate);
    stream->state = STREAM_STREAMING;
    stream->starting = stream->judging = false;
    stream->entering = stream->interrupted = 0;
    stream->told = stream->demand.sensors;
    stream->running = true;
    outcome.band = m->link.device.band;
    m->info_changed = true;
    m->again = true;
    replies_answer(&stream->starts, &outcome);
    if (stream->running)
        m->listener.stream_started(m->listener.user, resumed);
    tell_refused(m);
}

/* The first whose packets can't be read, else the first of all. */
static enum sensor first_to_blame(const struct manager *m)
{
    enum sensor first = SENSOR_COUNT;

    for (int i = SENSOR_COUNT - 1; i >= 0; i--) {
        bool worse = m->subscriptions.of[i].bad > 0 || first == SENSOR_COUNT ||
                     m->subscriptions.of[first].bad == 0;
        if ((m->stream.demand.sensors & SENSOR_BIT(i)) && worse)
            first = (enum sensor)i;
    }
    return first;
}

/* No subscription was acknowledged, or nothing comes that can be read. Where nobody waits for an
 * answer, the stream being resumed or promised, it is tried again: the link is no good. */
static void fail(struct manager *m)
{
    struct stream *stream = &m->stream;
    enum sensor sensor = first_to_blame(m);

    if (stream->starts.count == 0) {
        link_lost(m, DISCONNECT_SILENT);
        return;
    }
    struct manager_outcome outcome = outcome_failure(
        ERROR_STREAMING, "The band refused to send %s: switch it off and on, then connect again",
        sensor_name(sensor));
    manager_bad_packets(m, sensor, &outcome.failure);
    outcome.sensor = (int)sensor;
    outcome.band = m->link.device.band;
    log_warning("%s", outcome.failure.message);
    sensor_set told = stream_drop(m);
    m->again = true;
    replies_answer(&stream->starts, &outcome);
    tell_stopped(m, told, STREAM_END_ERROR);
}

/* The rate asked for turned out not to be had; what streamed before goes on. */
static void refuse_rate(struct manager *m, int eeg_rate)
{
    struct stream *stream = &m->stream;
    struct manager_outcome outcome = rate_outcome(&stream->demand, eeg_rate);
    sensor_set told = 0;

    if (stream->before.sensors) {
        stream->demand = stream->before;
        stream->starting = stream->judging = false;
        stream->entering = 0;
    } else {
        told = stream_drop(m);
    }
    m->again = true;
    replies_answer(&stream->starts, &outcome);
    tell_stopped(m, told, STREAM_END_ERROR);
}

/* Whether the rate is known, or need not be waited for any longer. */
static bool rate_is_settled(struct manager *m, sensor_set acknowledged)
{
    struct stream *stream = &m->stream;

    if (!(acknowledged & SENSOR_BIT(SENSOR_EEG)) || pipeline_eeg_rate(m->pipeline))
        return true;
    if (!stream->judging) {
        stream->judging = true;
        stream->judge_at = m->now + NO_EEG_US;
        m->again = true;
    }
    return due(m, stream->judge_at);
}

/* An operation that hangs is told like one refused; once it completes the sensor just flows. */
static void give_up_pending(struct manager *m)
{
    sensor_set pending = answered(m, ANSWER_PENDING);

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (pending & SENSOR_BIT(sensor))
            watch_refused(m, (enum sensor)sensor);
    }
}

static void check_start(struct manager *m)
{
    struct stream *stream = &m->stream;

    if (!stream->starting || m->link.state != LINK_CONNECTED)
        return;
    bool overdue = due(m, stream->deadline);
    if (overdue)
        give_up_pending(m);
    else if (answered(m, ANSWER_PENDING))
        return;
    if (!stream->starting)
        return;
    sensor_set acknowledged = answered(m, ANSWER_YES);
    if (acknowledged == 0) {
        fail(m);
        return;
    }
    if (!rate_is_settled(m, acknowledged) && !overdue)
        return;
    if (watch_only_bad(m, acknowledged)) {
        fail(m);
        return;
    }
    int rate = pipeline_eeg_rate(m->pipeline);
    int judged_by = rate ? rate : DEMAND_DEFAULT_RATE;
    if (stream->starts.count > 0 && !demand_rate_fits(&stream->demand, judged_by))
        refuse_rate(m, judged_by);
    else
        succeed(m, rate);
}

/* The pipeline is about to let go of the EEG it held: the reply has to go out before. */
void stream_eeg_rate(struct manager *m)
{
    struct stream *stream = &m->stream;
    int rate = pipeline_eeg_rate(m->pipeline);

    if (stream->starting) {
        if (stream->judging)
            check_start(m);
        return;
    }
    if (stream->state != STREAM_STREAMING || !(stream->demand.sensors & SENSOR_BIT(SENSOR_EEG)) ||
        rate == stream->taken_rate)
        return;
    stream->taken_rate = rate;
    stream->sample_rate = demand_rate(&stream->demand, rate);
    m->listener.stream_started(m->listener.user, false);
}

/* ---- The link ---- */

void stream_link_up(struct manager *m)
{
    struct stream *stream = &m->stream;

    if (stream->state == STREAM_IDLE)
        return;
    stream->state = STREAM_STARTING;
    stream->before = (struct demand){0};
    stream->starting = true;
    stream->judging = false;
    stream->entering = stream->demand.sensors & SENSOR_SET_STREAMED;
    stream->deadline = m->now + START_LIMIT_US;
}

/* A start that was under way is answered as one given while waiting is. */
void stream_link_lost(struct manager *m)
{
    struct stream *stream = &m->stream;
    struct manager_outcome outcome = outcome_success();

    if (stream->state == STREAM_IDLE)
        return;
    outcome.band = m->link.device.band;
    if (stream->running)
        stream->interrupted = stream->told;
    if (stream->starts.count > 0) {
        set_end(m);
        stream->sample_rate = demand_rate(&stream->demand, known_rate(m));
        stream->told = stream->demand.sensors;
    }
    stream->state = STREAM_WAITING;
    stream->starting = stream->judging = false;
    stream->entering = 0;
    replies_answer(&stream->starts, &outcome);
}

void stream_expect(struct manager *m, const struct manager_wants *wants)
{
    struct stream *stream = &m->stream;
    int64_t left = wants->until_utc_us - m->host.utc_us(m->host.user);

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
    stream->ends = wants->until_utc_us ? m->now + left : NEVER;
    stream->told = m->link.resumes ? stream->demand.sensors : 0;
    stream->interrupted = wants->since_utc_us ? stream->told : 0;
}

void stream_settle(struct manager *m)
{
    if (m->stream.state != STREAM_IDLE && due(m, m->stream.ends) && !m->stream.starts.count)
        end(m, STREAM_END_DURATION);
    check_start(m);
}
