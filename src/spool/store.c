#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cursor.h"
#include "folder.h"
#include "index.h"
#include "record/disk.h"

#define ID_SIZE      33
#define SECONDS_HOUR INT64_C(3600)

/* The segment that is written to. */
struct spool_file {
    char band[SPOOL_NAME_SIZE];
    uint64_t first;
    int fd;
};

struct spool_store {
    int dir, bands; /* descriptors */
    int64_t age_s;
    uint64_t bytes_max;
    uint64_t lost_segments;
    char id[ID_SIZE];
    struct spool_index index;
    struct spool_file files[SPOOL_BANDS_MAX];
};

/* ---- opening */

static int make_folder(int parent, const char *name)
{
    if (mkdirat(parent, name, 0750) != 0 && errno != EEXIST)
        return -1;
    return spool_folder_open(parent, name);
}

static bool read_id(struct spool_store *store)
{
    int fd = openat(store->dir, "id", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, store->id, ID_SIZE - 1);

    if (fd >= 0)
        close(fd);
    store->id[got == ID_SIZE - 1 ? got : 0] = '\0';
    return store->id[0];
}

static bool make_id(struct spool_store *store)
{
    uint8_t bytes[(ID_SIZE - 1) / 2];
    int fd = -1;

    if (getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes))
        fd = disk_begin_part(store->dir, "id");
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(store->id + 2 * i, 3, "%02x", bytes[i]);
    if (fd < 0)
        return false;
    const bool made =
        dprintf(fd, "%s\n", store->id) == ID_SIZE && disk_replace_by_part(store->dir, "id", fd);
    close(fd);
    return made;
}

static bool fail(struct failure *failure, const char *dir, const char *what)
{
    failure_set(failure, ERROR_RECORDING,
                "The spool %.120s can't be used (%s): name another with --spool.", dir, what);
    return false;
}

static bool open_places(struct spool_store *store, const char *dir, struct failure *failure)
{
    if (mkdir(dir, 0750) != 0 && errno != EEXIST)
        return fail(failure, dir, strerror(errno));
    store->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir < 0)
        return fail(failure, dir, strerror(errno));
    if (flock(store->dir, LOCK_EX | LOCK_NB) != 0)
        return fail(failure, dir, "another linkbandd writes there");
    store->bands = make_folder(store->dir, "bands");
    const int cursors = make_folder(store->dir, "cursors");
    /* Readers are others, of the group. */
    if (cursors >= 0) {
        fchmod(cursors, 0770);
        close(cursors);
    }
    if (store->bands < 0 || cursors < 0 || !(read_id(store) || make_id(store)))
        return fail(failure, dir, strerror(errno));
    return true;
}

struct spool_store *spool_store_open(const struct spool_config *config, struct failure *failure)
{
    struct spool_store *store = calloc(1, sizeof(*store));

    if (!store) {
        failure_set(failure, ERROR_INTERNAL, "There is no memory for a spool.");
        return NULL;
    }
    store->dir = store->bands = -1;
    store->age_s = config->hours * SECONDS_HOUR;
    store->bytes_max = (uint64_t)config->megabytes << 20;
    for (size_t i = 0; i < SPOOL_BANDS_MAX; i++)
        store->files[i].fd = -1;
    if (!open_places(store, config->dir, failure)) {
        spool_store_close(store);
        return NULL;
    }
    spool_folder_list(store->bands, &store->index);
    spool_cursor_read_all(store->dir, &store->index);
    return store;
}

void spool_store_close(struct spool_store *store)
{
    for (size_t i = 0; i < SPOOL_BANDS_MAX; i++) {
        if (store->files[i].fd >= 0)
            close(store->files[i].fd);
    }
    if (store->bands >= 0)
        close(store->bands);
    if (store->dir >= 0)
        close(store->dir);
    spool_index_finish(&store->index);
    free(store);
}

const char *spool_store_id(const struct spool_store *store)
{
    return store->id;
}

/* ---- the next number */

bool spool_store_each(struct spool_store *store, bool (*each)(void *user, const char *band),
                      void *user)
{
    for (size_t i = 0; i < store->index.count; i++) {
        if (!each(user, store->index.shelves[i].name))
            return false;
    }
    return true;
}

