/* The end of a session: repair where it was interrupted, then what is made from its packets. */
#include "record/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "record/bdf.h"
#include "record/playback.h"
#include "tally.h"

/* Longer than any line; a file without a newline that far back has no whole line to keep. */
#define TORN_MAX (64 * 1024)

/* Cuts what follows the last newline: the line that a crash tore. */
static bool cut_torn_line(int dir, const char *name)
{
    char tail[4096];
    int fd = session_open_in(dir, name, O_RDWR);

    if (fd < 0)
        return errno == ENOENT;
    off_t end = lseek(fd, 0, SEEK_END);
    off_t keep = end;
    bool found = end == 0;
    while (!found && keep > 0 && end - keep < TORN_MAX) {
        size_t want = keep < (off_t)sizeof(tail) ? (size_t)keep : sizeof(tail);
        ssize_t got = pread(fd, tail, want, keep - (off_t)want);

        if (got != (ssize_t)want)
            break;
        const char *newline = memrchr(tail, '\n', want);
        found = newline != NULL;
        keep -= found ? (off_t)want - (newline + 1 - tail) : (off_t)want;
    }
    bool cut = (found || keep == 0) && (keep == end || ftruncate(fd, keep) == 0) && fsync(fd) == 0;
    close(fd);
    return cut;
}

static void recount_block(void *user, const struct sample_block *block)
{
    tally_block(user, block);
}

static void recount_record(void *user, const struct capture_record *record)
{
    struct session_info *info = user;

    if (record->kind == CAPTURE_PACKET)
        info->counts[record->packet.sensor].packets++;
    else if (record->kind == CAPTURE_MARKER)
        tally_marker(info, record->marker_ms, record->label);
    else if (record->kind == CAPTURE_DEVICE) {
        session_copy_text(info->device, sizeof(info->device), record->device.name);
        session_copy_text(info->address, sizeof(info->address), record->device.address);
        session_copy_text(info->firmware, sizeof(info->firmware), record->device.firmware);
    }
}

/* Everything that session.json counts, from the packets alone. */
static bool recount(int dir, struct session_info *info, struct failure *failure)
{
    struct playback_listener listener = {.pipeline = {.user = info, .samples = recount_block},
                                         .record = recount_record,
                                         .user = info};
    struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    struct playback_summary summary;
    int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");

    if (!packets)
        return errno == ENOENT;
    tally_clear(info);
    bool played = playback_run(packets, &config, &listener, &summary, failure);
    fclose(packets);
    playback_warn(&summary, info->id);
    if (summary.lines > 0)
        info->start_utc_us = summary.start_utc_us;
    info->duration = (double)summary.last_at_us / 1e6;
    return played;
}

static bool repair(int dir, struct session_info *info, struct failure *failure)
{
    failure_set(failure, ERROR_RECORDING, "Can't repair %s", info->id);
    for (int i = 0; i < FILE_STREAMED; i++) {
        if (!cut_torn_line(dir, session_file_name(i)))
            return false;
    }
    if (!recount(dir, info, failure))
        return false;
    info->state = SESSION_INTERRUPTED;
    session_copy_text(info->reason, sizeof(info->reason), "interrupted");
    log_info("Session %s was interrupted after %.1f s and is repaired", info->id, info->duration);
    return true;
}

/* Its daemon died before the first session.json: what can be known without it. */
static void assume(struct session_info *info, const char *id)
{
    memset(info, 0, sizeof(*info));
    session_copy_text(info->id, sizeof(info->id), id);
    session_copy_text(info->name, sizeof(info->name), id);
    session_copy_text(info->version, sizeof(info->version), LINKBANDD_VERSION);
    info->state = SESSION_RECORDING;
    info->sensors = SENSOR_SET_ALL;
    info->formats = FORMAT_DEFAULT;
}

static bool make_formats(int dir, const struct session_info *info, struct failure *failure)
{
    struct bdf_result result;

    if (!(info->formats & FORMAT_BDF) || info->files[FILE_BDF].present)
        return true;
    if (bdf_make(dir, dir, info, &result, failure))
        return true;
    log_warning("%s: %s", info->id, failure->message);
    return false;
}

static bool bring_to_end(int dir, struct session_info *info, struct failure *failure)
{
    if (info->state == SESSION_RECORDING && !repair(dir, info, failure))
        return false;
    session_look_at_files(dir, info, false);
    bool made = make_formats(dir, info, failure);
    if (info->state == SESSION_RECORDED)
        info->state = SESSION_COMPLETE;
    session_look_at_files(dir, info, true);
    if (session_save(dir, info))
        return made;
    failure_set(failure, ERROR_RECORDING, "Can't write session.json: %s", strerror(errno));
    return false;
}

bool session_finish(const char *data_dir, const char *id, struct failure *failure)
{
    struct session_info *info = malloc(sizeof(*info));
    int dir = session_claim(data_dir, id);
    bool done = true;

    failure_set(failure, ERROR_NONE, "%s", "");
    if (info && dir >= 0) {
        bool loaded = session_load(dir, info);

        if (!loaded && (errno == ENOENT || errno == EBADMSG)) {
            assume(info, id);
            loaded = true;
        }
        if (loaded && (info->state == SESSION_RECORDING || info->state == SESSION_RECORDED))
            done = bring_to_end(dir, info, failure);
    }
    if (dir < 0 && errno == EBUSY) {
        failure_set(failure, ERROR_BUSY, "Session %s is being recorded", id);
        done = false;
    }
    if (done)
        failure->code = ERROR_NONE;
    if (dir >= 0)
        close(dir);
    free(info);
    return done;
}
