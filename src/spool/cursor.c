#include "cursor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "folder.h"

#define LINE_MAX_BYTES 128

/* Each line's number to its band's shelf. One whose segments were all taken away is known by its
 * readers still. */
static void read_lines(FILE *cursor, struct spool_index *index)
{
    char line[LINE_MAX_BYTES], name[SPOOL_NAME_SIZE];
    uint64_t next;

    while (fgets(line, sizeof(line), cursor)) {
        struct spool_shelf *shelf = NULL;
        if (sscanf(line, "%31s %" SCNu64, name, &next) == 2)
            shelf = spool_index_shelf(index, name);
        if (shelf)
            shelf->next = next;
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
    struct spool_reader reader = {.is_readable = cursor};

    index->is_read = true;
    for (size_t i = 0; i < index->count; i++)
        index->shelves[i].next = 0; /* of one that can't be read, or does not name the band */
    if (cursor)
        read_lines(cursor, index);
    for (size_t i = 0; i < index->count; i++) {
        struct spool_shelf *shelf = &index->shelves[i];
        spool_index_add_unread(shelf, shelf->next, &reader.unread);
        if (shelf->next < shelf->had)
            shelf->had = shelf->next;
        if (shelf->next > shelf->most)
            shelf->most = shelf->next;
    }
    if (spool_folder_takes(name)) {
        snprintf(reader.name, sizeof(reader.name), "%.*s", SPOOL_READER_SIZE - 1, name);
        spool_index_add_reader(index, &reader);
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
    index->reader_count = 0;
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

void spool_cursor_tell(const struct spool_index *index, struct spool_usage *usage)
{
    usage->bytes = index->bytes;
    usage->is_read = index->is_read;
    usage->unread = spool_index_unread(index);
    usage->reader_count = index->reader_count;
    memcpy(usage->readers, index->readers, sizeof(usage->readers));
}
