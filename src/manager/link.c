/*
 * The band that is wanted: connect, disconnect, loss, reconnection.
 *
 *   IDLE ──connect──▸ CONNECTING ──up──▸ CONNECTED ──lost, silent──▸ WAITING ──up──▸ CONNECTED
 *                        │ failed, 20 s ▸ IDLE                          └─ tries with back-off
 *   any ──disconnect──▸ DISCONNECTING ──radio free──▸ IDLE, or CONNECTING if a connect came since
 *
 * docs/state-machine.md has each command in each state.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "internal.h"

/* What works in the field (BLUEZ.md). */
#define BACKOFF_FIRST_US (SECOND / 4)
#define BACKOFF_LAST_US  (30 * SECOND)

/* A link that held this long was a good one, even if nothing was streamed over it. */
#define PROVEN_US (10 * SECOND)

/* A band seen this long before the connect counts as seen. */
#define RECENT_US (60 * SECOND)

static const char *label(const struct band_identity *band)
{
    return band->name[0] ? band->name : band->address;
}

static const struct band_identity *told_band(const struct link *link)
{
    return link->known ? &link->device.band : &link->band;
}

struct failure link_not_reached(const struct manager *m)
{
    const struct link *link = &m->link;
    struct failure failure;

    if (link->seen_us != INT64_MIN && link->seen_us >= link->asked_us - RECENT_US) {
        failure_set(&failure, ERROR_CONNECTION_FAILED,
                    "%s was seen but could not be connected in time: bring it nearer, or make sure "
                    "that no other program or phone holds it",
                    label(&link->band));
    } else {
        failure_set(&failure, ERROR_DEVICE_NOT_FOUND,
                    "%s was not found: switch it on, bring it near, and make sure that no other "
                    "program or phone holds it",
                    label(&link->band));
    }
    return failure;
}

/* ---- Connecting ---- */

static void connect_begin(struct manager *m, const struct band_identity *band, int64_t deadline)
{
    struct link *link = &m->link;

    link->band = *band;
    link->known = false;
    link->resumes = false;
    link->state = LINK_CONNECTING;
    link->connect_deadline = deadline;
    link->seen_us = sightings_last(&m->scan.seen, band);
    if (m->radio.state == RADIO_TRYING)
        m->radio.deadline = deadline;
    log_info("Connecting %s", label(band));
    /* A scan takes the radio's time from the connection; what it found is told. */
    scan_finish(m, SCAN_STOPPED, NULL);
    m->again = true;
}

static void copy_upper(char *to, size_t size, const char *from)
{
    size_t i = 0;

    for (; from && from[i] && i + 1 < size; i++)
        to[i] = (char)toupper((unsigned char)from[i]);
    to[i] = '\0';
}

/* Who is meant; false, and *outcome says why, if that can't be. */
static bool identify(const struct manager *m, const char *address, const char *device_id,
                     struct band_identity *band, struct manager_outcome *outcome)
{
    copy_upper(band->address, sizeof(band->address), address);
    snprintf(band->name, sizeof(band->name), "%s", device_id ? device_id : "");
    if (!band->address[0] && !band->name[0]) {
        *outcome = outcome_failure(ERROR_INVALID_PARAMETERS, "Give the address or the device_id");
        outcome->parameter = "address";
        return false;
    }
    bool agree = sightings_complete(&m->scan.seen, band) &&
                 (!m->link.known || band_complete(band, &m->link.device.band));
    if (agree)
        return true;
    *outcome = outcome_failure(ERROR_INVALID_PARAMETERS,
                               "Address and device_id belong to different bands");
    outcome->parameter = "device_id";
    return false;
}

static void connect_in_idle(struct manager *m, const struct band_identity *band,
                            struct manager_reply reply)
{
    struct link *link = &m->link;

    if (bluetooth_is_off(m)) {
        struct manager_outcome outcome = bluetooth_outcome(m);
        outcome.band = *band;
        reply_now(reply, &outcome);
        m->listener.device_connection_failed(m->listener.user, band, &outcome.failure, false);
        return;
    }
    link->asked_us = m->now;
    replies_add(&link->connects, reply);
    connect_begin(m, band, m->now + CONNECT_LIMIT_US);
}

static void answer_busy(const struct manager *m, struct manager_reply reply)
{
    const struct band_identity *band = told_band(&m->link);
    static const char *const doing[] = {
        [LINK_IDLE] = "", /* nobody is told it is busy then */
        [LINK_CONNECTING] = "is being connected",
        [LINK_CONNECTED] = "is connected",
        [LINK_DISCONNECTING] = "is to be connected next",
        [LINK_WAITING] = "was lost and is waited for",
    };
    struct manager_outcome outcome =
        outcome_failure(ERROR_BUSY, "%s %s: disconnect it first",
                        label(m->link.has_next ? &m->link.next : band), doing[m->link.state]);

    outcome.band = *band;
    reply_now(reply, &outcome);
}

