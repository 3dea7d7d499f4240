#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "disk.h"

/* The files that are made of packets can be made of them again: they are synced this rarely. */
#define DERIVED_SYNC_NS UINT64_C(10000000000)

struct writer {
    uv_loop_t *loop;
    struct writer_owner owner;
    struct buffer front[FILE_STREAMED];
    bool busy, closing, giving_up, failure_told, opened_told;
    uint64_t busy_since;
    struct session_info *final; /* what writer_close() was given */
    uv_work_t work;

    /* The job's, while busy. */
    char *data_dir;
    const struct place *place;
    struct session_info *info;
    struct buffer back[FILE_STREAMED];
    size_t back_bytes; /* the loop's to read too: set when no job runs */
    int dir, files[FILE_STREAMED];
    bool save_info, last;       /* save_info: in the last job */
    uint64_t derived_synced_at; /* uv_hrtime() */
    uint64_t free_bytes;
    struct failure failure;
};

static void destroy(struct writer *writer)
{
    for (int i = 0; i < FILE_STREAMED; i++) {
        buffer_finish(&writer->front[i]);
        buffer_finish(&writer->back[i]);
    }
    free(writer->data_dir);
    free(writer->info);
    free(writer->final);
    free(writer);
}

struct writer *writer_create(uv_loop_t *loop, const char *data_dir, const struct place *place,
                             const struct session_info *info, const struct writer_owner *owner)
{
    struct writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return NULL;
    writer->loop = loop;
    writer->owner = *owner;
    writer->place = place;
    writer->data_dir = strdup(data_dir);
    writer->info = malloc(sizeof(*info));
    writer->final = malloc(sizeof(*info));
    writer->dir = -1;
    for (int i = 0; i < FILE_STREAMED; i++)
        writer->files[i] = -1;
    if (!writer->data_dir || !writer->info || !writer->final) {
        destroy(writer);
        return NULL;
    }
    *writer->info = *info;
    writer->work.data = writer;
    writer->derived_synced_at = uv_hrtime();
    return writer;
}

struct buffer *writer_front(struct writer *writer, enum session_file file)
{
    return &writer->front[file];
}

size_t writer_queued(const struct writer *writer)
{
    size_t bytes = writer->busy ? writer->back_bytes : 0;

    for (int i = 0; i < FILE_STREAMED; i++)
        bytes += writer->front[i].len;
    return bytes;
}

uint64_t writer_stuck_ms(const struct writer *writer)
{
    return writer->busy ? uv_now(writer->loop) - writer->busy_since : 0;
}

static bool fail(struct writer *writer, const char *what)
{
    failure_set(&writer->failure, ERROR_RECORDING, "Can't write %s of %s: %s", what,
                writer->info->id, strerror(errno));
    return false;
}

static bool open_folder(struct writer *writer)
{
    if (!place_is_there(writer->place, &writer->failure))
        return false;
    writer->dir = session_create(writer->data_dir, writer->info->id, &writer->failure);
    if (writer->dir < 0)
        return false;
    return session_save(writer->dir, writer->info) || fail(writer, "session.json");
}

