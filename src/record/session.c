#include "record/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checksum.h"
#include "disk.h"

#define SUFFIX_MAX 99
/* A folder on its way out: renamed first, so that a crash leaves nothing half deleted in the list.
 */
#define DELETED ".deleted-"

/* A folder is made and locked in one step for those who look for unlocked ones to repair. */
static pthread_mutex_t claims = PTHREAD_MUTEX_INITIALIZER;

static int open_data_dir(const char *data_dir)
{
    return open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* mkdir of `id`, else of `id`_2 …; true with the name that was free in `id`. */
static bool make_unique(int parent, char id[SESSION_ID_SIZE])
{
    char base[SESSION_ID_SIZE];

    snprintf(base, sizeof(base), "%s", id);
    for (int n = 2; mkdirat(parent, id, 0750) != 0; n++) {
        if (errno != EEXIST || n > SUFFIX_MAX)
            return false;
        snprintf(id, SESSION_ID_SIZE, "%.*s_%d", SESSION_ID_SIZE - 4, base, n);
    }
    return true;
}

int session_create(const char *data_dir, char id[SESSION_ID_SIZE], struct failure *failure)
{
    int parent = open_data_dir(data_dir);
    int dir = -1;

    pthread_mutex_lock(&claims);
    if (parent >= 0 && make_unique(parent, id)) {
        dir = open_folder(parent, id);
        flock(dir, LOCK_EX); /* no one else holds it for longer than a look */
    }
    pthread_mutex_unlock(&claims);
    if (dir >= 0)
        fsync(parent);
    else
        failure_set(failure, ERROR_RECORDING, "Can't make a session's folder in %s: %s", data_dir,
                    strerror(errno));
    if (parent >= 0)
        close(parent);
    return dir;
}

int session_open(const char *data_dir, const char *id)
{
    if (!session_id_is_valid(id)) {
        errno = ENOENT;
        return -1;
    }
    int parent = open_data_dir(data_dir);
    if (parent < 0)
        return -1;
    int dir = open_folder(parent, id);
    int error = errno;
    close(parent);
    errno = error;
    return dir;
}

int session_claim(const char *data_dir, const char *id)
{
    pthread_mutex_lock(&claims);
    int dir = session_open(data_dir, id);
    if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) != 0) {
        close(dir);
        dir = -1;
        errno = EBUSY;
    }
    pthread_mutex_unlock(&claims);
    return dir;
}

bool session_is_there(const char *data_dir, const char *id, int dir)
{
    struct stat named, held;
    int again = session_open(data_dir, id);
    bool same = again >= 0 && fstat(again, &named) == 0 && fstat(dir, &held) == 0 &&
                named.st_ino == held.st_ino && named.st_dev == held.st_dev;

    if (again >= 0)
        close(again);
    return same;
}

int session_open_in(int dir, const char *file, int access)
{
    struct stat stat;
    /* O_NONBLOCK: a FIFO put there must not hold us up. */
    int fd = openat(dir, file, access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)))
        return fd;
    close(fd);
    errno = EBADF;
    return -1;
}

int session_open_file(const char *data_dir, const char *id, const char *file, uint64_t *size)
{
    struct stat stat;

    if (session_file_from_name(file) == FILE_COUNT)
        return -1;
    int dir = session_open(data_dir, id);
    if (dir < 0)
        return -1;
    int fd = session_open_in(dir, file, O_RDONLY);
    close(dir);
    if (fd < 0)
        return -1;
    if (fstat(fd, &stat) != 0) {
        close(fd);
        return -1;
    }
    *size = (uint64_t)stat.st_size;
    return fd;
}

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

bool session_replace(int dir, const char *name, const char *text, size_t size)
{
    char part[64];

    snprintf(part, sizeof(part), "%s.part", name);
    unlinkat(dir, part, 0);
    int fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    bool written = write_all(fd, text, size) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    if (written && renameat(dir, part, dir, name) == 0)
        return disk_sync_folder(dir);
    if (written)
        error = errno;
    unlinkat(dir, part, 0);
    errno = error;
    return false;
}

