#include "feed.h"

#include <string.h>

#include "protocol/message.h"

#define BATTERY_REPEAT_S 60

void feed_finish(struct feed *feed)
{
    thinning_drop(&feed->thinning);
    json_finish(&feed->message);
    json_finish(&feed->battery);
}

void feed_set_manager(struct feed *feed, struct manager *manager)
{
    feed->manager = manager;
}

/* The band's sequence numbers; the longest unused entry makes room for a new band. */
static struct sequence *sequence_of(struct feed *feed, const char *device_id)
{
    struct sequence *oldest = &feed->sequences[0];

    for (int i = 0; i < SEQUENCE_BANDS; i++) {
        struct sequence *sequence = &feed->sequences[i];
        if (strcmp(sequence->device_id, device_id) == 0) {
            sequence->used = ++feed->clock;
            return sequence;
        }
        if (sequence->used < oldest->used)
            oldest = sequence;
    }
    memset(oldest, 0, sizeof(*oldest));
    strncpy(oldest->device_id, device_id, sizeof(oldest->device_id) - 1);
    oldest->used = ++feed->clock;
    return oldest;
}

static const char *device_id(struct feed *feed)
{
    return manager_status(feed->manager)->device.band.name;
}

static void send_text(struct feed *feed, enum message_kind kind, enum sensor sensor,
                      const struct json *text, int64_t arrival_us)
{
    static const char *const names[] = {[MESSAGE_RAW] = "raw_data",
                                        [MESSAGE_PROCESSED] = "processed_data",
                                        [MESSAGE_BANDS] = "band_data"};

    sinks_message(feed->sinks, &(struct message){
                                   .kind = kind,
                                   .name = names[kind],
                                   .device_id = device_id(feed),
                                   .sensor = sensor,
                                   .text = text->text,
                                   .len = text->len,
                                   .arrival_us = arrival_us,
                               });
}

static void send_data(struct feed *feed, enum message_kind kind, enum sensor sensor,
                      int64_t arrival_us)
{
    send_text(feed, kind, sensor, &feed->message, arrival_us);
}

static void send_raw(void *user, const struct sample_block *block)
{
    struct feed *feed = user;
    const char *band = device_id(feed);
    enum sensor sensor = block->samples.sensor;
    uint64_t seq = sequence_of(feed, band)->raw[sensor]++;

    /* What nobody hears is numbered, not written; but a level greets new clients. */
    if (sensor != SENSOR_BAT && !sinks_want(feed->sinks, MESSAGE_RAW, sensor))
        return;
    message_raw(&feed->message, band, seq, block);
    send_data(feed, MESSAGE_RAW, sensor, block->arrival_us);
}

void feed_init(struct feed *feed, const struct sinks *sinks)
{
    memset(feed, 0, sizeof(*feed));
    feed->sinks = sinks;
    feed->thinning = (struct thinning){.user = feed, .emit = send_raw};
    json_init(&feed->message);
    json_init(&feed->battery);
}

static void send_battery(struct feed *feed, const struct sample_block *block)
{
    send_raw(feed, block);
    json_clear(&feed->battery);
    json_raw(&feed->battery, feed->message.text, feed->message.len);
    feed->battery_age = 0;
}

void feed_flush(struct feed *feed)
{
    thinning_finish(&feed->thinning);
}

/* Whether clients are to get this sensor: a recording may want more of the band than the stream. */
static bool is_streamed(struct feed *feed, enum sensor sensor)
{
    const struct manager_status *status = manager_status(feed->manager);

    return status->stream != STREAM_IDLE && (status->sensors & SENSOR_BIT(sensor));
}

/* What a recording's block said of a stream that was over, the next stream's first block tells. */
static const struct sample_block *with_owed(struct feed *feed, const struct sample_block *block,
                                            struct sample_block *told)
{
    uint32_t *owed = &sequence_of(feed, device_id(feed))->owed[block->samples.sensor];

    if (*owed == 0)
        return block;
    *told = *block;
    told->lost += *owed;
    *owed = 0;
    return told;
}

void feed_samples(struct feed *feed, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;
    struct sample_block told;

    if (sensor == SENSOR_BAT) {
        send_battery(feed, block);
        return;
    }
    if (!is_streamed(feed, sensor)) {
        if (block->owed > 0)
            sequence_of(feed, device_id(feed))->owed[sensor] += block->owed;
        return;
    }
    block = with_owed(feed, block, &told);
    if (sensor == SENSOR_EEG)
        thinning_push(&feed->thinning, block, manager_status(feed->manager)->sample_rate);
    else
        send_raw(feed, block);
}

void feed_features(struct feed *feed, enum sensor sensor, const void *features, int64_t arrival_us)
{
    const char *band = device_id(feed);

    sinks_features(feed->sinks, sensor, features);
    if (!is_streamed(feed, sensor))
        return;
    const uint64_t seq = sequence_of(feed, band)->processed[sensor]++;
    if (!sinks_want(feed->sinks, MESSAGE_PROCESSED, sensor))
        return;
    message_processed(&feed->message, band, seq, sensor, features);
    send_data(feed, MESSAGE_PROCESSED, sensor, arrival_us);
}

bool feed_wants_features(struct feed *feed, enum sensor sensor)
{
    const struct sinks *sinks = feed->sinks;

    return sinks_want_features(sinks, sensor) ||
           (is_streamed(feed, sensor) && sinks_want(sinks, MESSAGE_PROCESSED, sensor));
}

/* Not computed where nobody hears them, and so not numbered either. */
bool feed_wants_bands(struct feed *feed)
{
    return is_streamed(feed, SENSOR_EEG) && sinks_want(feed->sinks, MESSAGE_BANDS, SENSOR_EEG);
}

void feed_bands(struct feed *feed, const struct eeg_bands *bands)
{
    const char *band = device_id(feed);
    struct sequence *sequence = sequence_of(feed, band);

    message_bands(&feed->message, band, sequence->bands++, bands);
    send_data(feed, MESSAGE_BANDS, SENSOR_EEG, bands->arrival_us);
}

void feed_link_down(struct feed *feed)
{
    feed_flush(feed);
    json_clear(&feed->battery);
}

static bool has_battery(const struct feed *feed)
{
    return feed->battery.len > 0;
}

const struct json *feed_battery(const struct feed *feed)
{
    return has_battery(feed) ? &feed->battery : NULL;
}

/*
 * A level changes only every few minutes: it is repeated each minute, with its sequence number, for
 * it is the same message.
 */
void feed_second(struct feed *feed)
{
    if (!has_battery(feed) || ++feed->battery_age < BATTERY_REPEAT_S)
        return;
    feed->battery_age = 0;
    send_text(feed, MESSAGE_RAW, SENSOR_BAT, &feed->battery, 0);
}