/* Where the newest segments were taken away by hand, readers know of higher numbers than the disk.
 */
uint64_t spool_store_next(struct spool_store *store, const char *band)
{
    struct spool_shelf *shelf = spool_index_shelf(&store->index, band);

    if (!shelf)
        return 1;
    uint64_t next = 1;
    if (shelf->count > 0)
        next = (spool_folder_find_end(store->bands, shelf) ? 0 : SPOOL_LEAP) + shelf->end;
    return shelf->most > next ? shelf->most + SPOOL_LEAP : next;
}

/* ---- writing */

static struct spool_file *file_of(struct spool_store *store, const char *band)
{
    struct spool_file *free_one = &store->files[0];

    for (size_t i = 0; i < SPOOL_BANDS_MAX; i++) {
        if (store->files[i].fd >= 0 && strcmp(store->files[i].band, band) == 0)
            return &store->files[i];
        if (store->files[i].fd < 0)
            free_one = &store->files[i];
    }
    return free_one;
}

static bool open_to_write(struct spool_store *store, struct spool_file *file, const char *band,
                          uint64_t first)
{
    if (file->fd >= 0 && file->first == first && strcmp(file->band, band) == 0)
        return true;
    if (file->fd >= 0)
        close(file->fd);
    const int folder = make_folder(store->bands, band);
    if (folder >= 0)
        close(folder);
    file->fd = folder < 0
                   ? -1
                   : spool_folder_segment(store->bands, band, first, O_WRONLY | O_CREAT | O_APPEND);
    file->first = first;
    snprintf(file->band, sizeof(file->band), "%s", band);
    return file->fd >= 0;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return fdatasync(fd) == 0;
}

/* All or nothing: what could not be written whole is written again from its beginning. */
static bool append(int fd, const char *text, size_t len)
{
    const off_t end = lseek(fd, 0, SEEK_END);

    if (write_all(fd, text, len))
        return true;
    const int error = errno;
    if (end < 0 || ftruncate(fd, end) != 0)
        log_warning("spool: it could not take back what it wrote in part");
    errno = error;
    return false;
}

bool spool_store_write(struct spool_store *store, const struct spool_block *block,
                       struct failure *failure)
{
    struct spool_file *file = file_of(store, block->band);

    if (!open_to_write(store, file, block->band, block->first) ||
        !append(file->fd, block->text.data, block->text.len)) {
        failure_set(failure, ERROR_RECORDING, "Can't write the spool of %s: %s", block->band,
                    strerror(errno));
        return false;
    }
    struct spool_shelf *shelf = spool_index_shelf(&store->index, block->band);
    if (shelf) {
        spool_index_wrote(&store->index, shelf, block->first, block->text.len, time(NULL));
        shelf->end = block->end;
    }
    return true;
}

/* ---- what goes */

static bool take_away(struct spool_store *store, const struct spool_victim *victim)
{
    if (spool_folder_remove(store->bands, victim->shelf->name, victim->first) != 0 &&
        errno != ENOENT)
        return false;
    store->lost_segments += victim->unread;
    spool_index_drop(&store->index, victim->shelf);
    return true;
}

static bool has_room(const struct spool_store *store)
{
    struct statvfs info;

    return store->index.bytes <= store->bytes_max &&
           (fstatvfs(store->dir, &info) != 0 ||
            (uint64_t)info.f_bavail * info.f_frsize >= SPOOL_FREE_MIN);
}

void spool_store_tend(struct spool_store *store, struct spool_usage *usage)
{
    struct spool_victim victim;

    spool_cursor_read_all(store->dir, &store->index);
    while (spool_index_too_old(&store->index, time(NULL) - store->age_s, &victim)) {
        if (!take_away(store, &victim))
            break;
    }
    while (!has_room(store) && spool_index_oldest(&store->index, &victim)) {
        if (!take_away(store, &victim))
            break;
    }
    spool_cursor_tell(&store->index, usage);
    usage->lost_segments = store->lost_segments;
}
