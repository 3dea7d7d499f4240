#include "finish_bands.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "gather.h"
#include "record/bdf.h"
#include "repair.h"

void made_note(struct session_made *made, const char *folder, const struct failure *failure)
{
    if (made->count == SESSION_BANDS_MAX)
        return;
    snprintf(made->of[made->count].file, sizeof(made->of[0].file), "%s%s%s", folder,
             folder[0] ? "/" : "", session_file_name(FILE_BDF));
    made->of[made->count].failure = (struct failure){.code = ERROR_NONE};
    if (failure)
        made->of[made->count].failure = *failure;
    made->count++;
}

/* ---- interrupted */

/* The first problem of a band is the session's. */
static void pass_on(struct session_info *to, const struct session_info *band)
{
    if (band->problem[0] && !to->problem[0])
        snprintf(to->problem, sizeof(to->problem), "%.31s: %.*s", band->device,
                 (int)(sizeof(to->problem) - 34), band->problem);
}

/* From the first band's beginning to the last one's end. */
static void span_bands(struct session *session)
{
    struct session_info *info = &session->info;
    int64_t start = INT64_MAX;
    double end = 0;

    for (size_t i = 0; i < session->band_count; i++) {
        const struct session_info *band = session->bands[i];
        if (band->start_utc_us < start)
            start = band->start_utc_us;
        end = fmax(end, (double)band->start_utc_us / 1e6 + band->duration);
    }
    info->start_utc_us = start;
    info->duration = end - (double)start / 1e6;
}

/* markers.csv is primary; the list in session.json comes of the packets, of the band that has most.
 */
static void take_markers(struct session *session)
{
    struct session_info *info = &session->info;
    const struct session_info *most = session->bands[0];

    for (size_t i = 1; i < session->band_count; i++) {
        if (session->bands[i]->marker_total > most->marker_total)
            most = session->bands[i];
    }
    info->marker_count = most->marker_count;
    info->marker_total = most->marker_total;
    memcpy(info->markers, most->markers, sizeof(info->markers));
}

static bool repair_band(int dir, struct session_info *info, struct session_info *band,
                        session_messages *messages, struct failure *failure)
{
    const int within = folder_open(dir, band->folder);
    bool done = true;

    if (within < 0) {
        repair_note(band, "its folder can't be opened: %s", strerror(errno));
        band->duration = 0;
        band->start_utc_us = info->start_utc_us;
    } else {
        done = repair_files(within, band, messages, failure);
        close(within);
    }
    pass_on(info, band);
    return done;
}

static bool repair_all(int dir, struct session *session, session_messages *messages,
                       struct failure *failure)
{
    struct session_info *info = &session->info;
    const char *markers = session_file_name(FILE_MARKERS);

    if (session->bands[0]->device[0] && !gather_session(dir, session->bands[0]))
        repair_note(info, "the first band's files can't be moved: %s", strerror(errno));
    repair_parts(dir);
    if (!repair_lines(dir, markers))
        repair_note(info, "%s can't be repaired: %s", markers, strerror(errno));
    for (size_t i = 0; i < session->band_count; i++) {
        if (!repair_band(dir, info, session->bands[i], messages, failure))
            return false;
    }
    span_bands(session);
    take_markers(session);
    info->state = SESSION_INTERRUPTED;
    session_copy_text(info->reason, sizeof(info->reason), "interrupted");
    return true;
}

/* ---- what is made */

static bool make_band_bdf(int within, struct session_info *band, const struct bdf_span *span,
                          struct session_made *made, struct failure *failure)
{
    struct bdf_result result;
    const bool done = bdf_make(within, within, band, span, &result, failure);

    if (!done)
        repair_note(band, "session.bdf is not made: %s", failure->message);
    made_note(made, band->folder, done ? NULL : failure);
    return done;
}

static bool make_all_of(int within, struct session_info *band, const struct bdf_span *span,
                        struct session_made *made, struct failure *failure)
{
    bool done;

    session_look_at_files(within, band, false);
    done = repair_columns(within, band, failure);
    if ((band->formats & FORMAT_BDF) && !band->files[FILE_BDF].present)
        done &= make_band_bdf(within, band, span, made, failure);
    session_look_at_files(within, band, true);
    return done;
}

bool finish_bands(int dir, struct session *session, session_messages *messages,
                  struct session_made *made, struct failure *failure)
{
    struct session_info *info = &session->info;
    struct bdf_span span;
    bool done = true;

    if (info->state == SESSION_RECORDING && !repair_all(dir, session, messages, failure))
        return false;
    const bool spans = bdf_span_of_bands(dir, session, &span);
    for (size_t i = 0; i < session->band_count; i++) {
        const int within = folder_open(dir, session->bands[i]->folder);

        if (within < 0)
            continue;
        done &= make_all_of(within, session->bands[i], spans ? &span : NULL, made, failure);
        close(within);
        pass_on(info, session->bands[i]);
    }
    if (info->state == SESSION_RECORDED)
        info->state = SESSION_COMPLETE;
    session_look_at_files(dir, info, true);
    return done;
}
