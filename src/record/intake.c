/* What comes in while a recording runs, as lines for its files. */
#include "record_internal.h"

#include <string.h>

#include "base/now.h"
#include "csv.h"
#include "dsp/decimator.h"
#include "tally.h"

static void take_raw_block(struct taken *taken, const struct sample_block *block)
{
    struct buffer *buffer = recorder_front(taken, csv_file(block->samples.sensor));
    const size_t before = buffer->len;

    csv_block(buffer, block);
    taken->recorder->taken += buffer->len - before;
}

/* A packet held back since before the start: the log, whose zero is the start, can't tell its time,
 * so it is left out of every file. */
static bool is_older(const struct taken *taken, int64_t arrival_us)
{
    return arrival_us < taken->origin_us;
}

/* A rate asked for while the band's was not known may be one it can't be divided to: session.json
 * tells what eeg.csv has. */
static void settle_rate(struct session_info *info, const struct sample_block *block)
{
    if (block->samples.sensor == SENSOR_EEG && info->sample_rate > 0)
        info->sample_rate = (double)block->rate / decimator_factor(block->rate, info->sample_rate);
}

/* What an earlier stream missed is told with the next block, yet nothing of it is this recording's:
 * its packets don't show it either. */
static void tally(struct taken *taken, const struct sample_block *block)
{
    const sensor_set bit = SENSOR_BIT(block->samples.sensor);
    struct sample_block first;

    if (!(taken->late & bit)) {
        tally_block(taken->info, block);
        return;
    }
    taken->late &= ~bit;
    first = *block;
    first.lost = 0;
    tally_block(taken->info, &first);
}

void recorder_samples(struct recorder *recorder, unsigned device, const struct sample_block *block)
{
    struct taken *taken = recorder_band(recorder, device);
    enum sensor sensor = block->samples.sensor;

    if (!taken || is_older(taken, block->arrival_us))
        return;
    settle_rate(taken->info, block);
    tally(taken, block);
    if (!recorder_takes_csv(taken, sensor))
        return;
    if (sensor == SENSOR_EEG)
        rows_push(taken->rows, block, taken->info->sample_rate);
    else
        take_raw_block(taken, block);
}

void recorder_packet(struct recorder *recorder, unsigned device, const struct packet *packet)
{
    struct taken *taken = recorder_band(recorder, device);

    if (recorder->keep)
        keep_packet(recorder->keep, device, packet);
    if (taken && packet->len <= BAND_PACKET_MAX && !is_older(taken, packet->arrival_us))
        recorder_note_packet(taken, packet);
}

/* To what is kept of late, whether or not a recording runs. */
static void keep_too(struct recorder *recorder, unsigned device, enum capture_kind kind,
                     int64_t boot_us)
{
    recorder->record.kind = kind;
    recorder->record.at_us = boot_us;
    if (recorder->keep)
        keep_record(recorder->keep, device, &recorder->record);
}

void recorder_link_up(struct recorder *recorder, unsigned device, const struct clock_anchor *anchor)
{
    struct taken *taken = recorder_band(recorder, device);

    if (recorder->keep)
        keep_link_up(recorder->keep, device, anchor);
    if (taken)
        recorder_note_link_up(taken, anchor->boot_us - taken->origin_us, anchor);
    else
        recorder_join(recorder, device, anchor);
}

void recorder_link_down(struct recorder *recorder, unsigned device, int64_t boot_us)
{
    struct taken *taken = recorder_band(recorder, device);

    keep_too(recorder, device, CAPTURE_LINK_DOWN, boot_us);
    if (!taken)
        return;
    recorder->record.kind = CAPTURE_LINK_DOWN;
    recorder->record.at_us = boot_us - taken->origin_us;
    recorder_take(taken);
}

void recorder_subscription(struct recorder *recorder, unsigned device, sensor_set sensors)
{
    struct taken *taken = recorder_band(recorder, device);

    recorder->record.sensors = sensors;
    keep_too(recorder, device, CAPTURE_STREAM, now_boot_us());
    if (!taken)
        return;
    recorder->record.kind = CAPTURE_STREAM;
    recorder->record.at_us = now_boot_us() - taken->origin_us;
    recorder->record.sensors = sensors;
    recorder_take(taken);
}

static bool wants_processed(const struct taken *taken, enum sensor sensor)
{
    return taken && (taken->info->formats & FORMAT_JSONL) &&
           (taken->info->sensors & SENSOR_BIT(sensor));
}

bool recorder_wants_processed(const struct recorder *recorder, unsigned device, enum sensor sensor)
{
    return wants_processed(recorder_band((struct recorder *)recorder, device), sensor);
}

int recorder_band_number(const struct recorder *recorder, unsigned device)
{
    const struct taken *taken = recorder_band((struct recorder *)recorder, device);

    return taken ? (int)taken->number : -1;
}

void recorder_processed(struct recorder *recorder, unsigned device, enum sensor sensor,
                        const char *text, size_t len)
{
    struct taken *taken = recorder_band(recorder, device);

    if (!wants_processed(taken, sensor))
        return;
    buffer_add(recorder_front(taken, FILE_PROCESSED), text, len);
    buffer_add(recorder_front(taken, FILE_PROCESSED), "\n", 1);
    recorder->taken += len + 1;
}

static void take_marker_row(struct recorder *recorder, const struct taken *of, double ms,
                            const char *label)
{
    struct buffer *out = recorder_front(&recorder->bands[0], FILE_MARKERS);

    if (!(recorder->info->formats & FORMAT_CSV))
        return;
    if (recorder->session->band_count)
        csv_marker_of(out, ms, label, of ? of->info->device : "");
    else
        csv_marker(out, ms, label);
}

void recorder_marker(struct recorder *recorder, unsigned device, double ms, const char *label)
{
    struct taken *of = recorder_band(recorder, device);

    recorder->record.marker_ms = ms;
    session_copy_text(recorder->record.label, sizeof(recorder->record.label), label);
    recorder->record.kind = CAPTURE_MARKER;
    recorder->record.at_us = now_boot_us();
    if (recorder->keep)
        keep_marker(recorder->keep, device, &recorder->record);
    if (!recorder->accepting || (device != RECORDER_ALL_BANDS && !of))
        return;
    for (size_t i = 0; i < recorder->band_count; i++) {
        if (!of || of == &recorder->bands[i])
            recorder_take(&recorder->bands[i]);
    }
    tally_marker(recorder->info, ms, label);
    take_marker_row(recorder, of, ms, label);
}

void recorder_let_go(struct recorder *recorder, unsigned device)
{
    struct taken *taken = recorder_band(recorder, device);
    bool others = false;

    if (recorder->keep)
        keep_let_go(recorder->keep, device);
    if (!taken)
        return;
    taken->here = false;
    for (size_t i = 0; i < recorder->band_count; i++)
        others |= recorder->bands[i].here;
    if (!others)
        recorder_stop(recorder, RECORDING_END_DEVICE_DISCONNECTED);
}
