#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "band/model.h"
#include "base/log.h"
#include "base/now.h"
#include "host.h"
#include "kept.h"
#include "record/buffer.h"
#include "record/export.h"
#include "record/preamble.h"
#include "repair.h"

/* The one session that is being made. */
struct making {
    uv_work_t work;
    struct keep *keep;
    struct recent *recent; /* a copy */
    struct recent_beginning beginning;
    struct session_info *info;
    struct buffer packets;
    struct capture_record record;
    char line[CAPTURE_LINE_MAX];
    struct failure failure;
    struct recorder_status status;
    recorder_kept kept;
    void *user;
};

struct keep {
    uv_loop_t *loop;
    const char *data_dir, *backend;
    int minutes;
    struct keep_owner owner;
    struct kept kept;
    struct recent_beginning beginning; /* big */
    struct capture_record record;
    struct making *making;
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
    for (unsigned i = 0; i < RECORDER_DEVICES_MAX; i++) {
        if (keep->kept.at[i] && (device == i || device == RECORDER_ALL_BANDS))
            recent_take(keep->kept.at[i]->recent, record);
    }
}

/* ---- the session, in the pool */

static void add_line(void *user)
{
    struct making *making = user;
    const size_t len = capture_format(&making->record, making->line);

    buffer_add(&making->packets, making->line, len);
}

/* The level known at the start is a packet like one that comes in. */
static void take_level(struct making *making)
{
    making->record.bytes[0] = (uint8_t)making->beginning.battery;
    making->record.kind = CAPTURE_PACKET;
    making->record.at_us = 0;
    making->record.packet = (struct packet){
        .sensor = SENSOR_BAT, .arrival_us = 0, .bytes = making->record.bytes, .len = 1};
    if (making->beginning.battery >= 0 && making->beginning.battery <= 100)
        add_line(making);
}

static void format_packets(struct making *making)
{
    const struct recent_beginning *from = &making->beginning;
    const struct preamble preamble = {.start_utc_us = making->info->start_utc_us,
                                      .origin_us = from->at_us,
                                      .model = from->model,
                                      .name = from->name,
                                      .address = from->address,
                                      .firmware = from->firmware,
                                      .anchor = from->anchor,
                                      .clock = from->clock,
                                      .flowing = from->flowing};

    buffer_add(&making->packets, preamble_title, strlen(preamble_title));
    preamble_make(&preamble, &making->record, add_line, making);
    take_level(making);
    while (recent_next(making->recent, &making->record))
        add_line(making);
}

static bool cannot(struct making *making, const char *what)
{
    failure_set(&making->failure, ERROR_RECORDING, "Can't write %s of %s: %s", what,
                making->info->id, strerror(errno));
    return false;
}

static bool write_packets(struct making *making, int dir)
{
    format_packets(making);
    if (making->packets.failed) {
        errno = ENOMEM;
        return cannot(making, "packets.lbcap");
    }
    if (!session_replace(dir, session_file_name(FILE_PACKETS), making->packets.data,
                         making->packets.len))
        return cannot(making, "packets.lbcap");
    return true;
}

static bool make_csv(struct making *making, const char *path)
{
    return !(making->info->formats & FORMAT_CSV) ||
           export_session(path, "csv", path, NULL, &making->failure);
}

static bool make_messages(struct making *making, int dir)
{
    const struct session_info *info = making->info;

    return !(info->formats & FORMAT_JSONL) ||
           making->keep->owner.make_messages(dir, info, &making->failure);
}

/* In the order of a recording: what would be left of it after a crash is repaired like one. */
static bool make_files(struct making *making, int dir, const char *path)
{
    struct session_info *info = making->info;
    const double duration = info->duration;

    if (!session_save(dir, info))
        return cannot(making, "session.json");
    if (!write_packets(making, dir) || !repair_recount(dir, info, &making->failure) ||
        !make_csv(making, path) || !make_messages(making, dir))
        return false;
    info->state = SESSION_RECORDED;
    info->duration = duration;
    session_copy_text(info->reason, sizeof(info->reason), "user_request");
    session_look_at_files(dir, info, false);
    return session_save(dir, info) || cannot(making, "session.json");
}

static void work_make(uv_work_t *work)
{
    struct making *making = work->data;
    struct recorder_status *status = &making->status;
    const char *data_dir = making->keep->data_dir;
    struct failure ignored;
    int dir = session_create(data_dir, making->info->id, &making->failure);
    if (dir < 0)
        return;
    const int len =
        snprintf(status->path, sizeof(status->path), "%s/%s", data_dir, making->info->id);
    const bool fits = len > 0 && (size_t)len < sizeof(status->path);
    if (!fits)
        failure_set(&making->failure, ERROR_RECORDING, "The data directory's path is too long");
    const bool made = fits && make_files(making, dir, status->path);
    close(dir);
    if (!made)
        session_delete(data_dir, making->info->id, &ignored);
}