void session_look_at_files(int dir, struct session_info *info, bool checksums)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        struct stat stat;
        bool there = fstatat(dir, session_file_name(i), &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISREG(stat.st_mode);

        info->files[i].present = there;
        info->files[i].bytes = there ? (uint64_t)stat.st_size : 0;
        info->files[i].sha256[0] = '\0';
        if (there && checksums && i != FILE_JSON)
            checksum_file(dir, session_file_name(i), info->files[i].sha256);
    }
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(b, a);
}

/*
 * The newest ids under `before`, kept sorted in `ids` of `room` places: memory is bounded however
 * many folders there are. Returns how many; *more: at least one did not fit.
 */
static size_t newest_ids(DIR *entries, const char *before, char (*ids)[SESSION_ID_SIZE],
                         size_t room, bool *more)
{
    size_t count = 0;

    *more = false;
    for (struct dirent *entry; (entry = readdir(entries));) {
        const char *id = entry->d_name;

        if (!session_id_is_valid(id) || (before && strcmp(id, before) >= 0))
            continue;
        if (count == room) {
            *more = true;
            if (strcmp(id, ids[room - 1]) <= 0)
                continue;
            count--;
        }
        snprintf(ids[count++], SESSION_ID_SIZE, "%.*s", SESSION_ID_SIZE - 1, id);
        qsort(ids, count, SESSION_ID_SIZE, newest_first);
    }
    return count;
}

static void summarise(const struct session_info *info, struct session_summary *out)
{
    memcpy(out->name, info->name, sizeof(out->name));
    memcpy(out->problem, info->problem, sizeof(out->problem));
    out->state = info->state;
    out->start_utc_us = info->start_utc_us;
    out->duration = info->duration;
    out->sensors = info->sensors;
    out->bytes = 0;
    for (int i = 0; i < FILE_COUNT; i++) {
        out->files[i] = info->files[i].present;
        out->bytes += info->files[i].bytes;
    }
}

/* Does someone record it, or bring it to its end? Where locks are unknown it may be. */
static bool is_held(int dir)
{
    pthread_mutex_lock(&claims);
    bool held = flock(dir, LOCK_SH | LOCK_NB) != 0;
    if (!held)
        flock(dir, LOCK_UN);
    pthread_mutex_unlock(&claims);
    return held;
}

/* Says of a session that it is `recording` only where it is; of others what is the matter. */
static void judge(int dir, struct session_info *info)
{
    if (!session_load(dir, info)) {
        const int error = errno;
        const bool foreign = error == ENOENT && session_is_foreign(dir);

        memset(info, 0, sizeof(*info));
        snprintf(info->problem, sizeof(info->problem),
                 foreign ? "It %s" : "session.json can't be read: %s",
                 foreign            ? SESSION_FOREIGN
                 : error == EBADMSG ? "it is no JSON of a session's"
                                    : strerror(error));
    }
    if (info->state != SESSION_RECORDING)
        return;
    if (is_held(dir)) {
        info->problem[0] = '\0';
        return;
    }
    info->state = SESSION_INTERRUPTED;
    if (!info->problem[0])
        snprintf(info->problem, sizeof(info->problem),
                 "It was interrupted and is not repaired yet; where that lasts, the log tells why");
}

/* A folder without a session.json that can be read is listed too: its files may be all there is. */
static void read_summary(int parent, const char *id, struct session_info *info,
                         struct session_summary *out)
{
    memset(out, 0, sizeof(*out));
    memset(info, 0, sizeof(*info));
    int dir = open_folder(parent, id);
    if (dir >= 0) {
        judge(dir, info);
        session_look_at_files(dir, info, false);
        close(dir);
    } else {
        info->state = SESSION_INTERRUPTED;
        snprintf(info->problem, sizeof(info->problem), "It is no recording's folder: %s",
                 strerror(errno));
    }
    summarise(info, out);
    snprintf(out->id, sizeof(out->id), "%s", id);
}

