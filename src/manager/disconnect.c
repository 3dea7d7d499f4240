/* The disconnect command in each state of the link, and its end when the radio has let go. */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "internal.h"

static bool names_other_band(const struct link *link, const char *device_id)
{
    const struct band_identity *band = link->has_next ? &link->next : link_told_band(link);

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
static void say_farewell(struct device *d)
{
    struct link *link = &d->link;
    struct manager_outcome cancelled = cancelled_by_disconnect();

    link->farewell = (struct farewell){
        .connected = link->known || link->resumes,
        .band = *link_told_band(link),
    };
    link->state = LINK_DISCONNECTING;
    data_link_down(d);
    link_cancel_connects(d, &link->farewell.band, &cancelled);
    told_no_start(d, &cancelled);
    link->farewell.stream = told_drop_stream(d);
}

static void cancel_next(struct device *d)
{
    struct manager_outcome cancelled = cancelled_by_disconnect();

    d->link.has_next = false;
    link_cancel_connects(d, &d->link.next, &cancelled);
    told_no_start(d, &cancelled);
}

static void disconnect_dispatch(struct device *d, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    switch (d->link.state) {
    case LINK_IDLE:
        outcome.already = true;
        reply_now(reply, &outcome);
        return;
    case LINK_CONNECTING:
    case LINK_CONNECTED:
    case LINK_WAITING:
        say_farewell(d);
        break;
    case LINK_DISCONNECTING:
        cancel_next(d);
        break;
    }
    replies_add(&d->link.disconnects, reply);
}

void device_disconnect(struct device *d, const char *device_id, struct manager_reply reply)
{
    if (names_other_band(&d->link, device_id)) {
        struct manager_outcome outcome =
            outcome_failure(ERROR_NOT_CONNECTED, "%.40s is not the band connected", device_id);
        reply_now(reply, &outcome);
    } else {
        disconnect_dispatch(d, reply);
    }
}

void link_disconnected(struct device *d)
{
    struct link *link = &d->link;
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
        link_connect(d, &link->next, link->connect_deadline);
    replies_answer(&link->disconnects, &outcome);
    if (farewell.connected) {
        log_info("Disconnected %s", band_label(&farewell.band));
        d->ground->listener.device_disconnected(d->ground->listener.user, &farewell.band,
                                                DISCONNECT_USER_REQUEST, false);
    }
    if (farewell.stream)
        d->ground->listener.stream_stopped(d->ground->listener.user, &farewell.band,
                                           farewell.stream, STREAM_END_DEVICE_DISCONNECTED, false);
    d->again = true;
}
