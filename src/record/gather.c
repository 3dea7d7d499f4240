#include "gather.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "folder.h"
#include "record/disk.h"

int gather_folder(int dir, const char *folder)
{
    if (mkdirat(dir, folder, 0750) == 0)
        disk_sync_folder(dir);
    else if (errno != EEXIST)
        return -1;
    return folder_open(dir, folder);
}

static bool is_of_band(enum session_file file)
{
    return file != FILE_MARKERS && file != FILE_JSON;
}

static bool move_files(int dir, int to)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        const char *name = session_file_name((enum session_file)i);

        if (!is_of_band((enum session_file)i) ||
            faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        if (renameat(dir, name, to, name) != 0 && errno != ENOENT)
            return false;
    }
    return disk_sync_folder(to) && disk_sync_folder(dir);
}

static bool widen_markers(int dir, const char *device_id)
{
    const char *name = session_file_name(FILE_MARKERS);
    const int fd = session_open_in(dir, name, O_RDONLY);
    struct buffer old = {0}, wide = {0};

    if (fd < 0)
        return errno == ENOENT;
    bool done = buffer_read(&old, fd);
    close(fd);
    if (done && csv_widen_markers(&wide, old.data, old.len, device_id))
        done = !wide.failed && session_replace(dir, name, wide.data, wide.len);
    const int error = errno;
    buffer_finish(&old);
    buffer_finish(&wide);
    errno = error;
    return done;
}

bool gather_session(int dir, const struct session_info *first)
{
    const int to = gather_folder(dir, first->folder);

    if (to < 0)
        return false;
    const bool done = move_files(dir, to) && widen_markers(dir, first->device);
    const int error = errno;
    close(to);
    errno = error;
    return done;
}
