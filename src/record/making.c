#include "making.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "band/model.h"
#include "base/now.h"
#include "folder.h"
#include "gather.h"
#include "host.h"
#include "kept_markers.h"
#include "record/buffer.h"
#include "record/export.h"
#include "record/preamble.h"
#include "repair.h"

/* A band of it. */
struct made_band {
    struct recent *recent; /* a copy */
    struct recent_beginning beginning;
    struct session_info *info; /* of one band: the session's own */
};

struct making {
    uv_work_t work;
    const char *data_dir;
    session_messages *messages;
    struct session *session;
    size_t band_count;
    struct made_band bands[SESSION_BANDS_MAX];
    struct kept_markers markers;
    struct buffer packets;
    struct capture_record record;
    char line[CAPTURE_LINE_MAX];
    struct failure failure;
    struct recorder_status status;
    void (*done)(void *user, const struct recorder_status *status, const struct failure *failure);
    void *user;
};

struct making *making_create(const char *data_dir, session_messages *messages)
{
    struct making *making = calloc(1, sizeof(*making));

    if (!making)
        return NULL;
    making->work.data = making;
    making->data_dir = data_dir;
    making->messages = messages;
    making->session = session_new();
    if (making->session)
        return making;
    making_destroy(making);
    return NULL;
}

void making_destroy(struct making *making)
{
    if (!making)
        return;
    for (size_t i = 0; i < making->band_count; i++)
        recent_destroy(making->bands[i].recent);
    session_free(making->session);
    kept_markers_finish(&making->markers);
    buffer_finish(&making->packets);
    free(making);
}

size_t making_bands(const struct making *making)
{
    return making->band_count;
}

const char *making_id(const struct making *making)
{
    return making->session->info.id;
}

enum making_added making_add(struct making *making, const struct recent *recent, double minutes)
{
    struct made_band *band = &making->bands[making->band_count];
    const int64_t since_us = recent_now(recent, now_boot_us()) - (int64_t)(minutes * 60e6);

    band->recent = recent_copy(recent);
    if (!band->recent)
        return MAKING_NO_MEMORY;
    if (recent_rewind(band->recent, since_us, &band->beginning)) {
        making->band_count++;
        return MAKING_ADDED;
    }
    recent_destroy(band->recent);
    return MAKING_NOTHING_THERE;
}

/* ---- what is told of it */

static int64_t start_of(const struct made_band *band)
{
    const struct recent_beginning *from = &band->beginning;

    return from->anchor.utc_us + from->at_us - from->anchor.boot_us;
}

static void describe_session(struct making *making, const struct keep_request *request,
                             const char *backend)
{
    struct session_info *info = &making->session->info;

    info->start_utc_us = INT64_MAX;
    for (size_t i = 0; i < making->band_count; i++) {
        if (start_of(&making->bands[i]) < info->start_utc_us)
            info->start_utc_us = start_of(&making->bands[i]);
    }
    session_make_id(info->start_utc_us, request->about.session_name, info->id);
    session_describe(info, &request->about);
    session_copy_text(info->backend, sizeof(info->backend), backend);
    info->mains_hz = making->bands[0].beginning.mains_hz;
    info->state = SESSION_RECORDING;
    info->formats = making->messages ? request->formats : request->formats & ~FORMAT_JSONL;
    host_describe(info);
    host_ntp_state(&info->ntp_end);
}

static void describe_band(struct made_band *band, sensor_set sensors)
{
    const struct recent_beginning *from = &band->beginning;
    struct session_info *info = band->info;

    info->start_utc_us = start_of(band);
    info->duration = (double)(recent_now(band->recent, now_boot_us()) - from->at_us) / 1e6;
    session_copy_text(info->device, sizeof(info->device), from->name);
    session_copy_text(info->address, sizeof(info->address), from->address);
    session_copy_text(info->firmware, sizeof(info->firmware), from->firmware);
    session_copy_text(info->model, sizeof(info->model), from->model->name);
    info->sensors = sensors & model_sensors(from->model);
    info->eeg_rate = from->eeg_rate;
}