size_t session_list(const char *data_dir, size_t limit, const char *before,
                    struct session_summary *out, bool *more)
{
    char ids[SESSION_LIST_MAX][SESSION_ID_SIZE];
    struct session_info *info = malloc(sizeof(*info));
    int parent = open_data_dir(data_dir);
    DIR *entries = parent < 0 ? NULL : fdopendir(parent);
    size_t count = 0;

    *more = false;
    if (limit > SESSION_LIST_MAX)
        limit = SESSION_LIST_MAX;
    if (info && entries && limit > 0) {
        count = newest_ids(entries, before, ids, limit, more);
        for (size_t i = 0; i < count; i++)
            read_summary(parent, ids[i], info, &out[i]);
    }
    if (entries)
        closedir(entries);
    else if (parent >= 0)
        close(parent);
    free(info);
    return count;
}

/* A session's folder holds files only; what else someone put there is left, and said. Two may be at
 * it, a deletion and the look for unfinished ones: what the other has removed is removed. */
static bool empty_and_remove(int parent, const char *name)
{
    int dir = open_folder(parent, name);
    DIR *entries = dir < 0 ? NULL : fdopendir(dir);

    if (!entries) {
        int error = errno;
        if (dir >= 0)
            close(dir);
        return error == ENOENT;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dir, entry->d_name, 0);
    }
    closedir(entries);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

bool session_delete(const char *data_dir, const char *id, struct failure *failure)
{
    char gone[SESSION_ID_SIZE + sizeof(DELETED)];
    int dir = session_claim(data_dir, id);

    if (dir < 0) {
        if (errno == EBUSY)
            failure_set(failure, ERROR_BUSY, "Session %.63s is still being written", id);
        else
            failure_set(failure, ERROR_INVALID_PARAMETERS, "There is no session %.63s", id);
        return false;
    }
    if (session_is_foreign(dir)) {
        failure_set(failure, ERROR_RECORDING, "%s " SESSION_FOREIGN ", delete it by hand", id);
        close(dir);
        return false;
    }
    int parent = open_data_dir(data_dir);
    snprintf(gone, sizeof(gone), DELETED "%s", id);
    bool deleted = parent >= 0 && renameat(parent, id, parent, gone) == 0;
    if (!deleted)
        failure_set(failure, ERROR_RECORDING, "Can't delete %s: %s", id, strerror(errno));
    else if (!empty_and_remove(parent, gone)) {
        deleted = false;
        failure_set(failure, ERROR_RECORDING, "Can't delete all of %s, the rest is in %s: %s", id,
                    gone, strerror(errno));
    }
    if (parent >= 0) {
        fsync(parent);
        close(parent);
    }
    close(dir);
    return deleted;
}

static bool is_unfinished(int parent, const char *id, struct session_info *info)
{
    int dir = open_folder(parent, id);

    if (dir < 0)
        return false;
    bool loaded = session_load(dir, info);
    /* No session.json: its daemon died before the first was written. One that can't be read is made
     * anew, or it is told why not. */
    bool unfinished = loaded ? info->state == SESSION_RECORDING || info->state == SESSION_RECORDED
                             : !session_is_foreign(dir);
    close(dir);
    return unfinished;
}

bool session_next_unfinished(const char *data_dir, const char *after, char id[SESSION_ID_SIZE])
{
    struct session_info *info = malloc(sizeof(*info));
    int parent = open_data_dir(data_dir);
    DIR *entries = parent < 0 ? NULL : fdopendir(parent);
    bool found = false;

    for (struct dirent *entry; info && entries && (entry = readdir(entries));) {
        const char *name = entry->d_name;

        if (strncmp(name, DELETED, strlen(DELETED)) == 0)
            empty_and_remove(parent, name);
        if (!session_id_is_valid(name) || strcmp(name, after) <= 0)
            continue;
        if ((found && strcmp(name, id) >= 0) || !is_unfinished(parent, name, info))
            continue;
        snprintf(id, SESSION_ID_SIZE, "%.*s", SESSION_ID_SIZE - 1, name);
        found = true;
    }
    if (entries)
        closedir(entries);
    else if (parent >= 0)
        close(parent);
    free(info);
    return found;
}
