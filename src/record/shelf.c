#include "shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "gather.h"
#include "record/disk.h"

struct shelf *shelf_create(void)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));

    if (!shelf)
        return NULL;
    shelf->dir = -1;
    memset(shelf->files, -1, sizeof(shelf->files));
    return shelf;
}

void shelf_destroy(struct shelf *shelf)
{
    for (int i = 0; i < FILE_STREAMED; i++) {
        buffer_finish(&shelf->front[i]);
        buffer_finish(&shelf->back[i]);
    }
    free(shelf);
}

/* ---- the loop's */

size_t shelf_waiting(const struct shelf *shelf)
{
    size_t bytes = 0;

    for (int i = 0; i < FILE_STREAMED; i++)
        bytes += shelf->front[i].len;
    return bytes;
}

bool shelf_turn(struct shelf *shelf, size_t *bytes)
{
    bool whole = true;

    for (int i = 0; i < FILE_STREAMED; i++) {
        struct buffer spare = shelf->back[i];

        shelf->back[i] = shelf->front[i];
        *bytes += shelf->back[i].len;
        spare.len = 0;
        shelf->front[i] = spare;
        whole &= !shelf->back[i].failed;
    }
    return whole;
}

/* ---- the job's: its folder */

bool shelf_is_at(const struct shelf *shelf, const char *folder)
{
    return shelf->dir >= 0 && strcmp(shelf->folder, folder) == 0;
}

static void close_file(struct shelf *shelf, int file)
{
    if (shelf->files[file] >= 0)
        close(shelf->files[file]);
    shelf->files[file] = -1;
}

/* Open files move with their names; markers.csv becomes another file. */
static bool move(struct shelf *shelf, int dir, const struct session_info *band)
{
    close_file(shelf, FILE_MARKERS);
    close(shelf->dir);
    shelf->dir = -1;
    return gather_session(dir, band);
}

bool shelf_put(struct shelf *shelf, int dir, const char *folder, const struct session_info *band)
{
    if (shelf_is_at(shelf, folder))
        return true;
    if (shelf->dir >= 0 && !move(shelf, dir, band))
        return false;
    memcpy(shelf->folder, folder, strlen(folder) + 1);
    shelf->dir = folder[0] ? gather_folder(dir, folder) : folder_open(dir, ".");
    return shelf->dir >= 0;
}

bool shelf_is_there(const struct shelf *shelf)
{
    struct stat stat;

    return fstat(shelf->dir, &stat) == 0 && stat.st_nlink > 0;
}

/* ---- the job's: its files */

static bool open_file(struct shelf *shelf, int session_dir, int file)
{
    const bool of_session = file == FILE_MARKERS;
    const int dir = of_session ? session_dir : shelf->dir;
    /* One that was there before there were several bands goes on. */
    const int how = of_session && shelf->folder[0] ? O_APPEND : O_EXCL;

    if (shelf->files[file] >= 0)
        return true;
    shelf->files[file] = openat(dir, session_file_name(file),
                                O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0640);
    return shelf->files[file] >= 0 && disk_sync_folder(dir);
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

bool shelf_write(struct shelf *shelf, int dir, int file, bool sync)
{
    const struct buffer *buffer = &shelf->back[file];

    if (buffer->len > 0 &&
        !(open_file(shelf, dir, file) && write_buffer(shelf->files[file], buffer)))
        return false;
    return !sync || shelf->files[file] < 0 || fdatasync(shelf->files[file]) == 0;
}

void shelf_close(struct shelf *shelf)
{
    for (int i = 0; i < FILE_STREAMED; i++)
        close_file(shelf, i);
    if (shelf->dir >= 0)
        close(shelf->dir);
    shelf->dir = -1;
}
