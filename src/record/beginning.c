/* What a recording begins with: what is known of it, and the first lines of its files. */
#include "record_internal.h"

#include <string.h>

#include "csv.h"
#include "host.h"
#include "record/preamble.h"

void recorder_describe(struct recorder *recorder, const struct recording_request *request,
                       const struct recording_band *band)
{
    struct session_info *info = recorder->info;

    memset(info, 0, sizeof(*info));
    recorder->asked_sensors = request->sensors;
    recorder->asked_rate = request->sample_rate;
    /* UTC as the band's samples have it: by the connection's anchor. */
    info->start_utc_us = band->anchor.utc_us + recorder->origin_us - band->anchor.boot_us;
    session_make_id(info->start_utc_us, request->about.session_name, info->id);
    session_describe(info, &request->about);
    session_copy_text(info->backend, sizeof(info->backend), recorder->backend);
    info->mains_hz = band->mains_hz;
    info->state = SESSION_RECORDING;
    info->formats = request->formats ? request->formats : FORMAT_DEFAULT;
    info->sample_rate = request->sample_rate;
    host_describe(info);
    host_ntp_state(&info->ntp_start);
}

void recorder_describe_band(struct taken *taken, const struct recording_band *band)
{
    const struct recorder *recorder = taken->recorder;
    const struct band_model *model = pipeline_model(band->pipeline);
    struct session_info *info = taken->info;

    info->start_utc_us = band->anchor.utc_us + taken->origin_us - band->anchor.boot_us;
    session_copy_text(info->device, sizeof(info->device), band->name);
    session_copy_text(info->address, sizeof(info->address), band->address);
    session_copy_text(info->firmware, sizeof(info->firmware), band->firmware);
    session_copy_text(info->model, sizeof(info->model), model->name);
    info->sensors = recorder->asked_sensors & model_sensors(model);
    info->sample_rate = recorder->asked_rate;
    info->eeg_rate = band->eeg_rate;
}

bool recorder_make_rows(struct taken *taken)
{
    taken->rows = NULL;
    if (!recorder_takes_csv(taken, SENSOR_EEG))
        return true;
    taken->rows = rows_create(session_mains_hz(taken->info), recorder_take_row, taken);
    return taken->rows;
}

static void take(void *user)
{
    recorder_take(user);
}

static void write_preamble(struct taken *taken, const struct recording_band *band)
{
    char clock[CLOCK_STATE_MAX];
    const struct preamble preamble = {.start_utc_us = taken->info->start_utc_us,
                                      .origin_us = taken->origin_us,
                                      .model = pipeline_model(band->pipeline),
                                      .name = band->name,
                                      .address = band->address,
                                      .firmware = band->firmware,
                                      .anchor = band->anchor,
                                      .clock = clock,
                                      .flowing = band->flowing};

    pipeline_clock_save(band->pipeline, taken->origin_us, clock);
    buffer_add(recorder_front(taken, FILE_PACKETS), preamble_title, strlen(preamble_title));
    preamble_make(&preamble, &taken->recorder->record, take, taken);
}

static void write_headers(struct taken *taken, const struct recording_band *band)
{
    const struct band_model *model = pipeline_model(band->pipeline);

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (recorder_takes_csv(taken, sensor))
            csv_header(recorder_front(taken, csv_file(sensor)), csv_file(sensor), model);
    }
}

void recorder_write_marker_head(struct recorder *recorder)
{
    struct buffer *out = recorder_front(&recorder->bands[0], FILE_MARKERS);

    if (!(recorder->info->formats & FORMAT_CSV))
        return;
    if (recorder->session->band_count)
        csv_markers_of_several(out);
    else
        csv_header(out, FILE_MARKERS, model_default());
}

/* The level known at the start is in packets and CSV like one that comes in. */
static void write_level(struct taken *taken, const struct recording_band *band)
{
    uint8_t level = (uint8_t)band->battery;
    struct packet packet = {
        .sensor = SENSOR_BAT, .arrival_us = taken->origin_us, .bytes = &level, .len = 1};

    if (band->battery < 0 || band->battery > 100)
        return;
    recorder_note_packet(taken, &packet);
    taken->info->counts[SENSOR_BAT].samples++;
    if (recorder_takes_csv(taken, SENSOR_BAT))
        csv_level(recorder_front(taken, FILE_BAT), (double)taken->info->start_utc_us / 1e3,
                  band->battery);
}

void recorder_write_beginning(struct taken *taken, const struct recording_band *band)
{
    write_preamble(taken, band);
    write_headers(taken, band);
    write_level(taken, band);
}
