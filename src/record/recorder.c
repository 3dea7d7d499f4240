#include "record_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aside.h"
#include "base/length.h"
#include "base/log.h"
#include "base/now.h"
#include "host.h"
#include "tally.h"

/* UTC against boot time: less is slewing and the reading's own error. */
#define STEP_MIN_US 10000
/* What is assumed to be written a second before it is known, bytes. */
#define RATE_ASSUMED 30000.0
/* The BDF made at the end needs its room too: 3 bytes a value. */
#define RATE_BDF (3.0 * (3 * 250 + 2 * 50 + 3 * 25))

const char *recording_end_name(enum recording_end reason)
{
    static const char *const names[] = {
        [RECORDING_END_USER_REQUEST] = "user_request",
        [RECORDING_END_DURATION] = "duration",
        [RECORDING_END_DEVICE_DISCONNECTED] = "device_disconnected",
        [RECORDING_END_ERROR] = "error",
        [RECORDING_END_SHUTDOWN] = "shutdown",
    };
    ASSERT_GOES_TO(names, RECORDING_END_SHUTDOWN);
    return names[reason];
}

/* ---- its end */

static void end_intake(struct recorder *recorder, enum recording_end reason)
{
    struct session_info *info = recorder->info;

    recorder_finish_bands(recorder);
    recorder->accepting = false;
    recorder->reason = reason;
    info->state = SESSION_RECORDED;
    session_copy_text(info->reason, sizeof(info->reason), recording_end_name(reason));
    host_ntp_state(&info->ntp_end);
    uv_timer_stop(&recorder->end);
}

void recorder_stop(struct recorder *recorder, enum recording_end reason)
{
    if (!recorder->accepting)
        return;
    end_intake(recorder, reason);
    writer_close(recorder->writer, recorder->session);
}

/* session.json stays as of the start: what is on disk is then repaired like after a crash. */
static void fail_recording(struct recorder *recorder, const struct failure *failure)
{
    bool announced = recorder->announced;

    log_error("recording: %s", failure->message);
    if (recorder->accepting) {
        end_intake(recorder, RECORDING_END_ERROR);
        writer_close(recorder->writer, NULL);
    }
    recorder->reason = RECORDING_END_ERROR;
    recorder->owed = false;
    if (!announced) {
        recorder->listener.start_failed(recorder->listener.user, failure);
        return;
    }
    recorder->announced = false;
    recorder->listener.failed(recorder->listener.user, failure);
    recorder->listener.stopped(recorder->listener.user, RECORDING_END_ERROR,
                               recorder_status(recorder));
}

static void on_failed(void *user, const struct failure *failure)
{
    fail_recording(user, failure);
}

static void on_opened(void *user, const char *id)
{
    struct recorder *recorder = user;

    session_copy_text(recorder->info->id, sizeof(recorder->info->id), id);
    recorder->announced = true;
    log_info("session %s: recording", id);
    recorder->listener.started(recorder->listener.user, recorder_status(recorder));
}

/* Told at RECORDER_LOW_MINUTES and each time half of what was told of is gone. */
static void on_synced(void *user, uint64_t free_bytes)
{
    struct recorder *recorder = user;
    double elapsed = fmax((double)(now_boot_us() - recorder->origin_us) / 1e6, 1);
    const double bands = (double)recorder->band_count;
    double rate = fmax((double)recorder->taken / elapsed, bands * RATE_ASSUMED);
    double room = (double)free_bytes;

    if (recorder->info->formats & FORMAT_BDF) {
        room -= bands * RATE_BDF * elapsed;
        rate += bands * RATE_BDF;
    }
    double minutes = fmax(room, 0) / rate / 60;
    recorder->status.minutes_left = minutes;
    if (!recorder->announced || !recorder->accepting || minutes >= recorder->low_minutes)
        return;
    recorder->low_minutes = minutes / 2;
    log_warning("session %s: the disk has room for %.1f minutes of recording", recorder->info->id,
                minutes);
    recorder->listener.storage_low(recorder->listener.user, free_bytes, minutes);
}

static void finish_shutdown(struct recorder *recorder);

static void on_closed(void *user)
{
    struct recorder *recorder = user;

    recorder->writer = NULL;
    uv_timer_stop(&recorder->tick);
    if (recorder->owed) {
        recorder->owed = recorder->announced = false;
        log_info("session %s: recorded, %.1f s", recorder->info->id, recorder->info->duration);
        recorder->listener.stopped(recorder->listener.user, recorder->reason,
                                   recorder_status(recorder));
    }
    if (recorder->shutting_down)
        finish_shutdown(recorder);
    else
        aside_finish_sessions(recorder->aside);
}

/* ---- its time */