/* The one that it is of. */
static void fill_band(const struct recorder_status *status, struct recorded_band *band,
                      const char *device_id)
{
    session_copy_text(band->device_id, sizeof(band->device_id), device_id);
    memcpy(band->path, status->path, sizeof(band->path));
    band->sensors = status->sensors;
    memcpy(band->samples, status->samples, sizeof(band->samples));
    memcpy(band->lost, status->lost, sizeof(band->lost));
}

static void fill_status(struct making *making)
{
    struct recorder_status *status = &making->status;
    const struct session_info *info = making->info;

    memcpy(status->session_id, info->id, sizeof(status->session_id));
    memcpy(status->session_name, info->name, sizeof(status->session_name));
    status->sensors = info->sensors;
    status->formats = info->formats;
    status->since_utc_us = info->start_utc_us;
    status->duration = info->duration;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        status->samples[i] = info->counts[i].samples;
        status->lost[i] = info->counts[i].skipped_by_band + info->counts[i].lost_link;
    }
    for (int i = 0; i < FILE_COUNT; i++)
        status->bytes += info->files[i].bytes;
    status->band_count = 1;
    fill_band(status, &status->bands[0], info->device);
}

static void making_destroy(struct making *making)
{
    if (!making)
        return;
    recent_destroy(making->recent);
    buffer_finish(&making->packets);
    free(making->info);
    free(making);
}

static void after_make(uv_work_t *work, int status)
{
    struct making *making = work->data;
    struct keep *keep = making->keep;

    (void)status;
    keep->making = NULL;
    if (making->failure.code == ERROR_NONE) {
        fill_status(making);
        log_info("session %s: kept, %.1f s", making->info->id, making->info->duration);
        making->kept(making->user, &making->status, NULL);
    } else {
        log_error("session %s: %s", making->info->id, making->failure.message);
        making->kept(making->user, NULL, &making->failure);
    }
    making_destroy(making);
    keep->owner.done(keep->owner.user);
}

/* ---- the session, asked for */

static void describe_kept(struct keep *keep, struct making *making,
                          const struct keep_request *request)
{
    const struct recent_beginning *from = &making->beginning;
    struct session_info *info = making->info;

    info->start_utc_us = from->anchor.utc_us + from->at_us - from->anchor.boot_us;
    info->duration = (double)(recent_now(making->recent, now_boot_us()) - from->at_us) / 1e6;
    session_make_id(info->start_utc_us, request->about.session_name, info->id);
    session_describe(info, &request->about);
    session_copy_text(info->backend, sizeof(info->backend), keep->backend);
    info->mains_hz = from->mains_hz;
    info->state = SESSION_RECORDING;
    session_copy_text(info->device, sizeof(info->device), from->name);
    session_copy_text(info->address, sizeof(info->address), from->address);
    session_copy_text(info->firmware, sizeof(info->firmware), from->firmware);
    session_copy_text(info->model, sizeof(info->model), from->model->name);
    info->sensors = request->sensors & model_sensors(from->model);
    info->formats = keep->owner.make_messages ? request->formats : request->formats & ~FORMAT_JSONL;
    info->eeg_rate = from->eeg_rate;
    host_describe(info);
    host_ntp_state(&info->ntp_end);
}

static struct making *making_create(struct keep *keep, const struct recent *recent)
{
    struct making *making = calloc(1, sizeof(*making));

    if (!making)
        return NULL;
    making->keep = keep;
    making->work.data = making;
    making->info = calloc(1, sizeof(*making->info));
    making->recent = recent_copy(recent);
    if (making->info && making->recent)
        return making;
    making_destroy(making);
    return NULL;
}

static struct making *prepare(struct keep *keep, const struct keep_request *request,
                              struct failure *failure)
{
    const struct kept_band *band = kept_find(&keep->kept, request->device_id);
    const double minutes =
        request->minutes > 0 && request->minutes < keep->minutes ? request->minutes : keep->minutes;

    if (!band) {
        failure_set(failure, ERROR_RECORDING, "Nothing is kept of %s: no packet of it came",
                    request->device_id ? request->device_id : "any band");
        return NULL;
    }
    struct making *making = making_create(keep, band->recent);
    if (!making)
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
    else if (!recent_rewind(making->recent,
                            recent_now(making->recent, now_boot_us()) - (int64_t)(minutes * 60e6),
                            &making->beginning)) {
        failure_set(failure, ERROR_RECORDING, "Nothing came of %s in the last %g minutes",
                    band->name, minutes);
        making_destroy(making);
        making = NULL;
    }
    return making;
}

bool keep_make(struct keep *keep, const struct keep_request *request, recorder_kept kept,
               void *user, struct failure *failure)
{
    if (keep->making) {
        failure_set(failure, ERROR_BUSY, "Session %s is still being written: try again soon",
                    keep->making->info->id);
        return false;
    }
    struct making *making = prepare(keep, request, failure);
    if (!making)
        return false;
    making->kept = kept;
    making->user = user;
    describe_kept(keep, making, request);
    keep->making = making;
    uv_queue_work(keep->loop, &making->work, work_make, after_make);
    return true;
}
