/* Which sessions there are and how they are; their deletion. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"

/* A folder on its way out: renamed first, so that a crash leaves nothing half deleted in the list.
 */
#define DELETED ".deleted-"

static int newest_first(const void *a, const void *b)
{
    return strcmp(b, a);
}

/*
 * The newest ids under `before`, kept sorted in `ids` of `room` places: memory is bounded however
 * many folders there are. Returns how many; *more: at least one did not fit.
 */
static size_t newest_ids(DIR *entries, const char *before, char (*ids)[SESSION_ID_SIZE],
                         size_t room, bool *more)
{
    size_t count = 0;

    *more = false;
    for (struct dirent *entry; (entry = readdir(entries));) {
        const char *id = entry->d_name;

        if (!session_id_is_valid(id) || (before && strcmp(id, before) >= 0))
            continue;
        if (count == room) {
            *more = true;
            if (strcmp(id, ids[room - 1]) <= 0)
                continue;
            count--;
        }
        snprintf(ids[count++], SESSION_ID_SIZE, "%.*s", SESSION_ID_SIZE - 1, id);
        qsort(ids, count, SESSION_ID_SIZE, newest_first);
    }
    return count;
}

static void summarise(const struct session_info *info, struct session_summary *out)
{
    memcpy(out->name, info->name, sizeof(out->name));
    memcpy(out->problem, info->problem, sizeof(out->problem));
    out->state = info->state;
    out->start_utc_us = info->start_utc_us;
    out->duration = info->duration;
    out->sensors = info->sensors;
    out->bytes = 0;
    for (int i = 0; i < FILE_COUNT; i++) {
        out->files[i] = info->files[i].present;
        out->bytes += info->files[i].bytes;
    }
}

/* Says of a session that it is `recording` only where it is; of others what is the matter. */
static void judge(int dir, struct session_info *info)
{
    if (!session_load(dir, info)) {
        const int error = errno;
        const bool foreign = error == ENOENT && session_is_foreign(dir);

        memset(info, 0, sizeof(*info));
        snprintf(info->problem, sizeof(info->problem),
                 foreign ? "It %s" : "session.json can't be read: %s",
                 foreign            ? SESSION_FOREIGN
                 : error == EBADMSG ? "it is no JSON of a session's"
                                    : strerror(error));
    }
    if (info->state != SESSION_RECORDING)
        return;
    if (folder_is_held(dir)) {
        info->problem[0] = '\0';
        return;
    }
    info->state = SESSION_INTERRUPTED;
    if (!info->problem[0])
        snprintf(info->problem, sizeof(info->problem),
                 "It was interrupted and is not repaired yet; where that lasts, the log tells why");
}

/* A folder without a session.json that can be read is listed too: its files may be all there is. */
static void read_summary(int parent, const char *id, struct session_info *info,
                         struct session_summary *out)
{
    memset(out, 0, sizeof(*out));
    memset(info, 0, sizeof(*info));
    int dir = folder_open(parent, id);
    if (dir >= 0) {
        judge(dir, info);
        session_look_at_files(dir, info, false);
        close(dir);
    } else {
        info->state = SESSION_INTERRUPTED;
        snprintf(info->problem, sizeof(info->problem), "It is no recording's folder: %s",
                 strerror(errno));
    }
    summarise(info, out);
    snprintf(out->id, sizeof(out->id), "%s", id);
}

size_t session_list(const char *data_dir, size_t limit, const char *before,
                    struct session_summary *out, bool *more)
{
    char ids[SESSION_LIST_MAX][SESSION_ID_SIZE];
    struct session_info *info = malloc(sizeof(*info));
    int parent = folder_open_data_dir(data_dir);
    DIR *entries = parent < 0 ? NULL : fdopendir(parent);
    size_t count = 0;

    *more = false;
    if (limit > SESSION_LIST_MAX)
        limit = SESSION_LIST_MAX;
    if (info && entries && limit > 0) {
        count = newest_ids(entries, before, ids, limit, more);
        for (size_t i = 0; i < count; i++)
            read_summary(parent, ids[i], info, &out[i]);
    }
    if (entries)
        closedir(entries);
    else if (parent >= 0)
        close(parent);
    free(info);
    return count;
}

/* A session's folder holds files only; what else someone put there is left, and said. Two may be at
 * it, a deletion and the look for unfinished ones: what the other has removed is removed. */
static bool empty_and_remove(int parent, const char *name)
{
    int dir = folder_open(parent, name);
    DIR *entries = dir < 0 ? NULL : fdopendir(dir);

    if (!entries) {
        int error = errno;
        if (dir >= 0)
            close(dir);
        return error == ENOENT;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dir, entry->d_name, 0);
    }
    closedir(entries);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

bool session_delete(const char *data_dir, const char *id, struct failure *failure)
{
    char gone[SESSION_ID_SIZE + sizeof(DELETED)];
    int dir = session_claim(data_dir, id);

    if (dir < 0) {
        if (errno == EBUSY)
            failure_set(failure, ERROR_BUSY, "Session %.63s is still being written", id);
        else
            failure_set(failure, ERROR_INVALID_PARAMETERS, "There is no session %.63s", id);
        return false;
    }
    if (session_is_foreign(dir)) {
        failure_set(failure, ERROR_RECORDING, "%s " SESSION_FOREIGN ", delete it by hand", id);
        close(dir);
        return false;
    }
    int parent = folder_open_data_dir(data_dir);
    snprintf(gone, sizeof(gone), DELETED "%s", id);
    bool deleted = parent >= 0 && renameat(parent, id, parent, gone) == 0;
    if (!deleted)
        failure_set(failure, ERROR_RECORDING, "Can't delete %s: %s", id, strerror(errno));
    else if (!empty_and_remove(parent, gone)) {
        deleted = false;
        failure_set(failure, ERROR_RECORDING, "Can't delete all of %s, the rest is in %s: %s", id,
                    gone, strerror(errno));
    }
    if (parent >= 0) {
        fsync(parent);
        close(parent);
    }
    close(dir);
    return deleted;
}

static bool is_unfinished(int parent, const char *id, struct session_info *info)
{
    int dir = folder_open(parent, id);

    if (dir < 0)
        return false;
    bool loaded = session_load(dir, info);
    /* No session.json: its daemon died before the first was written. One that can't be read is made
     * anew, or it is told why not. */
    bool unfinished = loaded ? info->state == SESSION_RECORDING || info->state == SESSION_RECORDED
                             : !session_is_foreign(dir);
    close(dir);
    return unfinished;
}

bool session_next_unfinished(const char *data_dir, const char *after, char id[SESSION_ID_SIZE])
{
    struct session_info *info = malloc(sizeof(*info));
    int parent = folder_open_data_dir(data_dir);
    DIR *entries = parent < 0 ? NULL : fdopendir(parent);
    bool found = false;

    for (struct dirent *entry; info && entries && (entry = readdir(entries));) {
        const char *name = entry->d_name;

        if (strncmp(name, DELETED, strlen(DELETED)) == 0)
            empty_and_remove(parent, name);
        if (!session_id_is_valid(name) || strcmp(name, after) <= 0)
            continue;
        if ((found && strcmp(name, id) >= 0) || !is_unfinished(parent, name, info))
            continue;
        snprintf(id, SESSION_ID_SIZE, "%.*s", SESSION_ID_SIZE - 1, name);
        found = true;
    }
    if (entries)
        closedir(entries);
    else if (parent >= 0)
        close(parent);
    free(info);
    return found;
}
