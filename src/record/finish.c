/* The end of a session: repair where it was interrupted, then what is made from its packets. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "finish_bands.h"
#include "record/bdf.h"
#include "repair.h"

/* ---- what is known of it */

static void assume_info(struct session_info *info, const char *id)
{
    memset(info, 0, sizeof(*info));
    session_copy_text(info->id, sizeof(info->id), id);
    session_copy_text(info->name, sizeof(info->name), id);
    session_copy_text(info->version, sizeof(info->version), LINKBANDD_VERSION);
    info->state = SESSION_RECORDING;
    info->sensors = SENSOR_SET_ALL;
    info->formats = FORMAT_DEFAULT;
}

/* Its daemon died before the first session.json: what can be known without it. */
static bool assume(int dir, struct session *session, const char *id)
{
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again < 0 ? NULL : fdopendir(again);
    bool room = true;

    assume_info(&session->info, id);
    for (struct dirent *entry; room && entries && (entry = readdir(entries));) {
        if (!session_is_band_folder(dir, entry->d_name) || session->band_count == SESSION_BANDS_MAX)
            continue;
        struct session_info *band = session_add_band(session);
        room = band;
        if (!room)
            break;
        assume_info(band, id);
        session_copy_text(band->folder, sizeof(band->folder), entry->d_name);
    }
    if (entries)
        closedir(entries);
    else if (again >= 0)
        close(again);
    return room;
}

/* What is known of it: session.json, or where there is none that can be read, what can be assumed;
 * a file in its place is kept beside. False and *failure where nothing can be done. */
static bool learn(int dir, const char *id, struct session *session, struct failure *failure)
{
    char kept[SESSION_KEPT_SIZE];

    if (session_load_whole(dir, session))
        return true;
    const int error = errno;
    if (error == ENOENT && session_is_foreign(dir))
        failure_set(failure, ERROR_RECORDING, "%s " SESSION_FOREIGN, id);
    else if (error != ENOENT && error != EBADMSG && error != ELOOP)
        failure_set(failure, ERROR_RECORDING, "Can't read session.json of %s: %s", id,
                    strerror(error));
    else if (error != ENOENT && !session_keep_unreadable(dir, kept))
        failure_set(failure, ERROR_RECORDING, "Can't keep the unreadable session.json of %s: %s",
                    id, strerror(errno));
    else if (!assume(dir, session, id))
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
    else {
        if (error != ENOENT)
            repair_note(&session->info,
                        "session.json could not be read: it is kept as %s, and made anew from the "
                        "packets",
                        kept);
        return true;
    }
    return false;
}

/* ---- of one band */

static bool make_bdf(int dir, struct session_info *info, struct failure *failure)
{
    struct bdf_result result;

    if (bdf_make(dir, dir, info, NULL, &result, failure))
        return true;
    repair_note(info, "session.bdf is not made: %s", failure->message);
    return false;
}

static bool wants_bdf(const struct session_info *info)
{
    return (info->formats & FORMAT_BDF) && !info->files[FILE_BDF].present;
}

static bool end_one(int dir, struct session_info *info, session_messages *messages,
                    struct session_made *made, struct failure *failure)
{
    if (info->state == SESSION_RECORDING && !repair_files(dir, info, messages, failure))
        return false;
    session_look_at_files(dir, info, false);
    const bool wanted = wants_bdf(info);
    bool done = repair_columns(dir, info, failure);
    if (wanted)
        done &= make_bdf(dir, info, failure);
    if (wanted)
        made_note(made, "", done ? NULL : failure);
    if (info->state == SESSION_RECORDED)
        info->state = SESSION_COMPLETE;
    session_look_at_files(dir, info, true);
    return done;
}

/* ---- all of it */

static bool bring_to_end(int dir, struct session *session, session_messages *messages,
                         struct session_made *made, struct failure *failure)
{
    const struct session_info *info = &session->info;
    bool done = session->band_count ? finish_bands(dir, session, messages, made, failure)
                                    : end_one(dir, &session->info, messages, made, failure);

    if (!done && failure->code == ERROR_INTERNAL)
        return false;
    if (session_save_whole(dir, session))
        return done;
    failure_set(failure, ERROR_RECORDING, "Can't write session.json of %s: %s", info->id,
                strerror(errno));
    log_warning("session %s: %s", info->id, failure->message);
    return false;
}

static bool finish_claimed(int dir, const char *id, session_messages *messages,
                           struct session_made *made, struct failure *failure)
{
    struct session *session = session_new();
    bool done = true;

    if (!session) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    if (!learn(dir, id, session, failure)) {
        log_warning("session %s: %s", id, failure->message);
        done = false;
    } else if (session->info.state == SESSION_RECORDING || session->info.state == SESSION_RECORDED)
        done = bring_to_end(dir, session, messages, made, failure);
    session_free(session);
    return done;
}

bool session_bring_to_end(const char *data_dir, const char *id, session_messages *messages,
                          struct session_made *made, struct failure *failure)
{
    int dir = session_claim(data_dir, id);
    bool done = false;

    made->count = 0;
    failure_set(failure, ERROR_NONE, "%s", "");
    if (dir >= 0) {
        done = finish_claimed(dir, id, messages, made, failure);
        close(dir);
    } else if (errno == EBUSY) {
        failure_set(failure, ERROR_BUSY, "Session %s is being recorded", id);
        return false;
    } else
        failure_set(failure, ERROR_RECORDING, "Can't open session %s: %s", id, strerror(errno));
    if (!done && made->count == 0)
        made_note(made, "", failure);
    if (done)
        failure->code = ERROR_NONE;
    return done;
}

bool session_finish(const char *data_dir, const char *id, struct failure *failure)
{
    struct session_made made;

    return session_bring_to_end(data_dir, id, NULL, &made, failure);
}
