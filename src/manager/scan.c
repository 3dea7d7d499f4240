/* Scans: one at a time, joined by whoever asks meanwhile. */
#include "base/log.h"
#include "internal.h"

/* A backend that never says that its scan has ended is taken to have ended it after this. */
#define PATIENCE_US (10 * SECOND)

void scan_seen(struct manager *m, const struct band_sighting *sighting)
{
    if (m->link.state != LINK_IDLE && same_band(&sighting->band, &m->link.band))
        m->link.seen_us = m->now;
    if (!m->scan.wanted)
        return;
    if (sightings_note(&m->scan.seen, sighting, m->now))
        m->listener.scan_result(m->listener.user, SCAN_SCANNING);
}

/* Answers the scan's commands, then tells all; what it saw stays for a connect. */
void scan_finish(struct manager *m, enum scan_status status, const struct failure *failure)
{
    struct manager_outcome outcome = outcome_success();

    if (!m->scan.wanted)
        return;
    m->scan.wanted = false;
    if (failure)
        outcome.failure = *failure;
    log_info("Scan ended, %zu bands seen%s%s", m->scan.seen.count, failure ? ": " : "",
             failure ? failure->message : "");
    replies_answer(&m->scan.replies, &outcome);
    m->listener.scan_result(m->listener.user, status);
}

void scan_radio_ended(struct manager *m, const struct failure *failure)
{
    bool asked = m->scan.radio == SCAN_ENDING;

    if (m->scan.radio == SCAN_OFF)
        return;
    m->scan.radio = SCAN_OFF;
    if (!asked)
        scan_finish(m, failure ? SCAN_FAILED : SCAN_STOPPED, failure);
}

void scan_settle(struct manager *m)
{
    struct scan *scan = &m->scan;

    if (scan->wanted && due(m, scan->ends))
        scan_finish(m, SCAN_COMPLETED, NULL);
    if (scan->radio == SCAN_ENDING && due(m, scan->patience))
        scan->radio = SCAN_OFF;
    if (scan->wanted && scan->radio == SCAN_OFF) {
        scan->radio = SCAN_ON;
        m->backend->ops->scan_start(m->backend);
    } else if (!scan->wanted && scan->radio == SCAN_ON) {
        scan->radio = SCAN_ENDING;
        scan->patience = m->now + PATIENCE_US;
        due(m, scan->patience);
        m->backend->ops->scan_stop(m->backend);
    }
}

static void begin(struct manager *m, double seconds, struct manager_reply reply)
{
    double limited = seconds < MANAGER_SCAN_SECONDS_MAX ? seconds : MANAGER_SCAN_SECONDS_MAX;

    m->scan.wanted = true;
    m->scan.ends = m->now + (int64_t)(limited * (double)SECOND);
    m->scan.seen.count = 0;
    replies_add(&m->scan.replies, reply);
    log_info("Scan for %.0f s", limited);
    m->listener.scan_result(m->listener.user, SCAN_SCANNING);
}

void manager_scan(struct manager *m, double seconds, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();

    manager_enter(m);
    if (refused_at_shutdown(m, reply)) {
        manager_leave(m);
        return;
    }
    if (m->scan.wanted) {
        replies_add(&m->scan.replies, reply);
    } else if (bluetooth_is_off(m)) {
        outcome = bluetooth_outcome(m);
        reply_now(reply, &outcome);
        m->listener.scan_result(m->listener.user, SCAN_FAILED);
    } else if (m->link.state == LINK_CONNECTING) {
        outcome =
            outcome_failure(ERROR_BUSY, "A connection is being made; scan when it is through");
        reply_now(reply, &outcome);
    } else {
        begin(m, seconds, reply);
    }
    manager_leave(m);
}

void manager_stop_scan(struct manager *m, struct manager_reply reply)
{
    struct manager_outcome outcome = outcome_success();
    struct scan *scan = &m->scan;

    manager_enter(m);
    if (refused_at_shutdown(m, reply)) {
        manager_leave(m);
        return;
    }
    outcome.already = !scan->wanted;
    if (scan->wanted) {
        replies_answer(&scan->replies, &(struct manager_outcome){.sensor = -1});
        scan->wanted = false;
        reply_now(reply, &outcome);
        m->listener.scan_result(m->listener.user, SCAN_STOPPED);
    } else {
        reply_now(reply, &outcome);
    }
    manager_leave(m);
}

size_t manager_scan_devices(const struct manager *m, const struct band_sighting **devices)
{
    *devices = m->scan.seen.bands;
    return m->scan.seen.count;
}