static void note_clock_step(struct recorder *recorder)
{
    int64_t offset_us;

    if (!host_utc_offset(&offset_us))
        return;
    int64_t step_us = offset_us - recorder->utc_offset_us;
    if (recorder->utc_offset_known && llabs(step_us) >= STEP_MIN_US)
        tally_step(recorder->info, (double)now_utc_us() / 1e3, (double)step_us / 1e3);
    recorder->utc_offset_us = offset_us;
    recorder->utc_offset_known = true;
}

static void on_end(uv_timer_t *timer);

/* libuv counts from its turn's beginning and stands still in a suspend: boot time decides. */
static bool is_over(struct recorder *recorder)
{
    int64_t left_us = recorder->end_us - now_boot_us();

    if (recorder->end_us == INT64_MAX)
        return false;
    if (left_us > 0) {
        uv_timer_start(&recorder->end, on_end, (uint64_t)(left_us + 999) / 1000, 0);
        return false;
    }
    recorder_stop(recorder, RECORDING_END_DURATION);
    return true;
}

static void on_end(uv_timer_t *timer)
{
    is_over(timer->data);
}

static void on_tick(uv_timer_t *timer)
{
    struct recorder *recorder = timer->data;
    struct failure failure = {.code = ERROR_NONE};

    if (!recorder->writer || !recorder->owed)
        return;
    if (recorder->accepting && recorder->overflowed)
        failure_set(&failure, ERROR_RECORDING,
                    "The disk is too slow: %zu MiB wait to be written, see what else writes to it",
                    recorder->band_count * RECORDER_QUEUE_MAX >> 20);
    else if (writer_stuck_ms(recorder->writer) >= RECORDER_STUCK_MS)
        failure_set(&failure, ERROR_RECORDING, "The disk took nothing for %d s",
                    RECORDER_STUCK_MS / 1000);
    if (failure.code != ERROR_NONE) {
        writer_give_up(recorder->writer);
        fail_recording(recorder, &failure);
        return;
    }
    if (!recorder->accepting || is_over(recorder))
        return;
    note_clock_step(recorder);
    writer_flush(recorder->writer);
}

/* ---- its beginning */

bool recorder_start(struct recorder *recorder, const struct recording_request *request,
                    const struct recording_band *bands, size_t count, struct failure *failure)
{
    struct writer_owner owner = {.user = recorder,
                                 .opened = on_opened,
                                 .failed = on_failed,
                                 .synced = on_synced,
                                 .closed = on_closed};

    if (recorder->writer || recorder->shutting_down) {
        failure_set(failure, ERROR_BUSY,
                    recorder->accepting ? "Session %s is being recorded: stop it first"
                                        : "Session %s is still being written: try again soon",
                    recorder->info->id);
        return false;
    }
    recorder->origin_us = now_boot_us();
    if (!recorder_take_bands(recorder, request, bands, count) ||
        !(recorder->writer = writer_create(recorder->loop, recorder->data_dir, recorder->place,
                                           recorder->session, &owner))) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    recorder->accepting = recorder->owed = true;
    recorder->overflowed = false;
    recorder->taken = 0;
    recorder->low_minutes = RECORDER_LOW_MINUTES;
    recorder->status.minutes_left = 0;
    /* What was stepped since the samples' times were anchored counts, too. */
    recorder->utc_offset_us = bands[0].anchor.utc_us - bands[0].anchor.boot_us;
    recorder->utc_offset_known = true;
    note_clock_step(recorder);
    for (size_t i = 0; i < count; i++)
        recorder_write_beginning(&recorder->bands[i], &bands[i]);
    recorder_write_marker_head(recorder);
    writer_flush(recorder->writer);
    uv_timer_start(&recorder->tick, on_tick, RECORDER_FLUSH_MS, RECORDER_FLUSH_MS);
    /* Beyond a century there is no end. */
    recorder->end_us = request->duration > 0 && request->duration < 3e9
                           ? recorder->origin_us + (int64_t)(request->duration * 1e6)
                           : INT64_MAX;
    is_over(recorder);
    return true;
}

/* ---- what it is at */

bool recorder_is_recording(const struct recorder *recorder)
{
    return recorder->accepting;
}

bool recorder_is_ending(const struct recorder *recorder)
{
    return recorder->owed && !recorder->accepting;
}

/* ---- lists, deletions, what is left to finish */

bool recorder_list(struct recorder *recorder, size_t limit, const char *before,
                   recorder_listed listed, void *user, struct failure *failure)
{
    return aside_list(recorder->aside, limit, before, listed, user, failure);
}

bool recorder_delete(struct recorder *recorder, const char *session_id, recorder_deleted deleted,
                     void *user, struct failure *failure)
{
    if (recorder->writer && strcmp(session_id, recorder->info->id) == 0) {
        failure_set(failure, ERROR_BUSY, "Session %s is being recorded: stop it first", session_id);
        return false;
    }
    return aside_delete(recorder->aside, session_id, deleted, user, failure);
}

