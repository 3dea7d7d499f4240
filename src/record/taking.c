/* Lines and rows for the files of one of the recording's bands. */
#include "record_internal.h"

struct taken *recorder_band(struct recorder *recorder, unsigned device)
{
    for (size_t i = 0; recorder->accepting && i < recorder->band_count; i++) {
        if (recorder->bands[i].here && recorder->bands[i].device == device)
            return &recorder->bands[i];
    }
    return NULL;
}

struct buffer *recorder_front(const struct taken *taken, enum session_file file)
{
    return writer_front(taken->recorder->writer, taken->number, file);
}

void recorder_take(struct taken *taken)
{
    struct recorder *recorder = taken->recorder;
    const size_t len = capture_format(&recorder->record, recorder->line);
    const size_t limit = recorder->band_count * RECORDER_QUEUE_MAX;

    buffer_add(recorder_front(taken, FILE_PACKETS), recorder->line, len);
    recorder->taken += len;
    /* Told at the next tick: data comes from inside the backend's callbacks. */
    const bool overflows = writer_queued(recorder->writer) > limit && !recorder->overflowed;
    recorder->overflowed |= overflows;
    if (overflows || uv_timer_get_due_in(&recorder->tick) <= RECORDER_EARLY_MS)
        uv_timer_start(&recorder->tick, recorder->tick.timer_cb, 0, RECORDER_FLUSH_MS);
}

bool recorder_takes_csv(const struct taken *taken, enum sensor sensor)
{
    return (taken->info->formats & FORMAT_CSV) && (taken->info->sensors & SENSOR_BIT(sensor));
}

void recorder_take_row(void *user, const struct eeg_row *row)
{
    struct taken *taken = user;
    struct buffer *buffer = recorder_front(taken, FILE_EEG);
    const size_t before = buffer->len;

    csv_eeg(buffer, row);
    taken->recorder->taken += buffer->len - before;
}

void recorder_note_packet(struct taken *taken, const struct packet *packet)
{
    struct capture_record *record = &taken->recorder->record;

    record->kind = CAPTURE_PACKET;
    record->at_us = packet->arrival_us - taken->origin_us;
    record->packet = *packet;
    record->packet.arrival_us = record->at_us;
    taken->info->counts[packet->sensor].packets++;
    recorder_take(taken);
}

void recorder_note_link_up(struct taken *taken, int64_t at_us, const struct clock_anchor *anchor)
{
    struct capture_record *record = &taken->recorder->record;

    record->kind = CAPTURE_LINK_UP;
    record->at_us = at_us;
    record->anchor = *anchor;
    record->anchor.boot_us -= taken->origin_us;
    recorder_take(taken);
}
