/*
 * The band that is wanted: connect, disconnect, loss, reconnection.
 *
 *   IDLE ──connect──▸ CONNECTING ──up──▸ CONNECTED ──lost, silent──▸ WAITING ──up──▸ CONNECTED
 *                        │ failed, 20 s ▸ IDLE                          └─ tries with back-off
 *   any ──disconnect──▸ DISCONNECTING ──radio free──▸ IDLE, or CONNECTING if a connect came since
 *
 * docs/state-machine.md has each command in each state.
 */
#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "internal.h"

/* What works in the field (docs/bluez.md). */
#define BACKOFF_FIRST_US (SECOND / 4)
#define BACKOFF_LAST_US  (30 * SECOND)

/* A link that held this long was a good one, even if nothing was streamed over it. */
#define PROVEN_US (10 * SECOND)

/* A band seen this long before the connect counts as seen. */
#define RECENT_US (60 * SECOND)

const char *band_label(const struct band_identity *band)
{
    return band->name[0] ? band->name : band->address;
}

const struct band_identity *link_told_band(const struct link *link)
{
    return link->known ? &link->device.band : &link->band;
}

struct failure link_not_reached(const struct device *d)
{
    const struct link *link = &d->link;
    struct failure failure;

    if (link->seen_us != INT64_MIN && link->seen_us >= link->asked_us - RECENT_US) {
        failure_set(&failure, ERROR_CONNECTION_FAILED,
                    "%s was seen but could not be connected in time: bring it nearer, or make sure "
                    "that no other program or phone holds it",
                    band_label(&link->band));
    } else {
        failure_set(&failure, ERROR_DEVICE_NOT_FOUND,
                    "%s was not found: switch it on, bring it near, and make sure that no other "
                    "program or phone holds it",
                    band_label(&link->band));
    }
    return failure;
}

void link_connect(struct device *d, const struct band_identity *band, int64_t deadline)
{
    struct link *link = &d->link;

    link->band = *band;
    snprintf(d->label, sizeof(d->label), "%s", band_label(&link->band));
    link->known = false;
    link->resumes = false;
    link->state = LINK_CONNECTING;
    link->connect_deadline = deadline;
    link->seen_us = sightings_last(&d->ground->scan.seen, band);
    if (d->radio.state == RADIO_TRYING)
        d->radio.deadline = deadline;
    log_info("Connecting %s", band_label(band));
    /* A scan takes the radio's time from the connection; what it found is told. */
    ground_finish_scan(d->ground, SCAN_STOPPED, NULL);
    d->again = true;
}

void link_cancel_connects(struct device *d, const struct band_identity *band,
                          const struct manager_outcome *cancelled)
{
    const struct band_identity wanted = *band;
    bool any = d->link.connects.count > 0;

    replies_answer(&d->link.connects, cancelled);
    if (any)
        d->ground->listener.device_connection_failed(d->ground->listener.user, &wanted,
                                                     &cancelled->failure, false);
}

/* A user's connect came to nothing: reply, then the event; a start that waited shares its fate. */
static void connect_fail(struct device *d, const struct manager_outcome *outcome)
{
    struct link *link = &d->link;
    struct band_identity band = link->band;

    log_warning("Connecting %s failed: %s", band_label(&band), outcome->failure.message);
    link->state = LINK_IDLE;
    replies_answer(&link->connects, outcome);
    told_no_start(d, outcome);
    d->ground->listener.device_connection_failed(d->ground->listener.user, &band, &outcome->failure,
                                                 false);
}

/* In the background only the first failure of an outage is told, so that no client is flooded. */
static void background_fail(struct device *d, const struct manager_outcome *outcome)
{
    struct link *link = &d->link;
    struct band_identity band = *link_told_band(link);
    bool tell = link->connects.count > 0 || !link->outage_told;

    link->outage_told = true;
    replies_answer(&link->connects, outcome);
    if (tell)
        d->ground->listener.device_connection_failed(d->ground->listener.user, &band,
                                                     &outcome->failure, true);
}

void link_attempt_failed(struct device *d, const struct failure *failure)
{
    struct link *link = &d->link;
    struct manager_outcome outcome = outcome_failure(failure->code, "%s", failure->message);

    outcome.band = *link_told_band(link);
    if (link->state == LINK_CONNECTING) {
        connect_fail(d, &outcome);
    } else if (link->state == LINK_WAITING) {
        link->next_try = d->ground->when.now_us + link->backoff;
        link->backoff = 2 * link->backoff < BACKOFF_LAST_US ? 2 * link->backoff : BACKOFF_LAST_US;
        background_fail(d, &outcome);
    }
}

bool link_wants_attempt(struct device *d)
{
    if (d->link.state == LINK_CONNECTING)
        return true;
    return d->link.state == LINK_WAITING && !ground_bluetooth_is_off(d->ground) &&
           due(d, d->link.next_try);
}

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

static void refuse_other_band(struct device *d, const struct band_link *device)
{
    struct manager_outcome outcome =
        outcome_failure(ERROR_INVALID_PARAMETERS, "The band at %s is %s, not %s",
                        device->band.address, device->band.name, band_label(&d->link.band));

    outcome.parameter = "device_id";
    outcome.allowed = LINK_NAME_ALLOWED;
    outcome.band = d->link.band;
    connect_fail(d, &outcome);
}

/* The band notifies its level only as it changes, minutes apart: the one read at connection is the
 * first. */
static void tell_battery_level(struct device *d)
{
    const struct band_link *device = &d->link.device;
    const uint8_t level = (uint8_t)device->battery_level;
    const struct packet packet = {SENSOR_BAT, device->anchor.boot_us, &level, 1};
    double silent_for;

    if (d->link.state != LINK_CONNECTED || device->battery_level == BATTERY_UNKNOWN)
        return;
    sensors_heard(&d->sensors, SENSOR_BAT, d->ground->when.now_us, &silent_for);
    data_packet(d, &packet);
}

