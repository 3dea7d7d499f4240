#include "store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "index.h"
#include "record/disk.h"
#include "spool/segment.h"

#define ID_SIZE      33
#define FILE_SIZE    32 /* "00000000000000000001.lbcap" */
#define CURSOR_LINE  128
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

/* ---- names */

static void name_file(uint64_t first, char name[FILE_SIZE])
{
    snprintf(name, FILE_SIZE, "%020" PRIu64 ".lbcap", first);
}

static bool read_file_name(const char *name, uint64_t *first)
{
    char again[FILE_SIZE];

    if (sscanf(name, "%20" SCNu64, first) != 1)
        return false;
    name_file(*first, again);
    return strcmp(again, name) == 0;
}

/* A band tells its own name: it is a folder's only where it can be no path. */
bool spool_store_takes(const char *name)
{
    if (name[0] == '\0' || name[0] == '.' || strlen(name) >= SPOOL_NAME_SIZE)
        return false;
    for (const char *c = name; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return false;
    }
    return true;
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int make_folder(int parent, const char *name)
{
    if (mkdirat(parent, name, 0750) != 0 && errno != EEXIST)
        return -1;
    return open_folder(parent, name);
}

/* ---- what is there at the start */

static int by_first(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_segment(const struct dirent *entry)
{
    uint64_t first;

    return read_file_name(entry->d_name, &first);
}

static void list_shelf(struct spool_store *store, const char *band)
{
    struct spool_shelf *shelf = spool_index_shelf(&store->index, band);
    struct dirent **entries = NULL;
    struct stat info;
    int folder = open_folder(store->bands, band);
    const int count = folder < 0 ? 0 : scandirat(folder, ".", &entries, is_segment, by_first);

    for (int i = 0; i < count; i++) {
        uint64_t first;
        if (shelf && read_file_name(entries[i]->d_name, &first) &&
            fstatat(folder, entries[i]->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            spool_index_wrote(&store->index, shelf, first, (uint64_t)info.st_size, info.st_mtime);
        free(entries[i]);
    }
    free(entries);
    if (folder >= 0)
        close(folder);
}

static void list_bands(struct spool_store *store)
{
    int fd = dup(store->bands);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        if (spool_store_takes(entry->d_name))
            list_shelf(store, entry->d_name);
    }
    if (folder)
        closedir(folder);
}

/* ---- opening */

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
    list_bands(store);
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

static int open_segment(const struct spool_store *store, const char *band, uint64_t first,
                        int flags)
{
    char name[FILE_SIZE];
    int folder = open_folder(store->bands, band);
    int fd;

    if (folder < 0)
        return -1;
    name_file(first, name);
    fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0 && (flags & O_CREAT))
        disk_sync_folder(folder);
    close(folder);
    return fd;
}

static void read_to_end(int fd, struct segment_place *place)
{
    FILE *file = fdopen(fd, "r");
    char *line = NULL;
    size_t room = 0;

    if (!file)
        close(fd);
    for (ssize_t len; file && (len = getline(&line, &room, file)) > 0;) {
        if (line[len - 1] == '\n') /* else a power cut took the rest */
            segment_read(place, line);
    }
    free(line);
    if (file)
        fclose(file);
}

static uint64_t next_on_disk(const struct spool_store *store, const struct spool_shelf *shelf)
{
    struct segment_place place = {0};

    if (shelf->count == 0)
        return 1;
    const uint64_t first = shelf->items[shelf->count - 1].first;
    const int fd = open_segment(store, shelf->name, first, O_RDONLY);
    place.next = first;
    if (fd >= 0)
        read_to_end(fd, &place);
    return place.next + (place.ended ? 0 : SPOOL_LEAP);
}

/* Where the newest segments were taken away by hand, readers know of higher numbers than the disk.
 */
uint64_t spool_store_next(struct spool_store *store, const char *band)
{
    const struct spool_shelf *shelf = spool_index_shelf(&store->index, band);

    if (!shelf)
        return 1;
    const uint64_t next = next_on_disk(store, shelf);
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
    file->fd = folder < 0 ? -1 : open_segment(store, band, first, O_WRONLY | O_CREAT | O_APPEND);
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

bool spool_store_write(struct spool_store *store, const char *band, uint64_t first,
                       const char *text, size_t len, struct failure *failure)
{
    struct spool_file *file = file_of(store, band);

    if (!open_to_write(store, file, band, first) || !append(file->fd, text, len)) {
        failure_set(failure, ERROR_RECORDING, "Can't write the spool of %s: %s", band,
                    strerror(errno));
        return false;
    }
    struct spool_shelf *shelf = spool_index_shelf(&store->index, band);
    if (shelf)
        spool_index_wrote(&store->index, shelf, first, len, time(NULL));
    return true;
}

/* ---- what goes */

static bool take_away(struct spool_store *store, const struct spool_victim *victim)
{
    char name[FILE_SIZE];
    const int folder = open_folder(store->bands, victim->shelf->name);

    name_file(victim->first, name);
    const bool gone = folder >= 0 && (unlinkat(folder, name, 0) == 0 || errno == ENOENT);
    if (folder >= 0)
        close(folder);
    if (!gone)
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
    usage->bytes = store->index.bytes;
    usage->unread_bytes = spool_index_unread(&store->index, &usage->oldest_unread_s);
    usage->lost_segments = store->lost_segments;
}
