#include "ground.h"

#include <stdio.h>

#include "base/log.h"

/* Two readings this far apart say nothing of a step. */
#define BRACKET_US 500

struct clock_anchor ground_clock(const struct ground *ground)
{
    return (struct clock_anchor){
        .boot_us = ground->when.now_us,
        .utc_us = ground->host.utc_us(ground->host.user),
    };
}

bool ground_utc_offset(const struct ground *ground, int64_t *offset_us)
{
    const struct manager_host *host = &ground->host;
    int64_t before = host->boot_us(host->user);
    int64_t utc = host->utc_us(host->user);
    int64_t after = host->boot_us(host->user);

    *offset_us = utc - (before + (after - before) / 2);
    return after - before < BRACKET_US;
}

void ground_set_bluetooth(struct ground *ground, bool available, bool powered, const char *message)
{
    ground->bluetooth.known = true;
    ground->bluetooth.available = available;
    ground->bluetooth.powered = powered;
    snprintf(ground->bluetooth.message, sizeof(ground->bluetooth.message), "%s",
             message ? message : "");
    bool off = ground_bluetooth_is_off(ground);
    const struct manager_outcome outcome = ground_bluetooth_outcome(ground);
    log_info("bluetooth: %s", ground->bluetooth.message);
    if (off)
        ground_finish_scan(ground, SCAN_FAILED, &outcome.failure);
}

bool ground_bluetooth_is_off(const struct ground *ground)
{
    return ground->bluetooth.known && !(ground->bluetooth.available && ground->bluetooth.powered);
}

struct manager_outcome ground_bluetooth_outcome(const struct ground *ground)
{
    const char *message = ground->bluetooth.message;

    return outcome_failure(ERROR_BLUETOOTH, "%s", message[0] ? message : "Bluetooth is off");
}

struct manager_outcome ground_cancelled(void)
{
    return outcome_failure(ERROR_CANCELLED, "The daemon is shutting down");
}

bool ground_settle(struct ground *ground)
{
    switch (scan_next(&ground->scan, &ground->when)) {
    case SCAN_DO_NOTHING:
        return false;
    case SCAN_DO_START:
        ground->backend->ops->scan_start(ground->backend);
        break;
    case SCAN_DO_STOP:
        ground->backend->ops->scan_stop(ground->backend);
        break;
    case SCAN_DO_FINISH:
        ground_finish_scan(ground, SCAN_COMPLETED, NULL);
        break;
    }
    return true;
}

static void tell_scan(struct ground *ground, enum scan_status status)
{
    ground->listener.scan_result(ground->listener.user, status);
}

void ground_finish_scan(struct ground *ground, enum scan_status status,
                        const struct failure *failure)
{
    struct manager_outcome outcome = outcome_success();

    if (!scan_drop(&ground->scan))
        return;
    if (failure)
        outcome.failure = *failure;
    log_info("scan: ended, %zu bands seen%s%s", ground->scan.seen.count, failure ? ": " : "",
             failure ? failure->message : "");
    replies_answer(&ground->scans, &outcome);
    tell_scan(ground, status);
}

void ground_begin_scan(struct ground *ground, double seconds, struct manager_reply reply)
{
    double limited = seconds < MANAGER_SCAN_SECONDS_MAX ? seconds : MANAGER_SCAN_SECONDS_MAX;

    scan_want(&ground->scan, limited, ground->when.now_us);
    replies_add(&ground->scans, reply);
    log_info("scan: for %.0f s", limited);
    tell_scan(ground, SCAN_SCANNING);
}

void ground_stop_scan(struct ground *ground, struct manager_reply reply)
{
    const struct manager_outcome ended = outcome_success();
    struct manager_outcome outcome = outcome_success();

    outcome.already = !scan_drop(&ground->scan);
    replies_answer(&ground->scans, &ended);
    reply_now(reply, 0, &outcome);
    if (!outcome.already)
        tell_scan(ground, SCAN_STOPPED);
}

void ground_saw(struct ground *ground, const struct band_sighting *sighting)
{
    if (scan_saw(&ground->scan, sighting, ground->when.now_us))
        tell_scan(ground, SCAN_SCANNING);
}

void ground_scan_stopped(struct ground *ground, const struct failure *failure)
{
    if (scan_stopped(&ground->scan))
        ground_finish_scan(ground, failure ? SCAN_FAILED : SCAN_STOPPED, failure);
}
