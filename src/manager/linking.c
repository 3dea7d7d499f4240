#include "linking.h"

#include <string.h>
#include <strings.h>

#include "base/length.h"
#include "base/log.h"
#include "told.h"

/* ---- connect */

static void answer_off(const struct device *d, const struct band_identity *band,
                       struct manager_reply reply, struct manager_outcome *outcome)
{
    *outcome = ground_bluetooth_outcome(d->ground);
    outcome->band = *band;
    reply_now(reply, d->place, outcome);
}

static void connect_in_idle(struct device *d, const struct band_identity *band,
                            struct manager_reply reply)
{
    struct manager_outcome outcome;

    if (ground_bluetooth_is_off(d->ground)) {
        answer_off(d, band, reply, &outcome);
        TELL(d, device_connection_failed, band, &outcome.failure, false);
        return;
    }
    replies_add(&d->connects, reply);
    told_connecting(d, band, d->ground->when.now_us + CONNECT_LIMIT_US);
}

static void answer_busy(const struct device *d, struct manager_reply reply)
{
    const struct reach *reach = &d->reach;
    static const char *const doing[] = {
        [LINK_IDLE] = "", /* nobody is told it is busy then */
        [LINK_CONNECTING] = "is being connected",
        [LINK_CONNECTED] = "is connected",
        [LINK_DISCONNECTING] = "is to be connected next",
        [LINK_WAITING] = "was lost and is waited for",
    };
    ASSERT_GOES_TO(doing, LINK_WAITING);
    struct manager_outcome outcome = outcome_failure(
        ERROR_BUSY, "%s %s: disconnect it first",
        band_label(reach->has_next ? &reach->next : reach_band(reach)), doing[reach->state]);

    outcome.band = *reach_band(reach);
    reply_now(reply, d->place, &outcome);
}

static void connect_in_waiting(struct device *d, struct manager_reply reply)
{
    struct manager_outcome outcome;

    if (ground_bluetooth_is_off(d->ground)) {
        answer_off(d, &d->reach.band, reply, &outcome);
        return;
    }
    replies_add(&d->connects, reply);
    reach_hurry(&d->reach, d->ground->when.now_us);
}

static void connect_next(struct device *d, const struct band_identity *band,
                         struct manager_reply reply)
{
    reach_queue(&d->reach, band, d->ground->when.now_us);
    replies_add(&d->connects, reply);
}

bool device_stands_back(const struct device *d)
{
    return d->reach.state == LINK_WAITING && !d->reach.known && !d->reach.resumes;
}

/* Who asked for the band that stands back is told. */
static void take_over(struct device *d, const struct band_identity *band,
                      struct manager_reply reply)
{
    struct manager_outcome cancelled =
        outcome_failure(ERROR_CANCELLED, "Undone by a connect to %s", band_label(band));

    cancelled.band = d->reach.band;
    told_leaving(d, &cancelled);
    connect_next(d, band, reply);
}

static void answer_connected(struct device *d, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = d->reach.device.band;
    reply_now(reply, d->place, &outcome);
}

/* To the band that the device wants already, or is to want next. */
static void connect_same(struct device *d, const struct band_identity *band,
                         struct manager_reply reply)
{
    switch (d->reach.state) {
    case LINK_IDLE:
        connect_in_idle(d, band, reply);
        break;
    case LINK_CONNECTING:
        replies_add(&d->connects, reply);
        break;
    case LINK_CONNECTED:
        answer_connected(d, reply);
        break;
    case LINK_DISCONNECTING:
        connect_next(d, band, reply);
        break;
    case LINK_WAITING:
        connect_in_waiting(d, reply);
        break;
    }
}

void device_connect(struct device *d, const struct band_identity *band, struct manager_reply reply)
{
    const struct reach *reach = &d->reach;
    bool free =
        reach->state == LINK_IDLE || (reach->state == LINK_DISCONNECTING && !reach->has_next);

    if (free || same_band(band, reach->has_next ? &reach->next : &reach->band))
        connect_same(d, band, reply);
    else if (device_stands_back(d))
        take_over(d, band, reply);
    else
        answer_busy(d, reply);
}

void device_expect(struct device *d, const struct manager_wants *wants, bool resumes)
{
    if (d->reach.state != LINK_IDLE)
        return;
    d->came = ++d->ground->arrivals;
    reach_wait_for(&d->reach, &wants->band, resumes, d->ground->when.now_us);
    log_info("%s: waiting for it", device_label(d));
    stream_expect(&d->stream, wants, resumes, ground_clock(d->ground));
}

/* ---- disconnect */

bool device_is_named(const struct device *d, const char *device_id, bool only)
{
    const struct reach *reach = &d->reach;
    const struct band_identity *band = reach->has_next ? &reach->next : reach_band(reach);

    if (reach->state == LINK_IDLE)
        return false;
    if (!band->name[0] || strchr(device_id, ':'))
        return band->address[0] ? strcasecmp(device_id, band->address) == 0 : only;
    return strcasecmp(device_id, band->name) == 0;
}

void device_disconnect(struct device *d, struct manager_reply reply)
{
    const struct manager_outcome cancelled =
        outcome_failure(ERROR_CANCELLED, "Undone by a disconnect");
    struct manager_outcome outcome = outcome_success();

    switch (d->reach.state) {
    case LINK_IDLE:
        outcome.already = true;
        reply_now(reply, d->place, &outcome);
        return;
    case LINK_CONNECTING:
    case LINK_CONNECTED:
    case LINK_WAITING:
        told_leaving(d, &cancelled);
        break;
    case LINK_DISCONNECTING:
        told_unqueued(d, &cancelled);
        break;
    }
    replies_add(&d->disconnects, reply);
}
