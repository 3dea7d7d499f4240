#include "repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "columns.h"
#include "record/disk.h"
#include "record/export.h"
#include "record/playback.h"
#include "tally.h"

/* Longer than any line: what has no newline that far back is no torn line. */
#define TORN_MAX (64 * 1024)

/* To the log; session.json and the list have room for the first one. */
void repair_note(struct session_info *info, const char *format, ...)
{
    char text[2 * SESSION_PROBLEM_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_warning("session %s: %s", info->id, text);
    if (!info->problem[0])
        session_copy_text(info->problem, sizeof(info->problem), text);
}

struct repair_search {
    off_t text_end; /* behind the last byte that is no NUL; −1 before one is found */
    off_t keep;
};

/* Back through one block that begins at `at`; true once it is known what to keep. */
static bool search_block(struct repair_search *search, off_t at, const char *block, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        const off_t end = at + (off_t)i;

        if (search->text_end < 0 && block[i - 1] == '\0')
            continue;
        if (search->text_end < 0)
            search->text_end = end;
        search->keep = block[i - 1] == '\n' ? end : search->text_end;
        if (block[i - 1] == '\n' || search->text_end - end > TORN_MAX)
            return true;
    }
    search->keep = 0;
    return false;
}

/* What is whole of a file of lines, −1 where it can't be read. A crash tears the last line; a power
 * cut leaves NULs, as many as were not written yet. */
static off_t whole_lines(int fd)
{
    char block[4096];
    struct repair_search search = {.text_end = -1};

    for (off_t at = lseek(fd, 0, SEEK_END); at > 0;) {
        const size_t len = at < (off_t)sizeof(block) ? (size_t)at : sizeof(block);

        at -= (off_t)len;
        errno = EIO;
        if (pread(fd, block, len, at) != (ssize_t)len)
            return -1;
        if (search_block(&search, at, block, len))
            break;
    }
    return search.keep;
}

bool repair_lines(int dir, const char *name)
{
    int fd = session_open_in(dir, name, O_RDWR);

    if (fd < 0)
        return errno == ENOENT;
    const off_t end = lseek(fd, 0, SEEK_END);
    const off_t keep = whole_lines(fd);
    bool cut = keep >= 0 && (keep == end || ftruncate(fd, keep) == 0) && fsync(fd) == 0;
    const int error = errno;
    close(fd);
    errno = error;
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
    else if (record->kind == CAPTURE_MODEL && record->model)
        session_copy_text(info->model, sizeof(info->model), record->model->name);
    else if (record->kind == CAPTURE_DEVICE && !info->device[0]) {
        session_copy_text(info->device, sizeof(info->device), record->device.name);
        session_copy_text(info->address, sizeof(info->address), record->device.address);
        session_copy_text(info->firmware, sizeof(info->firmware), record->device.firmware);
    }
}

bool repair_recount(int dir, struct session_info *info, struct failure *failure)
{
    struct playback_listener listener = {.pipeline = {.user = info, .samples = recount_block},
                                         .record = recount_record,
                                         .user = info};
    struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    struct playback_summary summary;
    int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");

    if (!packets) {
        repair_note(info, "packets.lbcap can't be read: %s", strerror(errno));
        return true;
    }
    tally_clear(info);
    bool played =
        playback_run(packets, &config, &listener, CAPTURE_DEFAULT_START_UTC_US, &summary, failure);
    fclose(packets);
    if (!played)
        repair_note(info, "%s", failure->message);
    if (summary.bad_lines > 0)
        repair_note(info, PLAYBACK_BAD_LINES, PLAYBACK_BAD_LINES_OF(&summary));
    if (summary.lines > 0)
        info->start_utc_us = summary.start_utc_us;
    info->duration = (double)summary.last_at_us / 1e6;
    return played || failure->code != ERROR_INTERNAL;
}

void repair_parts(int dir)
{
    for (int i = 0; i < FILE_COUNT; i++)
        disk_drop_part(dir, session_file_name((enum session_file)i));
}

/* As far as it goes: what can't be repaired is told, and keeps the rest from nothing. */
bool repair_files(int dir, struct session_info *info, session_messages *messages,
                  struct failure *failure)
{
    repair_parts(dir);
    for (int i = 0; i < FILE_STREAMED; i++) {
        if (!repair_lines(dir, session_file_name(i)))
            repair_note(info, "%s can't be repaired: %s", session_file_name(i), strerror(errno));
    }
    if (!repair_recount(dir, info, failure))
        return false;
    if ((info->formats & FORMAT_CSV) && !export_csv_whole(dir, info, failure))
        repair_note(info, "the CSV files may lack their last rows: %s", failure->message);
    if (messages && (info->formats & FORMAT_JSONL) && !messages(dir, info, failure))
        repair_note(info, "processed.jsonl may lack its last messages: %s", failure->message);
    info->state = SESSION_INTERRUPTED;
    session_copy_text(info->reason, sizeof(info->reason), "interrupted");
    log_info("session %s: interrupted after %.1f s, and repaired", info->id, info->duration);
    return true;
}

bool repair_columns(int dir, struct session_info *info, struct failure *failure)
{
    struct buffer text = {0};

    if (!(info->formats & FORMAT_CSV))
        return true;
    columns_write(&text, session_model(info));
    const bool made =
        !text.failed && session_replace(dir, session_file_name(FILE_COLUMNS), text.data, text.len);
    buffer_finish(&text);
    if (made)
        return true;
    failure_set(failure, ERROR_RECORDING, "Can't write columns.json of %s: %s", info->id,
                strerror(errno));
    repair_note(info, "%s", failure->message);
    return false;
}