static const struct band_model *kind_of(const struct band_identity *band)
{
    const struct band_model *model = model_of_band(band->name);

    return model ? model : model_default();
}

void link_up(struct device *d, const struct band_link *device)
{
    struct link *link = &d->link;
    bool resumed = link->state == LINK_WAITING && link->resumes;
    struct manager_outcome outcome = outcome_success();

    if (link->state != LINK_CONNECTING && link->state != LINK_WAITING)
        return;
    if (link->state == LINK_CONNECTING && !is_the_wanted(link, &device->band)) {
        refuse_other_band(d, device);
        return;
    }
    link->state = LINK_CONNECTED;
    link->device = *device;
    link->band = device->band;
    snprintf(d->label, sizeof(d->label), "%s", band_label(&link->band));
    link->known = true;
    link->connected_us = d->ground->when.now_us;
    link->proven = false;
    link->reconnects += resumed;
    double step = clock_step_ms(link, device->anchor);
    log_info("Connected %s (%s)%s", device->band.name, device->band.address,
             resumed ? " again" : "");
    sensors_begin(&d->sensors, kind_of(&device->band));
    int64_t offset_us;
    bool offset_known = ground_utc_offset(d->ground, &offset_us);
    utc_begin(&d->utc, offset_known, offset_us, d->ground->when.now_us);
    data_link_up(d);
    stream_link_up(&d->stream, d->ground->when.now_us);
    outcome.band = device->band;
    replies_answer(&link->connects, &outcome);
    d->ground->listener.device_connected(d->ground->listener.user, resumed, step);
    tell_battery_level(d);
    d->again = true;
}

static const char *reason_text(enum disconnect_reason reason)
{
    switch (reason) {
    case DISCONNECT_SILENT:
        return "went silent";
    case DISCONNECT_BLUETOOTH_OFF:
        return "lost with Bluetooth";
    case DISCONNECT_LINK_LOST:
    case DISCONNECT_USER_REQUEST:
    case DISCONNECT_SHUTDOWN:
        break;
    }
    return "lost";
}

void link_lost(struct device *d, enum disconnect_reason reason)
{
    struct link *link = &d->link;
    struct manager_outcome promised = outcome_success();
    sensor_set running;
    bool good = link->proven || d->ground->when.now_us - link->connected_us >= PROVEN_US;

    promised.band = link->device.band;
    log_warning("%s %s, reconnecting", band_label(&link->band), reason_text(reason));
    if (good || link->backoff == 0)
        link->backoff = BACKOFF_FIRST_US;
    link->state = LINK_WAITING;
    link->resumes = true;
    link->outage_told = false;
    link->asked_us = d->ground->when.now_us;
    link->seen_us = INT64_MIN;
    link->next_try = d->ground->when.now_us + link->backoff;
    link->backoff = 2 * link->backoff < BACKOFF_LAST_US ? 2 * link->backoff : BACKOFF_LAST_US;
    d->again = true;
    /* The pipeline gives out what it held: on hearing that someone may disconnect. */
    data_link_down(d);
    if (link->state != LINK_WAITING)
        return;
    running = d->stream.told;
    stream_link_lost(&d->stream, device_eeg_rate(d), ground_clock(d->ground));
    replies_answer(&d->starts, &promised);
    d->ground->listener.device_disconnected(d->ground->listener.user, &link->device.band, reason,
                                            true);
    if (!stream_pause(&d->stream))
        return;
    d->ground->listener.stream_stopped(d->ground->listener.user, &link->device.band, running,
                                       STREAM_END_DEVICE_DISCONNECTED, true);
}

void link_try_now(struct device *d)
{
    d->link.next_try = d->ground->when.now_us;
    d->link.backoff = BACKOFF_FIRST_US;
}

void link_wait_for(struct device *d, const struct band_identity *band, bool resumes)
{
    struct link *link = &d->link;

    link->band = *band;
    snprintf(d->label, sizeof(d->label), "%s", band_label(&link->band));
    link->known = false;
    link->resumes = resumes;
    link->state = LINK_WAITING;
    link->outage_told = false;
    link->asked_us = d->ground->when.now_us;
    link->seen_us = INT64_MIN;
    link_try_now(d);
    log_info("Waiting for %s", band_label(band));
}

void link_seen(struct device *d, const struct band_identity *band)
{
    if (d->link.state != LINK_IDLE && same_band(band, &d->link.band))
        d->link.seen_us = d->ground->when.now_us;
}

void link_bluetooth_changed(struct device *d)
{
    const struct link *link = &d->link;
    struct manager_outcome outcome = ground_bluetooth_outcome(d->ground);

    if (!ground_bluetooth_is_off(d->ground)) {
        link_try_now(d);
        return;
    }
    outcome.band = link->band;
    if (link->state == LINK_CONNECTING)
        connect_fail(d, &outcome);
    else if (link->state == LINK_WAITING && link->connects.count > 0)
        background_fail(d, &outcome);
}

void link_settle(struct device *d)
{
    struct link *link = &d->link;

    if (link->state == LINK_DISCONNECTING && radio_let_go(d))
        link_disconnected(d);
    if (link->connects.count == 0 || link->state == LINK_DISCONNECTING)
        return;
    if (!due(d, link->connect_deadline))
        return;
    struct failure failure = link_not_reached(d);
    struct manager_outcome outcome = outcome_failure(failure.code, "%s", failure.message);
    outcome.band = *link_told_band(link);
    if (link->state == LINK_CONNECTING)
        connect_fail(d, &outcome);
    else if (link->state == LINK_WAITING)
        background_fail(d, &outcome);
}
