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

static void let_go(struct manager *m, enum radio_state state)
{
    m->radio.state = state;
    m->radio.deadline = m->now + PATIENCE_US;
    due(m, m->radio.deadline);
    m->backend->ops->disconnect(m->backend);
}

static void attempt(struct manager *m)
{
    m->radio.state = RADIO_TRYING;
    m->radio.band = m->link.band;
    m->radio.deadline = m->now + CONNECT_LIMIT_US;
    due(m, m->radio.deadline);
    m->backend->ops->connect(m->backend, &m->link.band);
}

/* A user's connect has its own, never later limit; here ends a try in the background. */
static void settle_trying(struct manager *m)
{
    bool wanted = (m->link.state == LINK_CONNECTING || m->link.state == LINK_WAITING) &&
                  same_band(&m->radio.band, &m->link.band);

    if (wanted && !due(m, m->radio.deadline))
        return;
    let_go(m, RADIO_CANCELLING);
    if (wanted && m->link.state == LINK_WAITING) {
        struct failure failure = link_not_reached(m);
        link_attempt_failed(m, &failure);
    }
}

void radio_settle(struct manager *m)
{
    switch (m->radio.state) {
    case RADIO_FREE:
        if (link_wants_attempt(m))
            attempt(m);
        break;
    case RADIO_TRYING:
        settle_trying(m);
        break;
    case RADIO_LINKED:
        if (m->link.state != LINK_CONNECTED)
            let_go(m, RADIO_ENDING);
        break;
    case RADIO_CANCELLING:
    case RADIO_ENDING:
        if (!due(m, m->radio.deadline))
            break;
        log_warning("The backend does not let go of the band; going on without its word");
        m->radio.state = RADIO_FREE;
        m->again = true;
        break;
    }
}

void radio_connected(struct manager *m, const struct band_link *link)
{
    switch (m->radio.state) {
    case RADIO_TRYING:
        m->radio.state = RADIO_LINKED;
        link_up(m, link);
        break;
    case RADIO_CANCELLING: /* came just before the cancel: the end of the link follows */
        m->radio.state = RADIO_ENDING;
        break;
    case RADIO_FREE: /* nobody waits for it any more: settling lets it go */
        m->radio.state = RADIO_LINKED;
        break;
    case RADIO_LINKED:
    case RADIO_ENDING:
        break;
    }
}

void radio_connect_failed(struct manager *m, const struct failure *failure)
{
    bool trying = m->radio.state == RADIO_TRYING;
    struct failure told = *failure;

    if (m->radio.state == RADIO_FREE || m->radio.state == RADIO_LINKED)
        return;
    m->radio.state = RADIO_FREE;
    if (!trying)
        return;
    /* A cancel that nobody asked for is a failure to whoever waits. */
    if (told.code == ERROR_CANCELLED || told.code == ERROR_NONE)
        told.code = ERROR_CONNECTION_FAILED;
    link_attempt_failed(m, &told);
}

void radio_disconnected(struct manager *m, enum link_end end)
{
    bool was_linked = m->radio.state == RADIO_LINKED;

    /* Connecting, the attempt's own end is still to come. */
    if (m->radio.state == RADIO_FREE || m->radio.state == RADIO_TRYING)
        return;
    m->radio.state = RADIO_FREE;
    if (was_linked && m->link.state == LINK_CONNECTED)
        link_lost(m, end == LINK_END_BLUETOOTH ? DISCONNECT_BLUETOOTH_OFF : DISCONNECT_LINK_LOST);
}