static void connect_in_waiting(struct manager *m, struct manager_reply reply)
{
    struct link *link = &m->link;

    if (bluetooth_is_off(m)) {
        struct manager_outcome outcome = bluetooth_outcome(m);
        outcome.band = link->band;
        reply_now(reply, &outcome);
        return;
    }
    if (link->connects.count == 0) {
        link->asked_us = m->now;
        link->connect_deadline = m->now + CONNECT_LIMIT_US;
        if (m->radio.state == RADIO_TRYING)
            m->radio.deadline = link->connect_deadline;
    }
    replies_add(&link->connects, reply);
    link->next_try = m->now;
    link->backoff = BACKOFF_FIRST_US;
}

static void connect_in_disconnecting(struct manager *m, const struct band_identity *band,
                                     struct manager_reply reply)
{
    struct link *link = &m->link;

    if (!link->has_next) {
        link->has_next = true;
        link->next = *band;
        link->asked_us = m->now;
        link->connect_deadline = m->now + CONNECT_LIMIT_US;
    }
    replies_add(&link->connects, reply);
}

/* A band that --auto-connect waits for and that never came stands back for one a user wants. */
static void take_over(struct manager *m, const struct band_identity *band,
                      struct manager_reply reply)
{
    stream_drop(m);
    m->link.farewell = (struct farewell){.connected = false};
    m->link.state = LINK_DISCONNECTING;
    connect_in_disconnecting(m, band, reply);
}

static void answer_connected(struct manager *m, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = m->link.device.band;
    reply_now(reply, &outcome);
}

static void connect_dispatch(struct manager *m, const struct band_identity *band,
                             struct manager_reply reply)
{
    struct link *link = &m->link;
    bool same = same_band(band, link->has_next ? &link->next : &link->band);

    switch (link->state) {
    case LINK_IDLE:
        connect_in_idle(m, band, reply);
        return;
    case LINK_DISCONNECTING:
        if (!link->has_next || same)
            connect_in_disconnecting(m, band, reply);
        else
            answer_busy(m, reply);
        return;
    case LINK_CONNECTING:
        if (same)
            replies_add(&link->connects, reply);
        else
            answer_busy(m, reply);
        return;
    case LINK_CONNECTED:
        if (same)
            answer_connected(m, reply);
        else
            answer_busy(m, reply);
        return;
    case LINK_WAITING:
        if (same)
            connect_in_waiting(m, reply);
        else if (!link->known && !link->resumes)
            take_over(m, band, reply);
        else
            answer_busy(m, reply);
        return;
    }
}

void manager_connect(struct manager *m, const char *address, const char *device_id,
                     struct manager_reply reply)
{
    struct band_identity band;
    struct manager_outcome outcome;

    manager_enter(m);
    if (!refused_at_shutdown(m, reply)) {
        if (identify(m, address, device_id, &band, &outcome))
            connect_dispatch(m, &band, reply);
        else
            reply_now(reply, &outcome);
    }
    manager_leave(m);
}

/* A user's connect came to nothing: reply, then the event; a start that waited shares its fate. */
static void connect_fail(struct manager *m, const struct manager_outcome *outcome)
{
    struct link *link = &m->link;
    struct band_identity band = link->band;

    log_warning("Connecting %s failed: %s", label(&band), outcome->failure.message);
    link->state = LINK_IDLE;
    replies_answer(&link->connects, outcome);
    stream_drop_starts(m, outcome);
    m->listener.device_connection_failed(m->listener.user, &band, &outcome->failure, false);
}

/* In the background only the first failure of an outage is told, so that no client is flooded. */
static void background_fail(struct manager *m, const struct manager_outcome *outcome)
{
    struct link *link = &m->link;
    struct band_identity band = *told_band(link);
    bool tell = link->connects.count > 0 || !link->outage_told;

    link->outage_told = true;
    replies_answer(&link->connects, outcome);
    if (tell)
        m->listener.device_connection_failed(m->listener.user, &band, &outcome->failure, true);
}

void link_attempt_failed(struct manager *m, const struct failure *failure)
{
    struct link *link = &m->link;
    struct manager_outcome outcome = outcome_failure(failure->code, "%s", failure->message);

    outcome.band = *told_band(link);
    if (link->state == LINK_CONNECTING) {
        connect_fail(m, &outcome);
    } else if (link->state == LINK_WAITING) {
        link->next_try = m->now + link->backoff;
        link->backoff = 2 * link->backoff < BACKOFF_LAST_US ? 2 * link->backoff : BACKOFF_LAST_US;
        background_fail(m, &outcome);
    }
}

