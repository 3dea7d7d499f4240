/*
 * The backend's one link, driven to what the link's state wants.
 *
 *   FREE ──open()──▸ TRYING ──up──▸ LINKED ──down──▸ FREE
 *                      │ down ──▸ FREE   │
 *                      └─────close()─────┴──▸ CLOSING ──down──▸ FREE
 *
 * A backend that does not let go in time (STUCK) does not keep a disconnect waiting; only the next
 * attempt waits until it has.
 */
#include "base/log.h"
#include "internal.h"

#define PATIENCE_US (LINK_CLOSE_MS * INT64_C(1000))

static void let_go(struct device *d)
{
    d->radio.state = RADIO_CLOSING;
    d->radio.deadline = d->ground->when.now_us + PATIENCE_US;
    due(d, d->radio.deadline);
    d->radio.handle->ops->close(d->radio.handle);
}

static void attempt(struct device *d)
{
    struct failure failure;

    d->radio.handle =
        d->ground->backend->ops->open(d->ground->backend, &d->link.band, &d->radio.listener);
    if (!d->radio.handle) {
        failure_set(&failure, ERROR_INTERNAL, "There is no memory for a connection");
        link_attempt_failed(d, &failure);
        return;
    }
    d->radio.state = RADIO_TRYING;
    d->radio.band = d->link.band;
    d->radio.deadline = d->ground->when.now_us + CONNECT_LIMIT_US;
    due(d, d->radio.deadline);
}

/* A user's connect has its own, never later limit; here ends a try in the background. */
static void settle_trying(struct device *d)
{
    bool wanted = (d->link.state == LINK_CONNECTING || d->link.state == LINK_WAITING) &&
                  same_band(&d->radio.band, &d->link.band);

    if (wanted && !due(d, d->radio.deadline))
        return;
    let_go(d);
    if (wanted && d->link.state == LINK_WAITING) {
        struct failure failure = link_not_reached(d);
        link_attempt_failed(d, &failure);
    }
}

void radio_settle(struct device *d)
{
    switch (d->radio.state) {
    case RADIO_FREE:
        if (link_wants_attempt(d))
            attempt(d);
        break;
    case RADIO_TRYING:
        settle_trying(d);
        break;
    case RADIO_LINKED:
        if (d->link.state != LINK_CONNECTED)
            let_go(d);
        break;
    case RADIO_CLOSING:
        if (!due(d, d->radio.deadline))
            break;
        log_warning("The backend does not let go of the band; going on without its word");
        d->radio.state = RADIO_STUCK;
        d->again = true;
        break;
    case RADIO_STUCK:
        break;
    }
}

bool radio_let_go(const struct device *d)
{
    return d->radio.state == RADIO_FREE || d->radio.state == RADIO_STUCK;
}

void radio_up(struct device *d, const struct band_link *made)
{
    if (d->radio.state != RADIO_TRYING)
        return;
    d->radio.state = RADIO_LINKED;
    link_up(d, made);
}

/* Whatever ended it, to whoever waits for the connection the attempt has failed. */
static void attempt_ended(struct device *d, const struct failure *failure)
{
    struct failure unexplained;

    if (!failure)
        failure =
            failure_set(&unexplained, ERROR_CONNECTION_FAILED, "Connecting was given up unasked");
    link_attempt_failed(d, failure);
}

void radio_down(struct device *d, enum link_end end, const struct failure *failure)
{
    const enum radio_state was = d->radio.state;

    d->radio.state = RADIO_FREE;
    d->radio.handle = NULL;
    if (was == RADIO_TRYING)
        attempt_ended(d, failure);
    else if (was == RADIO_LINKED && d->link.state == LINK_CONNECTED)
        link_lost(d, end == LINK_END_BLUETOOTH ? DISCONNECT_BLUETOOTH_OFF : DISCONNECT_LINK_LOST);
}
