/*
 * Silence, on the host's boot clock at reception: the only sign of a link that died without a word.
 * One silent sensor is subscribed anew with back-off; the link is given up only when nothing that
 * is wanted flows.
 */
#include <limits.h>
#include <math.h>

#include "base/log.h"
#include "internal.h"

#define RETRY_FIRST_US (5 * SECOND)
#define RETRY_LAST_US  (60 * SECOND)

/* After a suspend with nothing streamed: how long the band may take to answer, and how long after
 * what was no answer of its own it is asked again. */
#define PROBE_US       (10 * SECOND)
#define PROBE_AGAIN_US SECOND

#define ATT_HEADER 3

static void tell(struct manager *m, enum sensor sensor, enum sensor_state state, double silent_for)
{
    static const char *const names[] = {"flowing", "silent", "retrying"};

    struct failure failure;

    if (sensor >= SENSOR_STREAMED)
        return;
    log_info("%s %s (%.1f s)", sensor_name(sensor), names[state], silent_for);
    if (state == SENSOR_SILENT && manager_bad_packets(m, sensor, &failure) > 0)
        log_warning("%s", failure.message);
    m->listener.sensor_status(m->listener.user, sensor, state, silent_for);
}

double watch_silent_for(const struct manager *m, enum sensor sensor)
{
    const struct subscription *sub = &m->subscriptions.of[sensor];

    if (!sensor_is_wanted(m, sensor) || sub->heard_us == 0)
        return NAN;
    return (double)(m->now - sub->heard_us) / (double)SECOND;
}

void watch_back_off(struct manager *m, struct subscription *sub)
{
    if (sub->backoff == 0)
        sub->backoff = RETRY_FIRST_US;
    sub->retry_us = m->now + sub->backoff;
    sub->backoff = 2 * sub->backoff < RETRY_LAST_US ? 2 * sub->backoff : RETRY_LAST_US;
}

void watch_heard(struct manager *m, enum sensor sensor)
{
    struct subscription *sub = &m->subscriptions.of[sensor];
    double silent_for = watch_silent_for(m, sensor);
    bool was_silent = sub->trouble;

    sub->heard_us = m->now;
    sub->trouble = false;
    sub->backoff = 0;
    sub->sound = true;
    sub->bad = 0;
    if (sensor < SENSOR_STREAMED)
        m->link.proven = true;
    if (was_silent)
        tell(m, sensor, SENSOR_FLOWING, silent_for);
}

void watch_bad(struct manager *m, const struct packet *packet)
{
    struct subscription *sub = &m->subscriptions.of[packet->sensor];

    sub->bad_len = sub->bad == 0 || sub->bad_len == packet->len ? packet->len : 0;
    if (sub->bad < UINT_MAX)
        sub->bad++;
}

bool watch_only_bad(const struct manager *m, sensor_set sensors)
{
    bool any = false;

    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        const struct subscription *sub = &m->subscriptions.of[sensor];
        if (!(sensors & SENSOR_BIT(sensor)))
            continue;
        if (sub->sound)
            return false;
        any = any || sub->bad > 0;
    }
    return any;
}

/* A notification is cut to the link's MTU less ATT's own bytes. */
unsigned manager_bad_packets(const struct manager *m, enum sensor sensor, struct failure *failure)
{
    const struct subscription *sub = &m->subscriptions.of[sensor];

    if (sub->bad > 0 && sub->bad_len > 0 &&
        sub->bad_len + ATT_HEADER < (size_t)model_default()->mtu)
        failure_set(failure, ERROR_STREAMING,
                    "The band's %s packets come cut to %zu bytes, as by an MTU of %zu; they need "
                    "%d. Switch the band off and on, then connect again",
                    sensor_name(sensor), sub->bad_len, sub->bad_len + ATT_HEADER,
                    model_default()->mtu);
    else if (sub->bad > 0)
        failure_set(failure, ERROR_STREAMING,
                    "The band's %s packets can't be read: switch it off and on, then connect again",
                    sensor_name(sensor));
    return sub->bad;
}

void watch_refused(struct manager *m, enum sensor sensor)
{
    struct subscription *sub = &m->subscriptions.of[sensor];

    /* Nobody wants it any more. */
    if (!sensor_is_wanted(m, sensor))
        return;
    if (sub->heard_us == 0)
        sub->heard_us = m->now;
    sub->trouble = true;
    watch_back_off(m, sub);
    /* A start tells its refused sensors itself, after its reply. */
    if (!m->stream.starting)
        tell(m, sensor, SENSOR_RETRYING, watch_silent_for(m, sensor));
}

void watch_forgive(struct manager *m)
{
    bool streamed = demand_of_all(m) & SENSOR_SET_STREAMED;

    log_info("The host was suspended or late: checking the link");
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (m->subscriptions.of[sensor].heard_us)
            m->subscriptions.of[sensor].heard_us = m->now;
    }
    m->again = true;
    /* The host's timer stood still with it: even an unchanged time is wished for anew. */
    m->alarm_told = NEVER;
    if (m->link.state == LINK_WAITING)
        link_try_now(m);
    if (m->link.state != LINK_CONNECTED || streamed)
        return;
    /* No stream tells whether the link lives: an answer of the band's does. */
    m->subscriptions.probing = true;
    m->subscriptions.probe_at = m->now;
    m->subscriptions.probe_deadline = m->now + PROBE_US;
}

void watch_probed(struct manager *m, bool alive)
{
    m->subscriptions.asked = false;
    m->subscriptions.probe_at = m->now + PROBE_AGAIN_US;
    if (alive)
        m->subscriptions.probing = false;
}

static void probe(struct manager *m)
{
    struct subscriptions *subs = &m->subscriptions;

    if (!subs->probing)
        return;
    if (due(m, subs->probe_deadline)) {
        link_lost(m, DISCONNECT_LINK_LOST);
    } else if (!subs->asked && due(m, subs->probe_at)) {
        subs->asked = true;
        m->backend->ops->probe(m->backend);
    }
}

static void watch_sensor(struct manager *m, enum sensor sensor)
{
    struct subscription *sub = &m->subscriptions.of[sensor];

    if (sub->state != SUB_ON)
        return;
    if (!sub->trouble && due(m, sub->heard_us + model_default()->sensors[sensor].silent_us)) {
        sub->trouble = true;
        watch_back_off(m, sub);
        tell(m, sensor, SENSOR_SILENT, watch_silent_for(m, sensor));
    } else if (sub->trouble && !sub->again && due(m, sub->retry_us)) {
        sub->again = true;
        m->again = true;
        tell(m, sensor, SENSOR_RETRYING, watch_silent_for(m, sensor));
    }
}

/* Nothing of what is wanted flows, or may yet begin to. */
static bool all_silent(const struct manager *m)
{
    bool any = false;

    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (!sensor_is_wanted(m, (enum sensor)sensor))
            continue;
        any = true;
        if (!m->subscriptions.of[sensor].trouble)
            return false;
    }
    return any;
}

void watch_settle(struct manager *m)
{
    /* While a stream starts, subscribing itself takes seconds; its own limit watches it. */
    if (m->link.state != LINK_CONNECTED || m->stream.starting)
        return;
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (sensor_is_wanted(m, (enum sensor)sensor))
            watch_sensor(m, (enum sensor)sensor);
    }
    /* A callback may have changed everything. */
    if (m->link.state != LINK_CONNECTED || m->stream.starting)
        return;
    if (all_silent(m))
        link_lost(m, DISCONNECT_SILENT);
    else
        probe(m);
}
