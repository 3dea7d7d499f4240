/* The connect command in each state of the link (docs/state-machine.md). */
#include "internal.h"

static void connect_in_idle(struct device *d, const struct band_identity *band,
                            struct manager_reply reply)
{
    struct link *link = &d->link;

    if (ground_bluetooth_is_off(d->ground)) {
        struct manager_outcome outcome = ground_bluetooth_outcome(d->ground);
        outcome.band = *band;
        reply_now(reply, &outcome);
        d->ground->listener.device_connection_failed(d->ground->listener.user, band,
                                                     &outcome.failure, false);
        return;
    }
    link->asked_us = d->ground->when.now_us;
    replies_add(&link->connects, reply);
    link_connect(d, band, d->ground->when.now_us + CONNECT_LIMIT_US);
}

static void answer_busy(const struct device *d, struct manager_reply reply)
{
    const struct band_identity *band = link_told_band(&d->link);
    static const char *const doing[] = {
        [LINK_IDLE] = "", /* nobody is told it is busy then */
        [LINK_CONNECTING] = "is being connected",
        [LINK_CONNECTED] = "is connected",
        [LINK_DISCONNECTING] = "is to be connected next",
        [LINK_WAITING] = "was lost and is waited for",
    };
    struct manager_outcome outcome =
        outcome_failure(ERROR_BUSY, "%s %s: disconnect it first",
                        band_label(d->link.has_next ? &d->link.next : band), doing[d->link.state]);

    outcome.band = *band;
    reply_now(reply, &outcome);
}

static void connect_in_waiting(struct device *d, struct manager_reply reply)
{
    struct link *link = &d->link;

    if (ground_bluetooth_is_off(d->ground)) {
        struct manager_outcome outcome = ground_bluetooth_outcome(d->ground);
        outcome.band = link->band;
        reply_now(reply, &outcome);
        return;
    }
    if (link->connects.count == 0) {
        link->asked_us = d->ground->when.now_us;
        link->connect_deadline = d->ground->when.now_us + CONNECT_LIMIT_US;
        if (d->radio.state == RADIO_TRYING)
            d->radio.deadline = link->connect_deadline;
    }
    replies_add(&link->connects, reply);
    link_try_now(d);
}

static void connect_in_disconnecting(struct device *d, const struct band_identity *band,
                                     struct manager_reply reply)
{
    struct link *link = &d->link;

    if (!link->has_next) {
        link->has_next = true;
        link->next = *band;
        link->asked_us = d->ground->when.now_us;
        link->connect_deadline = d->ground->when.now_us + CONNECT_LIMIT_US;
    }
    replies_add(&link->connects, reply);
}

/* A band that --auto-connect waits for and that never came stands back for one a user wants; who
 * asked for it is told. */
static void take_over(struct device *d, const struct band_identity *band,
                      struct manager_reply reply)
{
    struct manager_outcome cancelled =
        outcome_failure(ERROR_CANCELLED, "Undone by a connect to %s", band_label(band));

    cancelled.band = d->link.band;
    d->link.farewell = (struct farewell){.stream = told_drop_stream(d), .band = d->link.band};
    d->link.state = LINK_DISCONNECTING;
    link_cancel_connects(d, &d->link.farewell.band, &cancelled);
    connect_in_disconnecting(d, band, reply);
}

static void answer_connected(struct device *d, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    outcome.already = true;
    outcome.band = d->link.device.band;
    reply_now(reply, &outcome);
}

void device_connect(struct device *d, const struct band_identity *band, struct manager_reply reply)
{
    struct link *link = &d->link;
    bool same = same_band(band, link->has_next ? &link->next : &link->band);

    switch (link->state) {
    case LINK_IDLE:
        connect_in_idle(d, band, reply);
        return;
    case LINK_DISCONNECTING:
        if (!link->has_next || same)
            connect_in_disconnecting(d, band, reply);
        else
            answer_busy(d, reply);
        return;
    case LINK_CONNECTING:
        if (same)
            replies_add(&link->connects, reply);
        else
            answer_busy(d, reply);
        return;
    case LINK_CONNECTED:
        if (same)
            answer_connected(d, reply);
        else
            answer_busy(d, reply);
        return;
    case LINK_WAITING:
        if (same)
            connect_in_waiting(d, reply);
        else if (!link->known && !link->resumes)
            take_over(d, band, reply);
        else
            answer_busy(d, reply);
        return;
    }
}
