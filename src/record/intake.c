/* What comes in while a recording runs, as lines for its files. */
#include "record_internal.h"

#include <string.h>

#include "base/now.h"
#include "csv.h"
#include "dsp/decimator.h"
#include "tally.h"

struct buffer *recorder_front(struct recorder *recorder, enum session_file file)
{
    return writer_front(recorder->writer, file);
}

void recorder_take(struct recorder *recorder)
{
    size_t len = capture_format(&recorder->record, recorder->line);

    buffer_add(recorder_front(recorder, FILE_PACKETS), recorder->line, len);
    recorder->taken += len;
    /* Told at the next tick: data comes from inside the backend's callbacks. */
    if (writer_queued(recorder->writer) > RECORDER_QUEUE_MAX && !recorder->overflowed) {
        recorder->overflowed = true;
        uv_timer_start(&recorder->tick, recorder->tick.timer_cb, 0, RECORDER_FLUSH_MS);
    }
}

bool recorder_takes_csv(const struct recorder *recorder, enum sensor sensor)
{
    return (recorder->info->formats & FORMAT_CSV) && (recorder->info->sensors & SENSOR_BIT(sensor));
}

void recorder_take_row(void *user, const struct eeg_row *row)
{
    struct recorder *recorder = user;
    struct buffer *buffer = recorder_front(recorder, FILE_EEG);
    const size_t before = buffer->len;

    csv_eeg(buffer, row);
    recorder->taken += buffer->len - before;
}

static void take_block(struct recorder *recorder, const struct sample_block *block)
{
    struct buffer *buffer = recorder_front(recorder, csv_file(block->samples.sensor));
    const size_t before = buffer->len;

    csv_block(buffer, block);
    recorder->taken += buffer->len - before;
}

/* A packet held back since before the start: the log, whose zero is the start, can't tell its time,
 * so it is left out of every file. */
static bool is_older(const struct recorder *recorder, int64_t arrival_us)
{
    return arrival_us < recorder->origin_us;
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
static void tally(struct recorder *recorder, const struct sample_block *block)
{
    const sensor_set bit = SENSOR_BIT(block->samples.sensor);
    struct sample_block first;

    if (!(recorder->late & bit)) {
        tally_block(recorder->info, block);
        return;
    }
    recorder->late &= ~bit;
    first = *block;
    first.lost = 0;
    tally_block(recorder->info, &first);
}

void recorder_samples(struct recorder *recorder, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;

    if (!recorder->accepting || is_older(recorder, block->arrival_us))
        return;
    settle_rate(recorder->info, block);
    tally(recorder, block);
    if (!recorder_takes_csv(recorder, sensor))
        return;
    if (sensor == SENSOR_EEG)
        rows_push(recorder->rows, block, recorder->info->sample_rate);
    else
        take_block(recorder, block);
}

void recorder_packet(struct recorder *recorder, const struct packet *packet)
{
    if (recorder->keep)
        keep_packet(recorder->keep, packet);
    if (!recorder->accepting || packet->len > BAND_PACKET_MAX ||
        is_older(recorder, packet->arrival_us))
        return;
    recorder->record.kind = CAPTURE_PACKET;
    recorder->record.at_us = packet->arrival_us - recorder->origin_us;
    recorder->record.packet = *packet;
    recorder->record.packet.arrival_us = recorder->record.at_us;
    recorder->info->counts[packet->sensor].packets++;
    recorder_take(recorder);
}

void recorder_note_link_up(struct recorder *recorder, int64_t at_us,
                           const struct clock_anchor *anchor)
{
    recorder->record.kind = CAPTURE_LINK_UP;
    recorder->record.at_us = at_us;
    recorder->record.anchor = *anchor;
    recorder->record.anchor.boot_us -= recorder->origin_us;
    recorder_take(recorder);
}

/* To what is kept of late, whether or not a recording runs. */
static void keep_too(struct recorder *recorder, enum capture_kind kind, int64_t boot_us)
{
    recorder->record.kind = kind;
    recorder->record.at_us = boot_us;
    if (recorder->keep)
        keep_record(recorder->keep, &recorder->record);
}

void recorder_link_up(struct recorder *recorder, const struct clock_anchor *anchor)
{
    if (recorder->keep)
        keep_link_up(recorder->keep, anchor);
    if (recorder->accepting)
        recorder_note_link_up(recorder, anchor->boot_us - recorder->origin_us, anchor);
}

void recorder_link_down(struct recorder *recorder, int64_t boot_us)
{
    keep_too(recorder, CAPTURE_LINK_DOWN, boot_us);
    if (!recorder->accepting)
        return;
    recorder->record.kind = CAPTURE_LINK_DOWN;
    recorder->record.at_us = boot_us - recorder->origin_us;
    recorder_take(recorder);
}

void recorder_note_subscription(struct recorder *recorder, int64_t at_us, sensor_set sensors)
{
    recorder->record.kind = CAPTURE_STREAM;
    recorder->record.at_us = at_us;
    recorder->record.sensors = sensors;
    recorder_take(recorder);
}

void recorder_subscription(struct recorder *recorder, sensor_set sensors)
{
    recorder->record.sensors = sensors;
    keep_too(recorder, CAPTURE_STREAM, now_boot_us());
    if (recorder->accepting)
        recorder_note_subscription(recorder, now_boot_us() - recorder->origin_us, sensors);
}

bool recorder_wants_processed(const struct recorder *recorder, enum sensor sensor)
{
    return recorder->accepting && (recorder->info->formats & FORMAT_JSONL) &&
           (recorder->info->sensors & SENSOR_BIT(sensor));
}

void recorder_processed(struct recorder *recorder, enum sensor sensor, const char *text, size_t len)
{
    if (!recorder_wants_processed(recorder, sensor))
        return;
    buffer_add(recorder_front(recorder, FILE_PROCESSED), text, len);
    buffer_add(recorder_front(recorder, FILE_PROCESSED), "\n", 1);
    recorder->taken += len + 1;
}

void recorder_marker(struct recorder *recorder, double ms, const char *label)
{
    recorder->record.marker_ms = ms;
    session_copy_text(recorder->record.label, sizeof(recorder->record.label), label);
    keep_too(recorder, CAPTURE_MARKER, now_boot_us());
    if (!recorder->accepting)
        return;
    recorder_take(recorder);
    tally_marker(recorder->info, ms, label);
    if (recorder->info->formats & FORMAT_CSV)
        csv_marker(recorder_front(recorder, FILE_MARKERS), ms, label);
}