bool link_wants_attempt(struct manager *m)
{
    if (m->link.state == LINK_CONNECTING)
        return true;
    return m->link.state == LINK_WAITING && !bluetooth_is_off(m) && due(m, m->link.next_try);
}

/* ---- Connected ---- */

static bool is_the_wanted(const struct link *link, const struct band_identity *found)
{
    const struct band_identity *wanted = &link->band;

    return (!wanted->address[0] || strcasecmp(wanted->address, found->address) == 0) &&
           (!wanted->name[0] || strcasecmp(wanted->name, found->name) == 0);
}

/* How much UTC moved against boot time since the connection before. */
static double clock_step_ms(struct link *link, struct clock_anchor anchor)
{
    int64_t step = 0;

    if (link->has_anchor)
        step = (anchor.utc_us - anchor.boot_us) - (link->anchor.utc_us - link->anchor.boot_us);
    link->has_anchor = true;
    link->anchor = anchor;
    return (double)step / 1000.0;
}

static void refuse_other_band(struct manager *m, const struct band_link *device)
{
    struct manager_outcome outcome =
        outcome_failure(ERROR_INVALID_PARAMETERS, "The band at %s is %s, not %s",
                        device->band.address, device->band.name, label(&m->link.band));

    outcome.parameter = "device_id";
    outcome.band = m->link.band;
    connect_fail(m, &outcome);
}

void link_up(struct manager *m, const struct band_link *device)
{
    struct link *link = &m->link;
    bool resumed = link->state == LINK_WAITING && link->resumes;
    struct manager_outcome outcome = outcome_success();

    if (link->state != LINK_CONNECTING && link->state != LINK_WAITING)
        return;
    if (link->state == LINK_CONNECTING && !is_the_wanted(link, &device->band)) {
        refuse_other_band(m, device);
        return;
    }
    link->state = LINK_CONNECTED;
    link->device = *device;
    link->band = device->band;
    link->known = true;
    link->connected_us = m->now;
    link->proven = false;
    link->reconnects += resumed;
    double step = clock_step_ms(link, device->anchor);
    log_info("Connected %s (%s)%s", device->band.name, device->band.address,
             resumed ? " again" : "");
    subscriptions_reset(m);
    data_link_up(m);
    stream_link_up(m);
    outcome.band = device->band;
    replies_answer(&link->connects, &outcome);
    m->listener.device_connected(m->listener.user, resumed, step);
    data_battery_level(m);
    m->again = true;
}

/* ---- Lost ---- */

static const char *reason_text(enum disconnect_reason reason)
{
    switch (reason) {
    case DISCONNECT_SILENT:
        return "went silent";
    case DISCONNECT_BLUETOOTH_OFF:
        return "lost with Bluetooth";
    default:
        return "lost";
    }
}

void link_lost(struct manager *m, enum disconnect_reason reason)
{
    struct link *link = &m->link;
    bool good = link->proven || m->now - link->connected_us >= PROVEN_US;

    log_warning("%s %s, reconnecting", label(&link->band), reason_text(reason));
    data_link_down(m);
    if (good || link->backoff == 0)
        link->backoff = BACKOFF_FIRST_US;
    link->state = LINK_WAITING;
    link->resumes = true;
    link->outage_told = false;
    link->asked_us = m->now;
    link->seen_us = INT64_MIN;
    link->next_try = m->now + link->backoff;
    link->backoff = 2 * link->backoff < BACKOFF_LAST_US ? 2 * link->backoff : BACKOFF_LAST_US;
    stream_link_lost(m);
    m->listener.device_disconnected(m->listener.user, &link->device.band, reason, true);
    m->again = true;
    if (!m->stream.running)
        return;
    m->stream.running = false;
    m->listener.stream_stopped(m->listener.user, m->stream.demand.sensors,
                               STREAM_END_DEVICE_DISCONNECTED, true);
}

void link_wait_for(struct manager *m, const struct band_identity *band, bool resumes)
{
    struct link *link = &m->link;

    link->band = *band;
    link->known = false;
    link->resumes = resumes;
    link->state = LINK_WAITING;
    link->outage_told = false;
    link->asked_us = m->now;
    link->seen_us = INT64_MIN;
    link->backoff = BACKOFF_FIRST_US;
    link->next_try = m->now;
    log_info("Waiting for %s", label(band));
}

