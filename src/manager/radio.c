/*
 * The backend's one attempt or link, driven to what the link's state wants.
 *
 *   FREE ──connect()──▸ TRYING ──connected──▸ LINKED ──disconnected──▸ FREE
 *                         │ connect_failed ──▸ FREE
 *                         └disconnect()▸ CANCELLING ▸ FREE    LINKED ─disconnect()▸ ENDING ▸ FREE
 *
 * What a backend says that does not belong to the state is ignored: nothing above sees it.
 */
#include "base/log.h"
#include "internal.h"

/* bluetoothd takes 2 s for a Disconnect; one that never answers must not block the next connect. */
#define PATIENCE_US (10 * SECOND)

static void let_go(struct device *d, enum radio_state state)
{
    d->radio.state = state;
    d->radio.deadline = d->ground->when.now_us + PATIENCE_US;
    due(d, d->radio.deadline);
    d->ground->backend->ops->disconnect(d->ground->backend);
}

static void attempt(struct device *d)
{
    d->radio.state = RADIO_TRYING;
    d->radio.band = d->link.band;
    d->radio.deadline = d->ground->when.now_us + CONNECT_LIMIT_US;
    due(d, d->radio.deadline);
    d->ground->backend->ops->connect(d->ground->backend, &d->link.band);
}

/* A user's connect has its own, never later limit; here ends a try in the background. */
static void settle_trying(struct device *d)
{
    bool wanted = (d->link.state == LINK_CONNECTING || d->link.state == LINK_WAITING) &&
                  same_band(&d->radio.band, &d->link.band);

    if (wanted && !due(d, d->radio.deadline))
        return;
    let_go(d, RADIO_CANCELLING);
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
            let_go(d, RADIO_ENDING);
        break;
    case RADIO_CANCELLING:
    case RADIO_ENDING:
        if (!due(d, d->radio.deadline))
            break;
        log_warning("The backend does not let go of the band; going on without its word");
        d->radio.state = RADIO_FREE;
        d->again = true;
        break;
    }
}

void radio_connected(struct device *d, const struct band_link *link)
{
    switch (d->radio.state) {
    case RADIO_TRYING:
        d->radio.state = RADIO_LINKED;
        link_up(d, link);
        break;
    case RADIO_CANCELLING: /* came just before the cancel: the end of the link follows */
        d->radio.state = RADIO_ENDING;
        break;
    case RADIO_FREE: /* nobody waits for it any more: settling lets it go */
        d->radio.state = RADIO_LINKED;
        break;
    case RADIO_LINKED:
    case RADIO_ENDING:
        break;
    }
}

void radio_connect_failed(struct device *d, const struct failure *failure)
{
    bool trying = d->radio.state == RADIO_TRYING;
    struct failure told = *failure;

    if (d->radio.state == RADIO_FREE || d->radio.state == RADIO_LINKED)
        return;
    d->radio.state = RADIO_FREE;
    if (!trying)
        return;
    /* A cancel that nobody asked for is a failure to whoever waits. */
    if (told.code == ERROR_CANCELLED || told.code == ERROR_NONE)
        told.code = ERROR_CONNECTION_FAILED;
    link_attempt_failed(d, &told);
}

void radio_disconnected(struct device *d, enum link_end end)
{
    bool was_linked = d->radio.state == RADIO_LINKED;

    /* Connecting, the attempt's own end is still to come. */
    if (d->radio.state == RADIO_FREE || d->radio.state == RADIO_TRYING)
        return;
    d->radio.state = RADIO_FREE;
    if (was_linked && d->link.state == LINK_CONNECTED)
        link_lost(d, end == LINK_END_BLUETOOTH ? DISCONNECT_BLUETOOTH_OFF : DISCONNECT_LINK_LOST);
}
