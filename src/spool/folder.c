#include "folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/disk.h"
#include "spool/segment.h"

#define FILE_SIZE 32 /* "00000000000000000001.lbcap" */

/* ---- names */

bool spool_folder_takes(const char *name)
{
    if (name[0] == '\0' || name[0] == '.' || strlen(name) >= SPOOL_NAME_SIZE)
        return false;
    for (const char *c = name; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return false;
    }
    return true;
}

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

/* ---- files */

int spool_folder_open(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int spool_folder_segment(int bands, const char *band, uint64_t first, int flags)
{
    char name[FILE_SIZE];
    int folder = spool_folder_open(bands, band);
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

int spool_folder_remove(int bands, const char *band, uint64_t first)
{
    char name[FILE_SIZE];
    const int folder = spool_folder_open(bands, band);

    if (folder < 0)
        return -1;
    name_file(first, name);
    const int result = unlinkat(folder, name, 0);
    const int error = errno;
    close(folder);
    errno = error;
    return result;
}

/* ---- what is there */

static int by_first(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_segment(const struct dirent *entry)
{
    uint64_t first;

    return read_file_name(entry->d_name, &first);
}

static void list_shelf(int bands, struct spool_index *index, const char *band)
{
    struct spool_shelf *shelf = spool_index_shelf(index, band);
    struct dirent **entries = NULL;
    struct stat info;
    int folder = spool_folder_open(bands, band);
    const int count = folder < 0 ? 0 : scandirat(folder, ".", &entries, is_segment, by_first);

    for (int i = 0; i < count; i++) {
        uint64_t first;
        if (shelf && read_file_name(entries[i]->d_name, &first) &&
            fstatat(folder, entries[i]->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            spool_index_wrote(index, shelf, first, (uint64_t)info.st_size, info.st_mtime);
        free(entries[i]);
    }
    free(entries);
    if (folder >= 0)
        close(folder);
}

void spool_folder_list(int bands, struct spool_index *index)
{
    int fd = dup(bands);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        if (spool_folder_takes(entry->d_name))
            list_shelf(bands, index, entry->d_name);
    }
    if (folder)
        closedir(folder);
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

bool spool_folder_find_end(int bands, struct spool_shelf *shelf)
{
    struct segment_place place = {.next = shelf->items[shelf->count - 1].first};
    const int fd = spool_folder_segment(bands, shelf->name, place.next, O_RDONLY);

    if (fd >= 0)
        read_to_end(fd, &place);
    shelf->end = place.next;
    return place.ended;
}