void link_bluetooth_changed(struct manager *m)
{
    struct link *link = &m->link;
    struct manager_outcome outcome = bluetooth_outcome(m);

    if (!bluetooth_is_off(m)) {
        link->next_try = m->now;
        link->backoff = BACKOFF_FIRST_US;
        return;
    }
    scan_finish(m, SCAN_FAILED, &outcome.failure);
    outcome.band = link->band;
    if (link->state == LINK_CONNECTING)
        connect_fail(m, &outcome);
    else if (link->state == LINK_WAITING && link->connects.count > 0)
        background_fail(m, &outcome);
}

/* ---- Disconnecting ---- */

static bool names_other_band(const struct link *link, const char *device_id)
{
    const struct band_identity *band = link->has_next ? &link->next : told_band(link);

    if (!device_id || !device_id[0] || link->state == LINK_IDLE)
        return false;
    if (!band->name[0] || strchr(device_id, ':'))
        return band->address[0] && strcasecmp(device_id, band->address) != 0;
    return strcasecmp(device_id, band->name) != 0;
}

static struct manager_outcome cancelled_by_disconnect(void)
{
    return outcome_failure(ERROR_CANCELLED, "Undone by a disconnect");
}

/* From here on nothing of the band is passed on; what is to be told waits for the link's end. */
static void say_farewell(struct manager *m)
{
    struct link *link = &m->link;
    struct manager_outcome cancelled = cancelled_by_disconnect();

    link->farewell = (struct farewell){
        .connected = link->known || link->resumes,
        .band = *told_band(link),
    };
    if (link->state == LINK_CONNECTED)
        data_link_down(m);
    link->state = LINK_DISCONNECTING;
    replies_answer(&link->connects, &cancelled);
    stream_drop_starts(m, &cancelled);
    link->farewell.stream = stream_drop(m);
}

static void cancel_next(struct manager *m)
{
    struct manager_outcome cancelled = cancelled_by_disconnect();

    m->link.has_next = false;
    replies_answer(&m->link.connects, &cancelled);
    stream_drop_starts(m, &cancelled);
}

static void disconnect_dispatch(struct manager *m, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    switch (m->link.state) {
    case LINK_IDLE:
        outcome.already = true;
        reply_now(reply, &outcome);
        return;
    case LINK_CONNECTING:
    case LINK_CONNECTED:
    case LINK_WAITING:
        say_farewell(m);
        break;
    case LINK_DISCONNECTING:
        cancel_next(m);
        break;
    }
    replies_add(&m->link.disconnects, reply);
}

void manager_disconnect(struct manager *m, const char *device_id, struct manager_reply reply)
{
    manager_enter(m);
    if (refused_at_shutdown(m, reply)) {
        manager_leave(m);
        return;
    }
    if (names_other_band(&m->link, device_id)) {
        struct manager_outcome outcome =
            outcome_failure(ERROR_NOT_CONNECTED, "%.40s is not the band connected", device_id);
        reply_now(reply, &outcome);
    } else {
        disconnect_dispatch(m, reply);
    }
    manager_leave(m);
}

static void disconnect_finish(struct manager *m)
{
    struct link *link = &m->link;
    struct farewell farewell = link->farewell;
    struct manager_outcome outcome = outcome_success();
    bool goes_on = link->has_next;

    outcome.band = farewell.band;
    outcome.already = !farewell.connected;
    link->farewell = (struct farewell){.connected = false};
    link->has_next = false;
    link->known = link->resumes = false;
    link->state = LINK_IDLE;
    if (goes_on)
        connect_begin(m, &link->next, link->connect_deadline);
    replies_answer(&link->disconnects, &outcome);
    if (farewell.connected) {
        log_info("Disconnected %s", label(&farewell.band));
        m->listener.device_disconnected(m->listener.user, &farewell.band, DISCONNECT_USER_REQUEST,
                                        false);
    }
    if (farewell.stream)
        m->listener.stream_stopped(m->listener.user, farewell.stream,
                                   STREAM_END_DEVICE_DISCONNECTED, false);
    m->again = true;
}

void link_settle(struct manager *m)
{
    struct link *link = &m->link;

    if (link->state == LINK_DISCONNECTING && m->radio.state == RADIO_FREE)
        disconnect_finish(m);
    if (link->connects.count == 0 || link->state == LINK_DISCONNECTING)
        return;
    if (!due(m, link->connect_deadline))
        return;
    struct failure failure = link_not_reached(m);
    struct manager_outcome outcome = outcome_failure(failure.code, "%s", failure.message);
    outcome.band = *told_band(link);
    if (link->state == LINK_CONNECTING)
        connect_fail(m, &outcome);
    else if (link->state == LINK_WAITING)
        background_fail(m, &outcome);
}
