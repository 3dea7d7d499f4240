#include "reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define NAME_SIZE 32
#define FRESH_S   2

struct reader {
    int folder, file; /* −1: none */
    uint64_t segment; /* the first record of the file that is, or was last read; 0: of none */
    uint64_t next;
    bool failed;            /* the last read did: that is no end */
    struct timespec listed; /* the folder as it was when `newer` was looked for */
    struct buffer bytes;    /* read, and not yet a whole line */
    size_t used;            /* of them */
    struct batcher batcher;
};

struct reader *reader_open(const char *folder, uint64_t next)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return NULL;
    reader->file = -1;
    reader->next = next;
    reader->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (reader->folder < 0) {
        free(reader);
        return NULL;
    }
    return reader;
}

static void close_file(struct reader *reader)
{
    if (reader->file >= 0)
        close(reader->file);
    reader->file = -1;
    reader->bytes.len = reader->used = 0;
}

void reader_seek(struct reader *reader, uint64_t next)
{
    close_file(reader);
    reader->segment = 0;
    reader->next = next;
    batcher_begin(&reader->batcher);
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    close_file(reader);
    close(reader->folder);
    buffer_finish(&reader->bytes);
    batcher_finish(&reader->batcher);
    free(reader);
}

uint64_t reader_next(const struct reader *reader)
{
    return reader->next;
}

static void segment_name(char out[NAME_SIZE], uint64_t first)
{
    snprintf(out, NAME_SIZE, "%020llu.lbcap", (unsigned long long)first);
}

int64_t reader_written_s(const struct reader *reader)
{
    char name[NAME_SIZE];
    struct stat info;

    segment_name(name, reader->segment);
    return fstatat(reader->folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_mtim.tv_sec : 0;
}

/* Once for as long as it lasts. False. */
static bool fail(struct reader *reader, const char *what)
{
    if (!reader->failed)
        log_warning("uplink: %s can't be read (%s); it is tried again", what, strerror(errno));
    reader->failed = true;
    return false;
}

/* ---- segments */

/* The last segment that begins at `until` or before, else the first after `after`; 0: none. */
static uint64_t find_segment(const struct reader *reader, uint64_t until, uint64_t after)
{
    int fd = openat(reader->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    unsigned long long first;
    uint64_t before = 0, behind = 0;

    while (folder && (entry = readdir(folder))) {
        if (sscanf(entry->d_name, "%20llu.lbcap", &first) != 1)
            continue;
        if (first <= until && first > before)
            before = first;
        if (first > after && (behind == 0 || first < behind))
            behind = first;
    }
    if (folder)
        closedir(folder);
    return before ? before : behind;
}

static bool open_segment(struct reader *reader, uint64_t first)
{
    char name[NAME_SIZE];

    close_file(reader);
    if (first == 0)
        return false; /* and the last one stays known */
    segment_name(name, first);
    reader->file = openat(reader->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (reader->file < 0 && errno != ENOENT)
        return fail(reader, name); /* it is tried again */
    reader->segment = first;
    batcher_begin(&reader->batcher);
    return reader->file >= 0;
}

/* The next segment, which tells that this one has its end; 0: none yet. The folder is read where it
 * has changed, or only just: its time is no finer than the kernel's tick. */
static uint64_t newer_segment(struct reader *reader)
{
    struct timespec now;
    struct stat info;

    clock_gettime(CLOCK_REALTIME, &now);
    if (fstat(reader->folder, &info) != 0 || (info.st_mtim.tv_sec == reader->listed.tv_sec &&
                                              info.st_mtim.tv_nsec == reader->listed.tv_nsec &&
                                              now.tv_sec - info.st_mtim.tv_sec > FRESH_S))
        return 0;
    const uint64_t newer = find_segment(reader, 0, reader->segment);
    if (newer == 0)
        reader->listed = info.st_mtim;
    return newer;
}

static bool open_next(struct reader *reader)
{
    return open_segment(reader, reader->segment == 0
                                    ? find_segment(reader, reader->next, reader->next)
                                    : newer_segment(reader));
}

/* ---- lines */

static bool read_more(struct reader *reader)
{
    struct buffer *bytes = &reader->bytes;

    if (reader->used > 0)
        memmove(bytes->data, bytes->data + reader->used, bytes->len - reader->used);
    bytes->len -= reader->used;
    reader->used = 0;
    char *room = buffer_reserve(bytes, READER_BYTES);
    const ssize_t got = room ? read(reader->file, room, READER_BYTES) : -1;
    if (got > 0)
        bytes->len += (size_t)got;
    if (got < 0)
        fail(reader, "a segment");
    else
        reader->failed = false;
    return got > 0;
}

/* The next whole line; NULL: it is not there yet. Borrowed until the next read. */
static const char *next_line(struct reader *reader, size_t *len)
{
    for (;;) {
        const struct buffer *bytes = &reader->bytes;
        const size_t left = bytes->len - reader->used;
        const char *line = left ? bytes->data + reader->used : NULL;
        const char *end = left ? memchr(line, '\n', left) : NULL;
        if (end) {
            *len = (size_t)(end - line) + 1;
            return line;
        }
        if (!read_more(reader))
            return NULL;
    }
}

/* ---- batches */

static bool take_whole(struct reader *reader, struct batch *batch)
{
    if (!batcher_take(&reader->batcher, batch)) {
        buffer_finish(&batch->text);
        return false;
    }
    /* What was had before is read once more to find the place. */
    if (batch->last < reader->next) {
        buffer_finish(&batch->text);
        return false;
    }
    reader->next = batch->last + 1;
    return true;
}

/* A line of the batch found no memory: what was read of it is read again. */
static void begin_anew(struct reader *reader)
{
    reader_seek(reader, reader->next);
    fail(reader, "a batch");
}

/* Of the open segment; false: it gives none now. */
static bool pull_here(struct reader *reader, struct batch *batch)
{
    const char *line;
    size_t len;

    while ((line = next_line(reader, &len))) {
        const bool taken =
            batcher_is_whole_before(&reader->batcher, line, len) && take_whole(reader, batch);
        batcher_add(&reader->batcher, line, len);
        reader->used += len;
        if (reader->batcher.batch.text.failed)
            begin_anew(reader);
        if (taken || reader->file < 0)
            return taken;
    }
    return false;
}

bool reader_pull(struct reader *reader, struct batch *batch)
{
    while (reader->file >= 0 || open_next(reader)) {
        if (pull_here(reader, batch))
            return true;
        if (reader->failed || (!reader->batcher.place.ended && newer_segment(reader) == 0))
            return false;
        /* What came between the last read and the look at the folder is the segment's, too. */
        if (pull_here(reader, batch))
            return true;
        if (reader->failed)
            return false;
        const bool taken = take_whole(reader, batch);
        close_file(reader);
        if (taken)
            return true;
    }
    return false;
}