static bool describe_of_several(struct making *making, struct made_band *band, sensor_set sensors)
{
    struct session *session = making->session;
    struct session_info *info = &session->info;

    band->info = session_add_band(session);
    if (!band->info)
        return false;
    memset(band->info, 0, sizeof(*band->info));
    session_share(info, band->info);
    describe_band(band, sensors);
    session_name_folder(session, band->info);
    info->sensors |= band->info->sensors;
    info->duration = fmax(info->duration, band->info->duration +
                                              (double)(start_of(band) - info->start_utc_us) / 1e6);
    return true;
}

bool making_describe(struct making *making, const struct keep_request *request, const char *backend)
{
    describe_session(making, request, backend);
    if (making->band_count == 1) {
        making->bands[0].info = &making->session->info;
        describe_band(&making->bands[0], request->sensors);
        return true;
    }
    for (size_t i = 0; i < making->band_count; i++) {
        if (!describe_of_several(making, &making->bands[i], request->sensors))
            return false;
    }
    return true;
}

/* ---- its packets */

static void add_line(void *user)
{
    struct making *making = user;
    const size_t len = capture_format(&making->record, making->line);

    buffer_add(&making->packets, making->line, len);
}

/* The level known at the start is a packet like one that comes in. */
static void take_level(struct making *making, int level)
{
    making->record.bytes[0] = (uint8_t)level;
    making->record.kind = CAPTURE_PACKET;
    making->record.at_us = 0;
    making->record.packet = (struct packet){
        .sensor = SENSOR_BAT, .arrival_us = 0, .bytes = making->record.bytes, .len = 1};
    if (level >= 0 && level <= 100)
        add_line(making);
}

static void format_packets(struct making *making, const struct made_band *band)
{
    const struct recent_beginning *from = &band->beginning;
    const struct preamble preamble = {.start_utc_us = start_of(band),
                                      .origin_us = from->at_us,
                                      .model = from->model,
                                      .name = from->name,
                                      .address = from->address,
                                      .firmware = from->firmware,
                                      .anchor = from->anchor,
                                      .clock = from->clock,
                                      .flowing = from->flowing};

    making->packets.len = 0;
    buffer_add(&making->packets, preamble_title, strlen(preamble_title));
    preamble_make(&preamble, &making->record, add_line, making);
    take_level(making, from->battery);
    while (recent_next(band->recent, &making->record)) {
        add_line(making);
        if (making->record.kind == CAPTURE_MARKER)
            kept_markers_add(&making->markers, recent_marked(band->recent), from->name,
                             &making->record);
    }
}

/* ---- its files */

static bool cannot(struct making *making, const char *what)
{
    failure_set(&making->failure, ERROR_RECORDING, "Can't write %s of %s: %s", what,
                making_id(making), strerror(errno));
    return false;
}

static bool replace(struct making *making, int dir, enum session_file file,
                    const struct buffer *text)
{
    if (text->failed)
        errno = ENOMEM;
    return (!text->failed &&
            session_replace(dir, session_file_name(file), text->data, text->len)) ||
           cannot(making, session_file_name(file));
}

/* What it counts; how long it was is known better. */
static bool recount(struct making *making, int dir, struct session_info *info)
{
    const double duration = info->duration;
    const bool done = repair_recount(dir, info, &making->failure);

    info->duration = duration;
    return done;
}

static bool make_packets(struct making *making, int dir, const struct made_band *band)
{
    format_packets(making, band);
    return replace(making, dir, FILE_PACKETS, &making->packets) && recount(making, dir, band->info);
}

static bool make_csv(struct making *making, int dir, const struct made_band *band)
{
    return !(band->info->formats & FORMAT_CSV) ||
           export_csv_whole(dir, band->info, &making->failure);
}

static bool make_messages(struct making *making, int dir, const struct made_band *band)
{
    return !(band->info->formats & FORMAT_JSONL) ||
           making->messages(dir, band->info, &making->failure);
}

static bool look_at_files(struct making *making, int dir, const struct made_band *band)
{
    (void)making;
    session_look_at_files(dir, band->info, false);
    return true;
}

/* In the folder of each band. */
static bool each_band(struct making *making, int dir,
                      bool (*make)(struct making *making, int dir, const struct made_band *band))
{
    bool made = true;

    for (size_t i = 0; i < making->band_count && made; i++) {
        const struct made_band *band = &making->bands[i];
        const char *folder = band->info->folder;
        const int within = folder[0] ? gather_folder(dir, folder) : dir;

        made = within >= 0 ? make(making, within, band) : cannot(making, folder);
        if (within >= 0 && within != dir)
            close(within);
    }
    return made;
}

