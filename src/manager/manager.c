#include "manager/manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "internal.h"

/* Woken later than this the host slept or starved: what was not heard meanwhile proves nothing. */
#define LATE_US (3 * SECOND)

/* Two drivers that undo each other would be a bug; the bound keeps it from hanging the daemon. */
#define SETTLE_ROUNDS 64

bool due(struct manager *m, int64_t at_us)
{
    if (m->now >= at_us)
        return true;
    if (at_us < m->alarm)
        m->alarm = at_us;
    return false;
}

static void settle(struct manager *m)
{
    int rounds = 0;

    do {
        m->again = false;
        m->alarm = NEVER;
        scan_settle(m);
        link_settle(m);
        utc_settle(m);
        radio_settle(m);
        data_settle(m);
        stream_settle(m);
        subscriptions_settle(m);
        watch_settle(m);
    } while (m->again && ++rounds < SETTLE_ROUNDS);
    if (m->again)
        log_error("The manager does not come to rest");
    status_tell_changes(m);
}

static void tell_alarm(struct manager *m)
{
    if (m->alarm == m->alarm_told)
        return;
    m->alarm_told = m->alarm;
    m->host.wake_at(m->host.user, m->alarm);
}

void manager_enter(struct manager *m)
{
    m->now = m->host.boot_us(m->host.user);
    if (m->depth++ > 0 || m->alarm_told == NEVER || m->now <= m->alarm_told + LATE_US)
        return;
    watch_forgive(m);
}

static void destroyed(void *user)
{
    struct manager *m = user;
    void (*closed)(void *user) = m->closed;
    void *closed_user = m->closed_user;

    pipeline_destroy(m->pipeline);
    free(m);
    if (closed)
        closed(closed_user);
}

void manager_leave(struct manager *m)
{
    m->again = true;
    if (m->depth == 1 && !m->closing)
        settle(m);
    if (--m->depth > 0 || m->destroying)
        return;
    if (!m->closing) {
        tell_alarm(m);
        return;
    }
    if (m->link_is_down)
        data_link_down(m);
    m->destroying = true;
    m->host.wake_at(m->host.user, NEVER);
    m->backend->ops->destroy(m->backend, destroyed, m);
}

bool refused_at_shutdown(struct manager *m, struct manager_reply reply)
{
    if (!m->closing)
        return false;
    struct manager_outcome outcome =
        outcome_failure(ERROR_CANCELLED, "The daemon is shutting down");
    reply_now(reply, &outcome);
    return true;
}

bool bluetooth_is_off(const struct manager *m)
{
    return m->bluetooth_known && !(m->bluetooth_available && m->bluetooth_powered);
}

struct manager_outcome bluetooth_outcome(const struct manager *m)
{
    return outcome_failure(ERROR_BLUETOOTH, "%s",
                           m->bluetooth_message[0] ? m->bluetooth_message : "Bluetooth is off");
}

void manager_forget(struct manager *m, const void *user)
{
    replies_forget(&m->scan.replies, user);
    replies_forget(&m->link.connects, user);
    replies_forget(&m->link.disconnects, user);
    replies_forget(&m->stream.starts, user);
}

static void on_bluetooth(void *user, bool available, bool powered, const char *message)
{
    struct manager *m = user;

    manager_enter(m);
    m->bluetooth_known = true;
    m->bluetooth_available = available;
    m->bluetooth_powered = powered;
    snprintf(m->bluetooth_message, sizeof(m->bluetooth_message), "%s", message ? message : "");
    log_info("Bluetooth %s: %s", bluetooth_is_off(m) ? "off" : "on", m->bluetooth_message);
    link_bluetooth_changed(m);
    m->listener.bluetooth_status(m->listener.user);
    manager_leave(m);
}

static void on_seen(void *user, const struct band_sighting *sighting)
{
    manager_enter(user);
    scan_seen(user, sighting);
    manager_leave(user);
}

static void on_scan_ended(void *user, const struct failure *failure)
{
    manager_enter(user);
    scan_radio_ended(user, failure);
    manager_leave(user);
}

