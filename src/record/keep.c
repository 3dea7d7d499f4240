#include "keep.h"

#include <stdlib.h>

#include "base/log.h"
#include "kept.h"
#include "making.h"

struct keep {
    uv_loop_t *loop;
    const char *data_dir, *backend;
    int minutes;
    struct keep_owner owner;
    struct kept kept;
    struct recent_beginning beginning; /* big */
    struct capture_record record;
    uint64_t markers;      /* so far */
    struct making *making; /* the one session that is; NULL: none */
    recorder_kept asked;   /* for it */
    void *asked_user;
};

struct keep *keep_create(uv_loop_t *loop, const char *data_dir, const char *backend, int minutes,
                         const struct keep_owner *owner)
{
    struct keep *keep = calloc(1, sizeof(*keep));

    if (!keep)
        return NULL;
    keep->loop = loop;
    keep->data_dir = data_dir;
    keep->backend = backend;
    keep->minutes = minutes;
    keep->owner = *owner;
    return keep;
}

void keep_destroy(struct keep *keep)
{
    if (!keep)
        return;
    kept_clear(&keep->kept);
    free(keep);
}

bool keep_is_busy(const struct keep *keep)
{
    return keep && keep->making;
}

/* ---- what comes in */

void keep_link_up(struct keep *keep, unsigned device, const struct clock_anchor *anchor)
{
    struct recording_band band;

    kept_leave(&keep->kept, device);
    if (!keep->owner.band(keep->owner.user, device, &band))
        return;
    struct recent *recent = kept_take(&keep->kept, device, band.name, keep->minutes);
    if (!recent)
        return;
    keep->record.kind = CAPTURE_LINK_UP;
    keep->record.at_us = anchor->boot_us;
    keep->record.anchor = *anchor;
    recent_take(recent, &keep->record);
    recent_make_due(recent);
}

static void begin_band(struct keep *keep, unsigned device, int64_t at_us)
{
    struct recent_beginning *to = &keep->beginning;
    struct recording_band band;

    if (!keep->owner.band(keep->owner.user, device, &band))
        return;
    to->at_us = at_us;
    session_copy_text(to->name, sizeof(to->name), band.name);
    session_copy_text(to->address, sizeof(to->address), band.address);
    session_copy_text(to->firmware, sizeof(to->firmware), band.firmware);
    to->model = pipeline_model(band.pipeline);
    to->anchor = band.anchor;
    to->eeg_rate = band.eeg_rate;
    to->flowing = band.flowing;
    to->battery = band.battery;
    to->mains_hz = band.mains_hz;
    pipeline_clock_save(band.pipeline, at_us, to->clock);
    recent_begin(keep->kept.at[device]->recent, to);
}

void keep_packet(struct keep *keep, unsigned device, const struct packet *packet)
{
    struct kept_band *current = keep->kept.at[device];

    if (!current || packet->len > BAND_PACKET_MAX)
        return;
    if (recent_is_due(current->recent, packet->arrival_us))
        begin_band(keep, device, packet->arrival_us);
    keep->record.kind = CAPTURE_PACKET;
    keep->record.at_us = packet->arrival_us;
    keep->record.packet = *packet;
    recent_take(current->recent, &keep->record);
}

void keep_record(struct keep *keep, unsigned device, const struct capture_record *record)
{
    if (keep->kept.at[device])
        recent_take(keep->kept.at[device]->recent, record);
}

void keep_marker(struct keep *keep, unsigned device, const struct capture_record *record)
{
    const struct recent_marker as = {.number = keep->markers++,
                                     .of_all = device == RECORDER_ALL_BANDS};

    for (unsigned i = 0; i < RECORDER_DEVICES_MAX; i++) {
        if (keep->kept.at[i] && (device == i || as.of_all))
            recent_mark(keep->kept.at[i]->recent, record, as);
    }
}

void keep_let_go(struct keep *keep, unsigned device)
{
    kept_let_go(&keep->kept, device);
}

/* ---- the session, asked for */

static void on_made(void *user, const struct recorder_status *status, const struct failure *failure)
{
    struct keep *keep = user;
    struct making *making = keep->making;

    keep->making = NULL;
    if (failure)
        log_error("session %s: %s", making_id(making), failure->message);
    else
        log_info("session %s: kept, %.1f s", making_id(making), status->duration);
    keep->asked(keep->asked_user, failure ? NULL : status, failure);
    making_destroy(making);
    keep->owner.done(keep->owner.user);
}

static bool refuse_empty(const char *name, double minutes, struct failure *failure)
{
    failure_set(failure, ERROR_RECORDING, "Nothing came of %s in the last %g minutes", name,
                minutes);
    return false;
}

/* Of those that were named each must have something. */
static bool add_bands(struct keep *keep, struct making *making, const struct keep_request *request,
                      struct failure *failure)
{
    const struct kept_band *chosen[RECORDER_KEPT_BANDS_MAX];
    const char *missing;
    const double minutes =
        request->minutes > 0 && request->minutes < keep->minutes ? request->minutes : keep->minutes;
    const size_t count =
        kept_choose(&keep->kept, request->device_ids, request->device_count, chosen, &missing);

    for (size_t i = 0; i < count; i++) {
        const enum making_added added = making_add(making, chosen[i]->recent, minutes);
        if (added == MAKING_NO_MEMORY) {
            failure_set(failure, ERROR_INTERNAL, "Out of memory");
            return false;
        }
        if (added == MAKING_NOTHING_THERE && request->device_count)
            return refuse_empty(chosen[i]->name, minutes, failure);
    }
    if (count == 0)
        failure_set(failure, ERROR_RECORDING, "Nothing is kept of %s: no packet of it came",
                    missing ? missing : "any band");
    else if (making_bands(making) == 0)
        refuse_empty(chosen[count - 1]->name, minutes, failure);
    return making_bands(making) > 0;
}

static struct making *prepare(struct keep *keep, const struct keep_request *request,
                              struct failure *failure)
{
    struct making *making = making_create(keep->data_dir, keep->owner.make_messages);

    failure_set(failure, ERROR_INTERNAL, "Out of memory");
    if (making && add_bands(keep, making, request, failure) &&
        making_describe(making, request, keep->backend))
        return making;
    making_destroy(making);
    return NULL;
}

bool keep_make(struct keep *keep, const struct keep_request *request, recorder_kept kept,
               void *user, struct failure *failure)
{
    if (keep->making) {
        failure_set(failure, ERROR_BUSY, "Session %s is still being written: try again soon",
                    making_id(keep->making));
        return false;
    }
    keep->making = prepare(keep, request, failure);
    if (!keep->making)
        return false;
    keep->asked = kept;
    keep->asked_user = user;
    making_start(keep->making, keep->loop, on_made, keep);
    return true;
}
