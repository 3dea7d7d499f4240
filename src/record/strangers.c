/* What lies in the data directory under a session's name and is none of ours. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "record/session.h"

/* One of a session's files, or what stands beside it: session.bdf.part, session.json.bad. */
static bool is_ours(const char *name)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        const char *file = session_file_name((enum session_file)i);
        const size_t len = strlen(file);

        if (strncmp(name, file, len) == 0 && (name[len] == '\0' || name[len] == '.'))
            return true;
    }
    return false;
}

bool session_is_foreign(int dir)
{
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    bool others = false, ours = false;

    if (!entries) {
        if (again >= 0)
            close(again);
        return false;
    }
    for (struct dirent *entry; !ours && (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ours = is_ours(entry->d_name) || session_is_band_folder(dir, entry->d_name);
        others |= !ours;
    }
    closedir(entries);
    return others && !ours;
}

static void tell_stranger(const char *data_dir, const char *name)
{
    int dir = session_open(data_dir, name);

    if (dir < 0)
        log_warning("%s/%s: no recording's folder (%s), it is left alone", data_dir, name,
                    strerror(errno));
    else if (session_is_foreign(dir))
        log_warning("%s/%s: " SESSION_FOREIGN, data_dir, name);
    if (dir >= 0)
        close(dir);
}

void session_tell_strangers(const char *data_dir)
{
    DIR *entries = opendir(data_dir);

    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (session_id_is_valid(entry->d_name))
            tell_stranger(data_dir, entry->d_name);
    }
    if (entries)
        closedir(entries);
}
