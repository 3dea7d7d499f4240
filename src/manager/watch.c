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

static void tell(struct device *d, enum sensor sensor, enum sensor_state state, double silent_for)
{
    static const char *const names[] = {"flowing", "silent", "retrying"};

    struct failure failure;

    if (sensor >= SENSOR_STREAMED)
        return;
    log_info("%s %s (%.1f s)", sensor_name(sensor), names[state], silent_for);
    if (state == SENSOR_SILENT && device_bad_packets(d, sensor, &failure) > 0)
        log_warning("%s", failure.message);
    d->ground->listener.sensor_status(d->ground->listener.user, sensor, state, silent_for);
}

double watch_silent_for(const struct device *d, enum sensor sensor)
{
    const struct subscription *sub = &d->subscriptions.of[sensor];

    if (!sensor_is_wanted(d, sensor) || sub->heard_us == 0)
        return NAN;
    return (double)(d->ground->now_us - sub->heard_us) / (double)SECOND;
}

void watch_back_off(struct device *d, struct subscription *sub)
{
    if (sub->backoff == 0)
        sub->backoff = RETRY_FIRST_US;
    sub->retry_us = d->ground->now_us + sub->backoff;
    sub->backoff = 2 * sub->backoff < RETRY_LAST_US ? 2 * sub->backoff : RETRY_LAST_US;
}

void watch_heard(struct device *d, enum sensor sensor)
{
    struct subscription *sub = &d->subscriptions.of[sensor];
    double silent_for = watch_silent_for(d, sensor);
    bool was_silent = sub->trouble;

    sub->heard_us = d->ground->now_us;
    sub->trouble = false;
    sub->backoff = 0;
    sub->sound = true;
    sub->bad = 0;
    if (sensor < SENSOR_STREAMED)
        d->link.proven = true;
    if (was_silent)
        tell(d, sensor, SENSOR_FLOWING, silent_for);
}

void watch_bad(struct device *d, const struct packet *packet)
{
    struct subscription *sub = &d->subscriptions.of[packet->sensor];

    sub->bad_len = sub->bad == 0 || sub->bad_len == packet->len ? packet->len : 0;
    if (sub->bad < UINT_MAX)
        sub->bad++;
}

bool watch_only_bad(const struct device *d, sensor_set sensors)
{
    bool any = false;

    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        const struct subscription *sub = &d->subscriptions.of[sensor];
        if (!(sensors & SENSOR_BIT(sensor)))
            continue;
        if (sub->sound)
            return false;
        any = any || sub->bad > 0;
    }
    return any;
}

/* A notification is cut to the link's MTU less ATT's own bytes. */
unsigned device_bad_packets(const struct device *d, enum sensor sensor, struct failure *failure)
{
    const struct subscription *sub = &d->subscriptions.of[sensor];

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

void watch_refused(struct device *d, enum sensor sensor)
{
    struct subscription *sub = &d->subscriptions.of[sensor];

    /* Nobody wants it any more. */
    if (!sensor_is_wanted(d, sensor))
        return;
    if (sub->heard_us == 0)
        sub->heard_us = d->ground->now_us;
    sub->trouble = true;
    watch_back_off(d, sub);
    /* A start tells its refused sensors itself, after its reply. */
    if (!d->stream.starting)
        tell(d, sensor, SENSOR_RETRYING, watch_silent_for(d, sensor));
}

void device_forgive(struct device *d)
{
    bool streamed = demand_of_all(d) & SENSOR_SET_STREAMED;

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (d->subscriptions.of[sensor].heard_us)
            d->subscriptions.of[sensor].heard_us = d->ground->now_us;
    }
    d->again = true;
    if (d->link.state == LINK_WAITING)
        link_try_now(d);
    if (d->link.state != LINK_CONNECTED || streamed)
        return;
    /* No stream tells whether the link lives: an answer of the band's does. */
    d->subscriptions.probing = true;
    d->subscriptions.probe_at = d->ground->now_us;
    d->subscriptions.probe_deadline = d->ground->now_us + PROBE_US;
}

void watch_probed(struct device *d, bool alive)
{
    d->subscriptions.asked = false;
    d->subscriptions.probe_at = d->ground->now_us + PROBE_AGAIN_US;
    if (alive)
        d->subscriptions.probing = false;
}

static void probe(struct device *d)
{
    struct subscriptions *subs = &d->subscriptions;

    if (!subs->probing)
        return;
    if (due(d, subs->probe_deadline)) {
        link_lost(d, DISCONNECT_LINK_LOST);
    } else if (!subs->asked && due(d, subs->probe_at)) {
        subs->asked = true;
        d->ground->backend->ops->probe(d->ground->backend);
    }
}

static void watch_sensor(struct device *d, enum sensor sensor)
{
    struct subscription *sub = &d->subscriptions.of[sensor];

    if (sub->state != SUB_ON)
        return;
    if (!sub->trouble && due(d, sub->heard_us + model_default()->sensors[sensor].silent_us)) {
        sub->trouble = true;
        watch_back_off(d, sub);
        tell(d, sensor, SENSOR_SILENT, watch_silent_for(d, sensor));
    } else if (sub->trouble && !sub->again && due(d, sub->retry_us)) {
        sub->again = true;
        d->again = true;
        tell(d, sensor, SENSOR_RETRYING, watch_silent_for(d, sensor));
    }
}

/* Nothing of what is wanted flows, or may yet begin to. */
static bool all_silent(const struct device *d)
{
    bool any = false;

    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (!sensor_is_wanted(d, (enum sensor)sensor))
            continue;
        any = true;
        if (!d->subscriptions.of[sensor].trouble)
            return false;
    }
    return any;
}

void watch_settle(struct device *d)
{
    /* While a stream starts, subscribing itself takes seconds; its own limit watches it. */
    if (d->link.state != LINK_CONNECTED || d->stream.starting)
        return;
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (sensor_is_wanted(d, (enum sensor)sensor))
            watch_sensor(d, (enum sensor)sensor);
    }
    /* A callback may have changed everything. */
    if (d->link.state != LINK_CONNECTED || d->stream.starting)
        return;
    if (all_silent(d))
        link_lost(d, DISCONNECT_SILENT);
    else
        probe(d);
}
