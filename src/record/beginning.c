/* What a recording begins with: what is known of it, and the first lines of its files. */
#include "record_internal.h"

#include <string.h>

#include "csv.h"
#include "host.h"
#include "preamble.h"

void recorder_describe(struct recorder *recorder, const struct recording_request *request,
                       const struct recording_band *band)
{
    struct session_info *info = recorder->info;

    memset(info, 0, sizeof(*info));
    /* UTC as the band's samples have it: by the connection's anchor. */
    info->start_utc_us = band->anchor.utc_us + recorder->origin_us - band->anchor.boot_us;
    session_make_id(info->start_utc_us, request->about.session_name, info->id);
    session_describe(info, &request->about);
    session_copy_text(info->backend, sizeof(info->backend), recorder->backend);
    info->mains_hz = band->mains_hz;
    info->state = SESSION_RECORDING;
    session_copy_text(info->device, sizeof(info->device), band->name);
    session_copy_text(info->address, sizeof(info->address), band->address);
    session_copy_text(info->firmware, sizeof(info->firmware), band->firmware);
    session_copy_text(info->model, sizeof(info->model), pipeline_model(band->pipeline)->name);
    info->sensors = request->sensors & model_sensors(pipeline_model(band->pipeline));
    info->formats = request->formats ? request->formats : FORMAT_DEFAULT;
    info->sample_rate = request->sample_rate;
    info->eeg_rate = band->eeg_rate;
    host_describe(info);
    host_ntp_state(&info->ntp_start);
}

bool recorder_make_rows(struct recorder *recorder)
{
    rows_destroy(recorder->rows); /* the last recording's */
    recorder->rows = NULL;
    if (!recorder_takes_csv(recorder, SENSOR_EEG))
        return true;
    recorder->rows = rows_create(session_mains_hz(recorder->info), recorder_take_row, recorder);
    return recorder->rows;
}

static void take(void *user)
{
    recorder_take(user);
}

static void write_preamble(struct recorder *recorder, const struct recording_band *band)
{
    char clock[CLOCK_STATE_MAX];
    const struct preamble preamble = {.start_utc_us = recorder->info->start_utc_us,
                                      .origin_us = recorder->origin_us,
                                      .model = pipeline_model(band->pipeline),
                                      .name = band->name,
                                      .address = band->address,
                                      .firmware = band->firmware,
                                      .anchor = band->anchor,
                                      .clock = clock,
                                      .flowing = band->flowing};

    pipeline_clock_save(band->pipeline, recorder->origin_us, clock);
    buffer_add(recorder_front(recorder, FILE_PACKETS), preamble_title, strlen(preamble_title));
    preamble_make(&preamble, &recorder->record, take, recorder);
}

static void write_headers(struct recorder *recorder, const struct recording_band *band)
{
    const struct band_model *model = pipeline_model(band->pipeline);

    if (!(recorder->info->formats & FORMAT_CSV))
        return;
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (recorder->info->sensors & SENSOR_BIT(sensor))
            csv_header(recorder_front(recorder, csv_file(sensor)), csv_file(sensor), model);
    }
    csv_header(recorder_front(recorder, FILE_MARKERS), FILE_MARKERS, model);
}

/* The level known at the start is in packets and CSV like one that comes in. */
static void write_level(struct recorder *recorder, const struct recording_band *band)
{
    uint8_t level = (uint8_t)band->battery;
    struct packet packet = {
        .sensor = SENSOR_BAT, .arrival_us = recorder->origin_us, .bytes = &level, .len = 1};

    if (band->battery < 0 || band->battery > 100)
        return;
    recorder_packet(recorder, &packet);
    recorder->info->counts[SENSOR_BAT].samples++;
    if (recorder_takes_csv(recorder, SENSOR_BAT))
        csv_level(recorder_front(recorder, FILE_BAT), (double)recorder->info->start_utc_us / 1e3,
                  band->battery);
}

void recorder_write_beginning(struct recorder *recorder, const struct recording_band *band)
{
    write_preamble(recorder, band);
    write_headers(recorder, band);
    write_level(recorder, band);
}
