#include "cursors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/disk.h"

#define BAND_SIZE 32

struct band_cursor {
    char band[BAND_SIZE];
    uint64_t next;
};

struct cursors {
    int folder;
    char *name;
    struct band_cursor *items;
    size_t count;
};

static struct band_cursor *find_cursor(const struct cursors *cursors, const char *band)
{
    for (size_t i = 0; i < cursors->count; i++) {
        if (strcmp(cursors->items[i].band, band) == 0)
            return &cursors->items[i];
    }
    return NULL;
}

uint64_t cursors_get(const struct cursors *cursors, const char *band)
{
    const struct band_cursor *cursor = find_cursor(cursors, band);

    return cursor ? cursor->next : 0;
}

bool cursors_set(struct cursors *cursors, const char *band, uint64_t next)
{
    struct band_cursor *cursor = find_cursor(cursors, band);

    if (!cursor) {
        struct band_cursor *grown =
            realloc(cursors->items, (cursors->count + 1) * sizeof(cursors->items[0]));
        if (!grown)
            return false;
        cursors->items = grown;
        cursor = &grown[cursors->count++];
        *cursor = (struct band_cursor){.next = 0};
        snprintf(cursor->band, sizeof(cursor->band), "%s", band);
    }
    const bool moved = cursor->next != next;
    cursor->next = next;
    return moved;
}

static void load(struct cursors *cursors)
{
    const int fd = openat(cursors->folder, cursors->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char band[BAND_SIZE];
    uint64_t next;

    while (file && fscanf(file, "%31s %" SCNu64, band, &next) == 2)
        cursors_set(cursors, band, next);
    if (file)
        fclose(file);
}

struct cursors *cursors_open(const char *spool, const char *name, struct failure *failure)
{
    struct cursors *cursors = calloc(1, sizeof(*cursors));
    char path[4096];

    failure_set(failure, ERROR_INTERNAL, "Out of memory.");
    if (!cursors || !(cursors->name = strdup(name))) {
        free(cursors);
        return NULL;
    }
    snprintf(path, sizeof(path), "%s/cursors", spool);
    cursors->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cursors->folder < 0 || faccessat(cursors->folder, ".", W_OK, AT_EACCESS) != 0) {
        failure_set(failure, ERROR_RECORDING,
                    "%.120s can't be used (%s): is linkbandd running with --spool, and may this "
                    "user write there?",
                    path, strerror(errno));
        cursors_close(cursors);
        return NULL;
    }
    load(cursors);
    /* From here on what is not carried away yet counts as unread. */
    if (faccessat(cursors->folder, name, F_OK, 0) != 0 && !cursors_save(cursors, failure)) {
        cursors_close(cursors);
        return NULL;
    }
    return cursors;
}

void cursors_close(struct cursors *cursors)
{
    if (cursors->folder >= 0)
        close(cursors->folder);
    free(cursors->items);
    free(cursors->name);
    free(cursors);
}

bool cursors_save(struct cursors *cursors, struct failure *failure)
{
    const int fd = disk_begin_part(cursors->folder, cursors->name);
    bool saved = fd >= 0;

    for (size_t i = 0; saved && i < cursors->count; i++)
        saved = dprintf(fd, "%s %" PRIu64 "\n", cursors->items[i].band, cursors->items[i].next) > 0;
    saved = saved && disk_replace_by_part(cursors->folder, cursors->name, fd);
    if (!saved)
        failure_set(failure, ERROR_RECORDING, "Can't save the cursor %.60s: %s", cursors->name,
                    strerror(errno));
    if (fd >= 0)
        close(fd);
    return saved;
}
