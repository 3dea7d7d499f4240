#include "lead.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "band/capture.h"

#define HEAD_SIZE 256 /* holds a segment's first lines, `#! start` among them */

static bool is_segment(const struct dirent *entry, uint64_t *first)
{
    unsigned long long number;
    const bool is = sscanf(entry->d_name, "%20llu.lbcap", &number) == 1;

    *first = is ? number : 0;
    return is;
}

/* The last segment that begins at `until` or before; 0: there is none. */
static uint64_t find_before(DIR *folder, uint64_t until)
{
    struct dirent *entry;
    uint64_t first, found = 0;

    rewinddir(folder);
    while ((entry = readdir(folder))) {
        if (is_segment(entry, &first) && first <= until && first > found)
            found = first;
    }
    return found;
}

/* The first that begins at `from` or behind; UINT64_MAX: there is none. */
static uint64_t find_from(DIR *folder, uint64_t from)
{
    struct dirent *entry;
    uint64_t first, found = UINT64_MAX;

    rewinddir(folder);
    while ((entry = readdir(folder))) {
        if (is_segment(entry, &first) && first >= from && first < found)
            found = first;
    }
    return found;
}

/* UTC of its second 0, µs; 0: it can't be read. */
static int64_t start_of(DIR *folder, uint64_t segment)
{
    static const char word[] = "\n#! start ";
    char text[HEAD_SIZE] = "", name[32];
    struct capture_record record;

    snprintf(name, sizeof(name), "%020llu.lbcap", (unsigned long long)segment);
    const int fd = openat(dirfd(folder), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    char *line = got > 0 ? strstr(text, word) : NULL;
    if (!line)
        return 0;
    line++;
    line[strcspn(line, "\n")] = '\0';
    return capture_parse(line, &record) ? 0 : record.utc_us;
}

uint64_t lead_leg(uint64_t segment)
{
    return segment / LEAD_LEG_RECORDS;
}

/* The segment to read from so that LEAD_US lead to `segment`. */
static uint64_t go_back(DIR *folder, uint64_t segment)
{
    const int64_t until = start_of(folder, segment) - LEAD_US;
    uint64_t before;

    for (int i = 0; i < LEAD_SEGMENTS_MAX && start_of(folder, segment) > until &&
                    (before = find_before(folder, segment - 1));
         i++)
        segment = before;
    return segment;
}

struct lead lead_find(const char *path, uint64_t next)
{
    DIR *folder = opendir(path);
    const uint64_t holds = folder ? find_before(folder, next) : 0;
    struct lead lead = {lead_leg(holds ? holds : next), next};

    if (holds)
        lead.begin = go_back(folder, find_from(folder, lead.leg * LEAD_LEG_RECORDS));
    if (folder)
        closedir(folder);
    return lead;
}
