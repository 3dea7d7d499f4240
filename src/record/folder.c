#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checksum.h"
#include "record/disk.h"

#define SUFFIX_MAX 99

/* A folder is made and locked in one step for those who look for unlocked ones to repair. */
static pthread_mutex_t claims = PTHREAD_MUTEX_INITIALIZER;

int folder_open_data_dir(const char *data_dir)
{
    return open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int folder_open(int parent, const char *name)
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
    int parent = folder_open_data_dir(data_dir);
    int dir = -1;

    pthread_mutex_lock(&claims);
    if (parent >= 0 && make_unique(parent, id)) {
        dir = folder_open(parent, id);
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
    int parent = folder_open_data_dir(data_dir);
    if (parent < 0)
        return -1;
    int dir = folder_open(parent, id);
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

bool session_is_band_folder(int dir, const char *name)
{
    struct stat stat;
    char path[SESSION_FOLDER_SIZE + 32];

    if (!session_folder_is_valid(name))
        return false;
    snprintf(path, sizeof(path), "%s/%s", name, session_file_name(FILE_PACKETS));
    return fstatat(dir, path, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode);
}

/* The folder itself, or one in it. */
static int open_within(const char *data_dir, const char *id, const char *folder)
{
    int dir = session_open(data_dir, id);

    if (dir < 0 || !folder[0])
        return dir;
    int within = session_is_band_folder(dir, folder) ? folder_open(dir, folder) : -1;
    close(dir);
    return within;
}

int session_open_file(const char *data_dir, const char *id, const char *folder, const char *file,
                      uint64_t *size)
{
    struct stat stat;

    if (session_file_from_name(file) == FILE_COUNT)
        return -1;
    int dir = open_within(data_dir, id, folder);
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

bool folder_is_held(int dir)
{
    pthread_mutex_lock(&claims);
    bool held = flock(dir, LOCK_SH | LOCK_NB) != 0;
    if (!held)
        flock(dir, LOCK_UN);
    pthread_mutex_unlock(&claims);
    return held;
}