static void on_connected(void *user, const struct band_link *link)
{
    manager_enter(user);
    radio_connected(user, link);
    manager_leave(user);
}

static void on_connect_failed(void *user, const struct failure *failure)
{
    manager_enter(user);
    radio_connect_failed(user, failure);
    manager_leave(user);
}

static void on_disconnected(void *user, enum link_end end)
{
    manager_enter(user);
    radio_disconnected(user, end);
    manager_leave(user);
}

static void on_notified(void *user, enum sensor sensor, bool on, const struct failure *failure)
{
    manager_enter(user);
    subscription_notified(user, sensor, on, failure);
    manager_leave(user);
}

/* Refused or missing: some firmware sends EEG on the subscription alone (docs/band.md), so it is
 * only logged. */
static void on_controlled(void *user, const struct failure *failure)
{
    manager_enter(user);
    if (failure)
        log_debug("EEG control: %s", failure->message);
    subscription_controlled(user);
    manager_leave(user);
}

static void on_probed(void *user, bool alive)
{
    manager_enter(user);
    watch_probed(user, alive);
    manager_leave(user);
}

static void on_packet(void *user, const struct packet *packet)
{
    manager_enter(user);
    data_packet(user, packet);
    manager_leave(user);
}

struct manager *manager_create(const struct manager_config *config, struct backend *backend,
                               const struct manager_host *host,
                               const struct manager_listener *listener)
{
    struct manager *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->config = *config;
    m->host = *host;
    m->listener = *listener;
    m->alarm = m->alarm_told = NEVER;
    m->eeg_fed_us = NEVER;
    m->stream.ends = NEVER;
    m->pipeline = data_pipeline_create(m);
    if (!m->pipeline) {
        free(m);
        return NULL;
    }
    m->backend = backend;
    backend->listener = (struct backend_listener){
        .user = m,
        .bluetooth = on_bluetooth,
        .seen = on_seen,
        .scan_ended = on_scan_ended,
        .connected = on_connected,
        .connect_failed = on_connect_failed,
        .disconnected = on_disconnected,
        .notified = on_notified,
        .controlled = on_controlled,
        .probed = on_probed,
        .packet = on_packet,
    };
    return m;
}

void manager_wake(struct manager *m)
{
    manager_enter(m);
    /* The host's wish is used up: even the same time must be wished for anew. */
    m->alarm_told = NEVER;
    manager_leave(m);
}

void manager_resumed(struct manager *m)
{
    manager_enter(m);
    watch_forgive(m);
    manager_leave(m);
}

static void end_link(struct manager *m, const struct manager_outcome *cancelled)
{
    struct link *link = &m->link;
    struct band_identity band = link->known ? link->device.band : link->band;
    bool tell = (link->state == LINK_CONNECTED || link->state == LINK_WAITING) &&
                (link->known || link->resumes);
    struct manager_outcome gone = outcome_success();

    if (link->state == LINK_DISCONNECTING) {
        band = gone.band = link->farewell.band;
        tell = link->farewell.connected;
    }
    link->state = LINK_IDLE;
    data_link_down(m);
    replies_answer(&link->disconnects, &gone);
    replies_answer(&link->connects, cancelled);
    stream_drop_starts(m, cancelled);
    sensor_set stream = stream_drop(m) | link->farewell.stream;
    if (tell)
        m->listener.device_disconnected(m->listener.user, &band, DISCONNECT_SHUTDOWN, false);
    if (stream)
        m->listener.stream_stopped(m->listener.user, &band, stream, STREAM_END_DEVICE_DISCONNECTED,
                                   false);
}

void manager_shutdown(struct manager *m, void (*done)(void *user), void *user)
{
    struct manager_outcome cancelled =
        outcome_failure(ERROR_CANCELLED, "The daemon is shutting down");

    manager_enter(m);
    if (!m->closing) {
        m->closing = true;
        m->closed = done;
        m->closed_user = user;
        scan_finish(m, SCAN_STOPPED, NULL);
        end_link(m, &cancelled);
        status_tell_changes(m);
    }
    manager_leave(m);
}