static bool open_file(struct writer *writer, int file)
{
    if (writer->files[file] >= 0)
        return true;
    writer->files[file] = openat(writer->dir, session_file_name(file),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    return writer->files[file] >= 0 && disk_sync_folder(writer->dir);
}

/* A full disk takes the beginning of a line: what stays must be whole lines. */
static void cut_to_whole_lines(int fd, const struct buffer *buffer, size_t written)
{
    const char *newline = written ? memrchr(buffer->data, '\n', written) : NULL;
    size_t keep = newline ? (size_t)(newline + 1 - buffer->data) : 0;
    off_t end = lseek(fd, 0, SEEK_CUR);

    if (ftruncate(fd, end - (off_t)(written - keep)) != 0)
        return; /* the repair at the next start cuts it, too */
    fsync(fd);
}

static bool write_buffer(int fd, const struct buffer *buffer)
{
    size_t written = 0;

    while (written < buffer->len) {
        ssize_t n = write(fd, buffer->data + written, buffer->len - written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = errno;
            cut_to_whole_lines(fd, buffer, written);
            errno = error;
            return false;
        }
        written += (size_t)n;
    }
    return true;
}

static bool derived_sync_is_due(struct writer *writer)
{
    const uint64_t now = uv_hrtime();

    if (!writer->last && now - writer->derived_synced_at < DERIVED_SYNC_NS)
        return false;
    writer->derived_synced_at = now;
    return true;
}

/* Packets first: what the other files hold can be made from them, not the reverse. */
static bool write_files(struct writer *writer)
{
    const bool derived = derived_sync_is_due(writer);

    for (int i = 0; i < FILE_STREAMED; i++) {
        struct buffer *buffer = &writer->back[i];

        if (buffer->len > 0 && !(open_file(writer, i) && write_buffer(writer->files[i], buffer)))
            return fail(writer, session_file_name(i));
        if (writer->files[i] >= 0 && (i == FILE_PACKETS || derived) &&
            fdatasync(writer->files[i]) != 0)
            return fail(writer, session_file_name(i));
    }
    if (session_is_there(writer->data_dir, writer->info->id, writer->dir))
        return true;
    failure_set(&writer->failure, ERROR_RECORDING, "The folder of %s is gone", writer->info->id);
    return false;
}

static void look_at_disk(struct writer *writer)
{
    struct statvfs disk;

    if (fstatvfs(writer->dir, &disk) == 0)
        writer->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

static void close_files(struct writer *writer)
{
    for (int i = 0; i < FILE_STREAMED; i++) {
        if (writer->files[i] >= 0)
            close(writer->files[i]);
    }
    if (writer->dir >= 0)
        close(writer->dir);
}

static void work(uv_work_t *request)
{
    struct writer *writer = request->data;

    if (writer->failure.code == ERROR_NONE && (writer->dir >= 0 || open_folder(writer)) &&
        write_files(writer)) {
        look_at_disk(writer);
        if (writer->last && writer->save_info) {
            session_look_at_files(writer->dir, writer->info, false);
            if (!session_save(writer->dir, writer->info))
                fail(writer, "session.json");
        }
    }
    if (writer->last)
        close_files(writer);
}

static void tell_outcome(struct writer *writer)
{
    /* Given up while a job was stuck: its outcome is no one's any more. */
    if (writer->giving_up)
        return;
    if (writer->failure.code != ERROR_NONE) {
        if (!writer->failure_told) {
            writer->failure_told = true;
            writer->owner.failed(writer->owner.user, &writer->failure);
        }
        return;
    }
    if (!writer->opened_told) {
        writer->opened_told = true;
        writer->owner.opened(writer->owner.user, writer->info->id);
    }
    writer->owner.synced(writer->owner.user, writer->free_bytes);
}

static void after_work(uv_work_t *request, int status)
{
    struct writer *writer = request->data;
    bool last = writer->last;

    (void)status;
    writer->busy = false;
    tell_outcome(writer);
    if (last) {
        struct writer_owner owner = writer->owner;

        destroy(writer);
        owner.closed(owner.user);
    } else if (writer->closing && !writer->busy)
        writer_flush(writer);
}

/* Only now, with no job running, may the job's part be touched. */
static void prepare_last(struct writer *writer)
{
    writer->last = true;
    if (writer->save_info) {
        /* The id is the folder's: it may have got a suffix. */
        memcpy(writer->final->id, writer->info->id, sizeof(writer->final->id));
        *writer->info = *writer->final;
    }
    if (writer->giving_up && writer->failure.code == ERROR_NONE) {
        failure_set(&writer->failure, ERROR_RECORDING, "Given up");
        writer->failure_told = true;
    }
}

void writer_flush(struct writer *writer)
{
    if (writer->busy)
        return;
    writer->back_bytes = 0;
    for (int i = 0; i < FILE_STREAMED; i++) {
        struct buffer spare = writer->back[i];

        writer->back[i] = writer->front[i];
        writer->back_bytes += writer->back[i].len;
        spare.len = 0;
        writer->front[i] = spare;
        if (writer->back[i].failed && writer->failure.code == ERROR_NONE)
            failure_set(&writer->failure, ERROR_RECORDING, "Out of memory");
    }
    if (writer->closing)
        prepare_last(writer);
    writer->busy = true;
    writer->busy_since = uv_now(writer->loop);
    uv_queue_work(writer->loop, &writer->work, work, after_work);
}

void writer_give_up(struct writer *writer)
{
    writer->giving_up = true;
}

void writer_close(struct writer *writer, const struct session_info *info)
{
    writer->closing = true;
    if (info) {
        *writer->final = *info;
        writer->save_info = true;
    } else
        writer_give_up(writer);
    writer_flush(writer);
}
