#include "spool/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cursor.h"
#include "folder.h"

static void take_stock(int dir, int bands, struct spool_usage *usage)
{
    struct spool_index index = {.is_unreadable = true}; /* whoever asked tells of a cursor */

    spool_folder_list(bands, &index);
    for (size_t i = 0; i < index.count; i++) {
        if (index.shelves[i].count > 0)
            spool_folder_find_end(bands, &index.shelves[i]);
    }
    spool_cursor_read_all(dir, &index);
    *usage = (struct spool_usage){0};
    spool_cursor_tell(&index, usage);
    spool_index_finish(&index);
}

bool spool_survey(const char *path, struct spool_usage *usage)
{
    const int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int bands = dir < 0 ? -1 : spool_folder_open(dir, "bands");
    const int error = errno;

    if (bands >= 0) {
        take_stock(dir, bands, usage);
        close(bands);
    }
    if (dir >= 0)
        close(dir);
    errno = error;
    return bands >= 0;
}
