/* The connect command in each state of the link (docs/state-machine.md). */
#include <ctype.h>
#include <stdio.h>

#include "internal.h"

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
    outcome->allowed = LINK_NAME_ALLOWED;
    outcome->band = *band;
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
    link_connect(m, band, m->now + CONNECT_LIMIT_US);
}

static void answer_busy(const struct manager *m, struct manager_reply reply)
{
    const struct band_identity *band = link_told_band(&m->link);
    static const char *const doing[] = {
        [LINK_IDLE] = "", /* nobody is told it is busy then */
        [LINK_CONNECTING] = "is being connected",
        [LINK_CONNECTED] = "is connected",
        [LINK_DISCONNECTING] = "is to be connected next",
        [LINK_WAITING] = "was lost and is waited for",
    };
    struct manager_outcome outcome =
        outcome_failure(ERROR_BUSY, "%s %s: disconnect it first",
                        band_label(m->link.has_next ? &m->link.next : band), doing[m->link.state]);

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
    link_try_now(m);
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

/* A band that --auto-connect waits for and that never came stands back for one a user wants; who
 * asked for it is told. */
static void take_over(struct manager *m, const struct band_identity *band,
                      struct manager_reply reply)
{
    struct manager_outcome cancelled =
        outcome_failure(ERROR_CANCELLED, "Undone by a connect to %s", band_label(band));

    cancelled.band = m->link.band;
    m->link.farewell = (struct farewell){.stream = stream_drop(m), .band = m->link.band};
    m->link.state = LINK_DISCONNECTING;
    link_cancel_connects(m, &m->link.farewell.band, &cancelled);
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
