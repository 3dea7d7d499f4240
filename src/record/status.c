/* How the recording is that runs, or was the last. */
#include "record_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/now.h"

/* Of the session's folder, or of one in it; "" where it is longer than can be told. */
static void put_path(const struct recorder *recorder, const char *folder,
                     char path[RECORDER_PATH_MAX])
{
    const char *id = recorder->info->id;
    const int len = id[0] ? snprintf(path, RECORDER_PATH_MAX, "%s/%s%s%s", recorder->data_dir, id,
                                     folder[0] ? "/" : "", folder)
                          : 0;

    if (len <= 0 || len >= RECORDER_PATH_MAX)
        path[0] = '\0';
}

static void put_band(struct recorder_status *status, const struct taken *taken)
{
    struct recorded_band *band = &status->bands[taken->number];
    const struct session_info *info = taken->info;

    session_copy_text(band->device_id, sizeof(band->device_id), info->device);
    put_path(taken->recorder, info->folder, band->path);
    band->sensors = info->sensors;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        band->samples[i] = info->counts[i].samples;
        band->lost[i] = info->counts[i].skipped_by_band + info->counts[i].lost_link;
        status->samples[i] += band->samples[i];
        status->lost[i] += band->lost[i];
    }
}

const struct recorder_status *recorder_status(struct recorder *recorder)
{
    struct recorder_status *status = &recorder->status;
    const struct session_info *info = recorder->info;

    status->is_recording = recorder->accepting;
    memcpy(status->session_id, info->id, sizeof(status->session_id));
    memcpy(status->session_name, info->name, sizeof(status->session_name));
    put_path(recorder, "", status->path);
    status->sensors = info->sensors;
    status->formats = info->formats;
    status->since_utc_us = info->start_utc_us;
    status->duration =
        recorder->accepting ? (double)(now_boot_us() - recorder->origin_us) / 1e6 : info->duration;
    memset(status->samples, 0, sizeof(status->samples));
    memset(status->lost, 0, sizeof(status->lost));
    status->band_count = recorder->band_count;
    for (size_t i = 0; i < recorder->band_count; i++)
        put_band(status, &recorder->bands[i]);
    status->bytes = recorder->taken;
    status->problem = place_problem(recorder->place);
    status->queued = recorder->writer ? writer_queued(recorder->writer) : 0;
    return status;
}