bool recorder_open_file(struct recorder *recorder, const char *session_id, const char *folder,
                        enum session_file file, recorder_opened opened, void *user,
                        struct failure *failure)
{
    return aside_open_file(recorder->aside, session_id, folder, file, opened, user, failure);
}

bool recorder_open_zip(struct recorder *recorder, const char *session_id, recorder_bundled bundled,
                       void *user, struct failure *failure)
{
    return aside_open_zip(recorder->aside, session_id, bundled, user, failure);
}

static void on_finished(void *user, const char *id, const char *file, const struct failure *failure)
{
    struct recorder *recorder = user;

    recorder->listener.file(recorder->listener.user, id, file, failure);
}

/* Of the session that is being recorded the disk says how it began. */
static void on_listing(void *user, struct session_summary *sessions, size_t count)
{
    const struct recorder_status *status = recorder_status(user);

    for (size_t i = 0; i < count && status->is_recording; i++) {
        if (strcmp(sessions[i].id, status->session_id) == 0)
            sessions[i].duration = status->duration;
    }
}

/* ---- making and unmaking */

static bool usable(const char *data_dir, struct failure *failure)
{
    struct stat stat_;

    if (mkdir(data_dir, 0750) != 0 && errno != EEXIST) {
        failure_set(failure, ERROR_RECORDING, "Can't make the data directory %s: %s", data_dir,
                    strerror(errno));
        return false;
    }
    if (stat(data_dir, &stat_) != 0 || !S_ISDIR(stat_.st_mode)) {
        failure_set(failure, ERROR_RECORDING, "%s is no directory", data_dir);
        return false;
    }
    return true;
}

static void release(struct recorder *recorder)
{
    aside_destroy(recorder->aside);
    keep_destroy(recorder->keep);
    if (recorder->session)
        recorder_drop_bands(recorder);
    session_free(recorder->session);
    free(recorder->data_dir);
    free(recorder->backend);
    free(recorder);
}

static void on_kept(void *user)
{
    struct recorder *recorder = user;

    if (!recorder->shutting_down)
        aside_finish_sessions(recorder->aside);
    else if (!recorder->writer)
        finish_shutdown(recorder);
}

struct recorder *recorder_create(uv_loop_t *loop, const struct recorder_config *config,
                                 const struct recorder_listener *listener, struct failure *failure)
{
    if (!usable(config->data_dir, failure))
        return NULL;
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    failure_set(failure, ERROR_INTERNAL, "Out of memory");
    if (!recorder)
        return NULL;
    recorder->loop = loop;
    recorder->listener = *listener;
    recorder->data_dir = strdup(config->data_dir);
    recorder->backend = strdup(config->backend);
    recorder->session = session_new();
    recorder->aside = aside_create(loop, config->data_dir, config->make_messages,
                                   &(struct aside_listener){recorder, on_finished, on_listing});
    if (!recorder->data_dir || !recorder->backend || !recorder->session || !recorder->aside ||
        !(recorder->place = place_create(loop, config->data_dir)) ||
        !recorder_begin_to_keep(recorder, config, on_kept)) {
        release(recorder);
        return NULL;
    }
    recorder->info = &recorder->session->info;
    uv_timer_init(loop, &recorder->tick);
    uv_timer_init(loop, &recorder->end);
    recorder->tick.data = recorder->end.data = recorder;
    aside_finish_sessions(recorder->aside);
    return recorder;
}

static void on_part_closed(void *user)
{
    struct recorder *recorder = user;

    if (--recorder->handles > 0)
        return;
    void (*done)(void *user) = recorder->done;
    void *done_user = recorder->done_user;
    release(recorder);
    done(done_user);
}

static void on_handle_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void on_aside_idle(void *user)
{
    struct recorder *recorder = user;

    recorder->handles = 3;
    place_close(recorder->place, on_part_closed, recorder);
    uv_close((uv_handle_t *)&recorder->tick, on_handle_closed);
    uv_close((uv_handle_t *)&recorder->end, on_handle_closed);
}

static void finish_shutdown(struct recorder *recorder)
{
    if (keep_is_busy(recorder->keep))
        return; /* on_kept() comes back to it */
    aside_shutdown(recorder->aside, on_aside_idle, recorder);
}

void recorder_shutdown(struct recorder *recorder, void (*done)(void *user), void *user)
{
    recorder->shutting_down = true;
    recorder->done = done;
    recorder->done_user = user;
    recorder_stop(recorder, RECORDING_END_SHUTDOWN);
    if (!recorder->writer)
        finish_shutdown(recorder);
}
