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

/* Also from the disk: what lies in the bands' folders. */
static void summarise_bands(int dir, struct session *session, struct session_summary *out)
{
    out->band_count = session->band_count;
    for (size_t i = 0; i < session->band_count; i++) {
        struct session_info *band = session->bands[i];
        const int within = folder_open(dir, band->folder);

        memcpy(out->bands[i].device_id, band->device, sizeof(band->device));
        memcpy(out->bands[i].folder, band->folder, sizeof(band->folder));
        if (within < 0)
            continue;
        session_look_at_files(within, band, false);
        close(within);
        for (int f = 0; f < FILE_COUNT; f++) {
            out->bands[i].files[f] = band->files[f].present;
            out->bytes += band->files[f].bytes;
        }
    }
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
static void judge(int dir, struct session *session)
{
    struct session_info *info = &session->info;

    if (!session_load_whole(dir, session)) {
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
static void read_summary(int parent, const char *id, struct session *session,
                         struct session_summary *out)
{
    struct session_info *info = &session->info;

    memset(out, 0, sizeof(*out));
    memset(info, 0, sizeof(*info));
    int dir = folder_open(parent, id);
    if (dir >= 0) {
        judge(dir, session);
        session_look_at_files(dir, info, false);
        summarise(info, out);
        summarise_bands(dir, session, out);
        close(dir);
    } else {
        info->state = SESSION_INTERRUPTED;
        snprintf(info->problem, sizeof(info->problem), "It is no recording's folder: %s",
                 strerror(errno));
        summarise(info, out);
    }
    snprintf(out->id, sizeof(out->id), "%s", id);
}

size_t session_list(const char *data_dir, size_t limit, const char *before,
                    struct session_summary *out, bool *more)
{
    char ids[SESSION_LIST_MAX][SESSION_ID_SIZE];
    struct session *session = session_new();
    int parent = folder_open_data_dir(data_dir);
    DIR *entries = parent < 0 ? NULL : fdopendir(parent);
    size_t count = 0;

    *more = false;
    if (limit > SESSION_LIST_MAX)
        limit = SESSION_LIST_MAX;
    if (session && entries && limit > 0) {
        count = newest_ids(entries, before, ids, limit, more);
        for (size_t i = 0; i < count; i++)
            read_summary(parent, ids[i], session, &out[i]);
    }
    if (entries)
        closedir(entries);
    else if (parent >= 0)
        close(parent);
    session_free(session);
    return count;
}

/* All but `last`, which goes by itself. */
static void empty(DIR *entries, int dir, const char *last)
{
    for (struct dirent *entry; (entry = readdir(entries));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, last) != 0)
            unlinkat(dir, name, 0);
    }
}

static void remove_band(int dir, const char *folder)
{
    int within = folder_open(dir, folder);
    DIR *entries = within < 0 ? NULL : fdopendir(within);

    if (entries) {
        empty(entries, within, "");
        closedir(entries);
        unlinkat(dir, folder, AT_REMOVEDIR);
    } else if (within >= 0)
        close(within);
}

/* By session.json, which therefore is the last of a session that goes. */
static void remove_bands(int dir)
{
    struct session *session = session_new();

    if (session && session_load_whole(dir, session)) {
        for (size_t i = 0; i < session->band_count; i++)
            remove_band(dir, session->bands[i]->folder);
    }
    session_free(session);
}

/* A session's folder holds files and its bands' folders only; what else someone put there is left,
 * and said. Two may be at it, a deletion and the look for unfinished ones: what the other has
 * removed is removed. */
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
    remove_bands(dir);
    empty(entries, dir, session_file_name(FILE_JSON));
    unlinkat(dir, session_file_name(FILE_JSON), 0);
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