/* Of one band they are among its CSV files, and counted with its packets. */
static bool make_markers(struct making *making, int dir)
{
    struct session_info *info = &making->session->info;
    struct buffer rows = {0};

    if (making->band_count == 1)
        return true;
    kept_markers_write(&making->markers, info, &rows);
    rows.failed |= making->markers.failed;
    const bool made = !(info->formats & FORMAT_CSV) || replace(making, dir, FILE_MARKERS, &rows);
    buffer_finish(&rows);
    return made;
}

/* In the order of a recording: what would be left of it after a crash is repaired like one. */
static bool make_files(struct making *making, int dir)
{
    struct session *session = making->session;
    struct session_info *info = &session->info;

    if (!session_save_whole(dir, session))
        return cannot(making, "session.json");
    if (!each_band(making, dir, make_packets) || !make_markers(making, dir) ||
        !each_band(making, dir, make_csv) || !each_band(making, dir, make_messages))
        return false;
    info->state = SESSION_RECORDED;
    session_copy_text(info->reason, sizeof(info->reason), "user_request");
    session_look_at_files(dir, info, false);
    each_band(making, dir, look_at_files);
    return session_save_whole(dir, session) || cannot(making, "session.json");
}

static void work_make(uv_work_t *work)
{
    struct making *making = work->data;
    struct recorder_status *status = &making->status;
    struct session_info *info = &making->session->info;
    struct failure ignored;
    int dir = session_create(making->data_dir, info->id, &making->failure);
    if (dir < 0)
        return;
    const int len =
        snprintf(status->path, sizeof(status->path), "%s/%s", making->data_dir, info->id);
    const bool fits = len > 0 && (size_t)len + SESSION_FOLDER_SIZE < sizeof(status->path);
    if (!fits)
        failure_set(&making->failure, ERROR_RECORDING, "The data directory's path is too long");
    const bool made = fits && make_files(making, dir);
    close(dir);
    if (!made)
        session_delete(making->data_dir, info->id, &ignored);
}

/* ---- how it became */

static uint64_t bytes_of(const struct session_info *info)
{
    uint64_t bytes = 0;

    for (int i = 0; i < FILE_COUNT; i++)
        bytes += info->files[i].bytes;
    return bytes;
}

static void fill_band(struct recorder_status *status, const struct session_info *info)
{
    struct recorded_band *band = &status->bands[status->band_count++];

    session_copy_text(band->device_id, sizeof(band->device_id), info->device);
    snprintf(band->path, sizeof(band->path), "%.*s%s%s",
             (int)(sizeof(band->path) - SESSION_FOLDER_SIZE - 1), status->path,
             info->folder[0] ? "/" : "", info->folder);
    band->sensors = info->sensors;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        band->samples[i] = info->counts[i].samples;
        band->lost[i] = info->counts[i].skipped_by_band + info->counts[i].lost_link;
        status->samples[i] += band->samples[i];
        status->lost[i] += band->lost[i];
    }
    if (info->folder[0])
        status->bytes += bytes_of(info);
}

static void fill_status(struct making *making)
{
    struct recorder_status *status = &making->status;
    const struct session_info *info = &making->session->info;

    memcpy(status->session_id, info->id, sizeof(status->session_id));
    memcpy(status->session_name, info->name, sizeof(status->session_name));
    status->sensors = info->sensors;
    status->formats = info->formats;
    status->since_utc_us = info->start_utc_us;
    status->duration = info->duration;
    status->bytes = bytes_of(info);
    for (size_t i = 0; i < making->band_count; i++)
        fill_band(status, making->bands[i].info);
}

static void after_make(uv_work_t *work, int unused)
{
    struct making *making = work->data;
    const bool made = making->failure.code == ERROR_NONE;

    (void)unused;
    if (made)
        fill_status(making);
    making->done(making->user, &making->status, made ? NULL : &making->failure);
}

void making_start(struct making *making, uv_loop_t *loop,
                  void (*done)(void *user, const struct recorder_status *status,
                               const struct failure *failure),
                  void *user)
{
    making->done = done;
    making->user = user;
    uv_queue_work(loop, &making->work, work_make, after_make);
}
