#include "cursor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define LINE_MAX_BYTES 128

/* The number that the cursor has for the band; 0: none. */
static uint64_t find(FILE *cursor, const char *band)
{
    char line[LINE_MAX_BYTES], name[SPOOL_NAME_SIZE];
    uint64_t next, found = 0;

    rewind(cursor);
    while (fgets(line, sizeof(line), cursor)) {
        if (sscanf(line, "%31s %" SCNu64, name, &next) == 2 && strcmp(name, band) == 0)
            found = next;
    }
    return found;
}

/* One whose segments were all taken away is known by its readers still. */
static void know_bands(FILE *cursor, struct spool_index *index)
{
    char line[LINE_MAX_BYTES], name[SPOOL_NAME_SIZE];

    rewind(cursor);
    while (fgets(line, sizeof(line), cursor)) {
        if (sscanf(line, "%31s", name) == 1)
            spool_index_shelf(index, name);
    }
}

/* Once for as long as it lasts. */
static void tell_unreadable(struct spool_index *index, const char *name)
{
    if (!index->was_unreadable)
        log_warning("spool: the cursor %s can't be read (%s), so nothing counts as read by it: "
                    "chgrp it to the daemon's group, or delete it if its reader is gone",
                    name, strerror(errno));
    index->is_unreadable = true;
}

static void read_cursor(int folder, const char *name, struct spool_index *index)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *cursor = fd < 0 ? NULL : fdopen(fd, "r");

    index->is_read = true;
    if (cursor)
        know_bands(cursor, index);
    for (size_t i = 0; i < index->count; i++) {
        /* One that can't be read has had nothing. */
        const uint64_t next = cursor ? find(cursor, index->shelves[i].name) : 0;
        if (next < index->shelves[i].had)
            index->shelves[i].had = next;
        if (next > index->shelves[i].most)
            index->shelves[i].most = next;
    }
    if (cursor)
        fclose(cursor);
    else if (fd >= 0)
        close(fd);
    else
        tell_unreadable(index, name);
}

static bool is_cursor(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && !(dot && strcmp(dot, ".part") == 0);
}

void spool_cursor_read_all(int spool_dir, struct spool_index *index)
{
    const int fd = openat(spool_dir, "cursors", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    index->was_unreadable = index->is_unreadable;
    index->is_read = index->is_unreadable = false;
    for (size_t i = 0; i < index->count; i++)
        index->shelves[i].had = UINT64_MAX;
    while (folder && (entry = readdir(folder))) {
        if (is_cursor(entry->d_name))
            read_cursor(fd, entry->d_name, index);
    }
    if (folder)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
}
