/* The bands of a recording: those of its start, those that come while it runs, those let go. */
#include "record_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "csv.h"

static struct taken *add(struct recorder *recorder, const struct recording_band *band,
                         struct session_info *info)
{
    struct taken *taken = &recorder->bands[recorder->band_count];

    *taken = (struct taken){.recorder = recorder,
                            .number = (unsigned)recorder->band_count,
                            .device = band->device,
                            .here = true,
                            .info = info,
                            .origin_us = recorder->accepting ? now_boot_us() : recorder->origin_us,
                            .late = SENSOR_SET_ALL & ~band->flowing};
    recorder_describe_band(taken, band);
    if (!recorder_make_rows(taken))
        return NULL;
    recorder->band_count++;
    return taken;
}

static struct taken *add_of_several(struct recorder *recorder, const struct recording_band *band)
{
    struct session_info *info = session_add_band(recorder->session);

    if (!info)
        return NULL;
    memset(info, 0, sizeof(*info));
    session_share(recorder->info, info);
    struct taken *taken = add(recorder, band, info);
    if (!taken) {
        free(info);
        recorder->session->band_count--;
        return NULL;
    }
    session_name_folder(recorder->session, info);
    recorder->info->sensors |= info->sensors;
    return taken;
}

bool recorder_take_bands(struct recorder *recorder, const struct recording_request *request,
                         const struct recording_band *bands, size_t count)
{
    bool taken = true;

    recorder->these_only = request->these_only;
    recorder_drop_bands(recorder);
    recorder_describe(recorder, request, &bands[0]);
    if (count == 1)
        return add(recorder, &bands[0], recorder->info);
    recorder->info->sensors = 0;
    for (size_t i = 0; i < count; i++)
        taken = taken && add_of_several(recorder, &bands[i]);
    return taken;
}

void recorder_drop_bands(struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->band_count; i++)
        rows_destroy(recorder->bands[i].rows);
    recorder->band_count = 0;
    for (size_t i = 0; i < recorder->session->band_count; i++)
        free(recorder->session->bands[i]);
    recorder->session->band_count = 0;
}

void recorder_finish_bands(struct recorder *recorder)
{
    const int64_t now_us = now_boot_us();

    for (size_t i = 0; i < recorder->band_count; i++) {
        struct taken *taken = &recorder->bands[i];

        if (taken->rows)
            rows_finish(taken->rows);
        taken->info->duration = (double)(now_us - taken->origin_us) / 1e6;
    }
    recorder->info->duration = (double)(now_us - recorder->origin_us) / 1e6;
}

/* ---- while it runs */

/* What waits for markers.csv as rows of one band. */
static void widen_lines(struct taken *first)
{
    struct buffer *front = recorder_front(first, FILE_MARKERS);
    struct buffer wide = {0};

    csv_widen_markers(&wide, front->data, front->len, first->info->device);
    wide.failed |= front->failed;
    buffer_finish(front);
    *front = wide;
}

/* What was the session's is its first band's from here on. */
static bool become_several(struct recorder *recorder)
{
    struct taken *first = &recorder->bands[0];

    if (recorder->session->band_count)
        return true;
    struct session_info *info = session_add_band(recorder->session);
    if (!info)
        return false;
    *info = *recorder->info;
    session_name_folder(recorder->session, info);
    first->info = info;
    memset(recorder->info->counts, 0, sizeof(recorder->info->counts));
    recorder->info->gap_count = recorder->info->gap_total = 0;
    widen_lines(first);
    return true;
}

static struct taken *find_by_name(struct recorder *recorder, const struct recording_band *band)
{
    for (size_t i = 0; i < recorder->band_count; i++) {
        const struct session_info *info = recorder->bands[i].info;

        if (!recorder->bands[i].here && strcmp(info->device, band->name) == 0 &&
            strcmp(info->address, band->address) == 0)
            return &recorder->bands[i];
    }
    return NULL;
}

static bool join(struct recorder *recorder, const struct recording_band *band)
{
    if (recorder->band_count == RECORDER_DEVICES_MAX || !become_several(recorder))
        return false;
    struct taken *taken = add_of_several(recorder, band);
    if (!taken)
        return false;
    if (writer_save(recorder->writer, recorder->session)) {
        recorder_write_beginning(taken, band);
        return true;
    }
    rows_destroy(taken->rows);
    recorder->band_count--;
    free(recorder->session->bands[--recorder->session->band_count]);
    return false;
}

void recorder_join(struct recorder *recorder, unsigned device, const struct clock_anchor *anchor)
{
    struct recording_band band;

    if (!recorder->accepting || !recorder->listener.band ||
        !recorder->listener.band(recorder->listener.user, device, &band))
        return;
    struct taken *back = find_by_name(recorder, &band);
    if (!back && recorder->these_only)
        return;
    if (back) {
        back->here = true;
        back->device = device;
        recorder_note_link_up(back, anchor->boot_us - back->origin_us, anchor);
    } else if (join(recorder, &band))
        log_info("session %s: %s joins", recorder->info->id, band.name);
    else
        log_warning("session %s: %s is not recorded, it has as many bands as it can",
                    recorder->info->id, band.name);
}
