#include "ground.h"

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

void ground_finish_scan(struct ground *ground, enum scan_status status,
                        const struct failure *failure)
{
    struct manager_outcome outcome = outcome_success();

    if (!scan_drop(&ground->scan))
        return;
    if (failure)
        outcome.failure = *failure;
    log_info("Scan ended, %zu bands seen%s%s", ground->scan.seen.count, failure ? ": " : "",
             failure ? failure->message : "");
    replies_answer(&ground->scans, &outcome);
    ground->listener.scan_result(ground->listener.user, status);
}
