/* What a recording begins with: what is known of it, and the first lines of its files. */
#include "record_internal.h"

#include <string.h>

#include "csv.h"
#include "host.h"

static void copy_or_none(char *out, size_t size, const char *text)
{
    session_copy_text(out, size, text ? text : "");
}

void recorder_describe(struct recorder *recorder, const struct recording_request *request,
                       const struct recording_band *band)
{
    struct session_info *info = recorder->info;

    memset(info, 0, sizeof(*info));
    /* UTC as the band's samples have it: by the connection's anchor. */
    info->start_utc_us = band->anchor.utc_us + recorder->origin_us - band->anchor.boot_us;
    session_make_id(info->start_utc_us, request->session_name, info->id);
    copy_or_none(info->name, sizeof(info->name), request->session_name);
    copy_or_none(info->participant, sizeof(info->participant), request->participant);
    copy_or_none(info->task, sizeof(info->task), request->task);
    copy_or_none(info->notes, sizeof(info->notes), request->notes);
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

/* A capture that tells none is of the first of the table. */
static void write_model(struct recorder *recorder, const struct band_model *model)
{
    if (model == model_default())
        return;
    recorder->record.kind = CAPTURE_MODEL;
    recorder->record.model = model;
    recorder_take(recorder);
}

static void write_preamble(struct recorder *recorder, const struct recording_band *band)
{
    static const char title[] = "# linkband capture v2\n";
    struct capture_record *record = &recorder->record;
    char clock[CLOCK_STATE_MAX];

    buffer_add(recorder_front(recorder, FILE_PACKETS), title, strlen(title));
    record->kind = CAPTURE_START;
    record->utc_us = recorder->info->start_utc_us;
    recorder_take(recorder);
    write_model(recorder, pipeline_model(band->pipeline));
    record->kind = CAPTURE_DEVICE;
    session_copy_text(record->device.name, sizeof(record->device.name), band->name);
    session_copy_text(record->device.address, sizeof(record->device.address), band->address);
    session_copy_text(record->device.firmware, sizeof(record->device.firmware), band->firmware);
    recorder_take(recorder);
    recorder_note_link_up(recorder, 0, &band->anchor);
    pipeline_clock_save(band->pipeline, recorder->origin_us, clock);
    record->kind = CAPTURE_CLOCK;
    record->clock = clock;
    recorder_take(recorder);
    record->clock = NULL;
    recorder_note_subscription(recorder, 0, band->flowing);
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
