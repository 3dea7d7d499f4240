#include "feed.h"

#include <string.h>

#include "base/length.h"
#include "dsp/grid.h"
#include "protocol/message.h"

#define BATTERY_REPEAT_S 60

void feed_finish(struct feed *feed)
{
    for (size_t i = 0; i < MANAGER_DEVICES_MAX; i++) {
        thinning_drop(&feed->bands[i].thinning);
        json_finish(&feed->bands[i].battery);
    }
    json_finish(&feed->message);
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

static const char *device_id(struct feed *feed, unsigned device)
{
    return manager_streamed(feed->manager, device).device_id;
}

/* `message` has what only its writer knows. */
static void send_text(struct feed *feed, unsigned device, struct message message,
                      const struct json *text)
{
    static const char *const names[] = {[MESSAGE_RAW] = "raw_data",
                                        [MESSAGE_PROCESSED] = "processed_data",
                                        [MESSAGE_BANDS] = "band_data"};
    ASSERT_GOES_TO(names, MESSAGE_BANDS);

    message.name = names[message.kind];
    message.device_id = device_id(feed, device);
    message.text = text->text;
    message.len = text->len;
    sinks_message(feed->sinks, &message);
}

/* Features of it are about to follow, most likely. */
static bool has_more(struct feed *feed, unsigned device, const struct sample_block *block)
{
    const enum sensor sensor = block->samples.sensor;

    return block_ends_cell(block, sensor == SENSOR_EEG ? GRID_EEG_TICKS : BLOCK_TICK_HZ) &&
           sinks_want(feed->sinks, device, MESSAGE_PROCESSED, sensor);
}

static void send_raw(struct feed *feed, unsigned device, const struct sample_block *block)
{
    const char *band = device_id(feed, device);
    enum sensor sensor = block->samples.sensor;
    uint64_t seq = sequence_of(feed, band)->raw[sensor]++;

    /* What nobody hears is numbered, not written; but a level greets new clients. */
    if (sensor != SENSOR_BAT && !sinks_want(feed->sinks, device, MESSAGE_RAW, sensor))
        return;
    message_raw(&feed->message, band, seq, block);
    send_text(feed, device,
              (struct message){.kind = MESSAGE_RAW,
                               .sensor = sensor,
                               .arrival_us = block->arrival_us,
                               .more = has_more(feed, device, block)},
              &feed->message);
}

static void send_thinned(void *user, const struct sample_block *block)
{
    const struct feed_band *band = user;

    send_raw(band->feed, band->device, block);
}

void feed_init(struct feed *feed, const struct sinks *sinks)
{
    memset(feed, 0, sizeof(*feed));
    feed->sinks = sinks;
    json_init(&feed->message);
    for (unsigned device = 0; device < MANAGER_DEVICES_MAX; device++) {
        struct feed_band *band = &feed->bands[device];
        *band = (struct feed_band){.feed = feed, .device = device};
        band->thinning = (struct thinning){.user = band, .emit = send_thinned};
    }
}

static void send_battery(struct feed *feed, unsigned device, const struct sample_block *block)
{
    struct feed_band *band = &feed->bands[device];

    send_raw(feed, device, block);
    json_clear(&band->battery);
    json_raw(&band->battery, feed->message.text, feed->message.len);
    band->battery_age = 0;
}

void feed_flush(struct feed *feed, unsigned device)
{
    thinning_finish(&feed->bands[device].thinning);
}

/* Whether clients are to get this sensor: a recording may want more of the band than the stream. */
static bool is_streamed(struct feed *feed, unsigned device, enum sensor sensor)
{
    return manager_streamed(feed->manager, device).sensors & SENSOR_BIT(sensor);
}

/* What a recording's block said of a stream that was over, the next stream's first block tells. */
static const struct sample_block *with_owed(struct feed *feed, unsigned device,
                                            const struct sample_block *block,
                                            struct sample_block *told)
{
    uint32_t *owed = &sequence_of(feed, device_id(feed, device))->owed[block->samples.sensor];

    if (*owed == 0)
        return block;
    *told = *block;
    told->lost += *owed;
    *owed = 0;
    return told;
}

void feed_samples(struct feed *feed, unsigned device, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;
    struct sample_block told;

    if (sensor == SENSOR_BAT) {
        send_battery(feed, device, block);
        return;
    }
    if (!is_streamed(feed, device, sensor)) {
        if (block->owed > 0)
            sequence_of(feed, device_id(feed, device))->owed[sensor] += block->owed;
        return;
    }
    block = with_owed(feed, device, block, &told);
    if (sensor == SENSOR_EEG)
        thinning_push(&feed->bands[device].thinning, block,
                      manager_streamed(feed->manager, device).sample_rate);
    else
        send_raw(feed, device, block);
}

void feed_features(struct feed *feed, unsigned device, enum sensor sensor, const void *features,
                   int64_t arrival_us)
{
    const char *band = device_id(feed, device);

    sinks_features(feed->sinks, device, sensor, features);
    if (!is_streamed(feed, device, sensor))
        return;
    const uint64_t seq = sequence_of(feed, band)->processed[sensor]++;
    if (!sinks_want(feed->sinks, device, MESSAGE_PROCESSED, sensor))
        return;
    message_processed(&feed->message, band, seq, sensor, features);
    send_text(
        feed, device,
        (struct message){.kind = MESSAGE_PROCESSED, .sensor = sensor, .arrival_us = arrival_us},
        &feed->message);
}

bool feed_wants_features(struct feed *feed, unsigned device, enum sensor sensor)
{
    const struct sinks *sinks = feed->sinks;

    return sinks_want_features(sinks, device, sensor) ||
           (is_streamed(feed, device, sensor) &&
            sinks_want(sinks, device, MESSAGE_PROCESSED, sensor));
}

/* Not computed where nobody hears them, and so not numbered either. */
bool feed_wants_bands(struct feed *feed, unsigned device)
{
    return is_streamed(feed, device, SENSOR_EEG) &&
           sinks_want(feed->sinks, device, MESSAGE_BANDS, SENSOR_EEG);
}

void feed_bands(struct feed *feed, unsigned device, const struct eeg_bands *bands)
{
    const char *band = device_id(feed, device);
    struct sequence *sequence = sequence_of(feed, band);

    message_bands(&feed->message, band, sequence->bands++, bands);
    send_text(feed, device,
              (struct message){
                  .kind = MESSAGE_BANDS, .sensor = SENSOR_EEG, .arrival_us = bands->arrival_us},
              &feed->message);
}

void feed_link_down(struct feed *feed, unsigned device)
{
    feed_flush(feed, device);
    json_clear(&feed->bands[device].battery);
}

const struct json *feed_battery(const struct feed *feed, unsigned device)
{
    const struct json *battery = &feed->bands[device].battery;

    return battery->len > 0 ? battery : NULL;
}

/*
 * A level changes only every few minutes: it is repeated each minute, with its sequence number, for
 * it is the same message.
 */
void feed_second(struct feed *feed)
{
    for (unsigned device = 0; device < MANAGER_DEVICES_MAX; device++) {
        struct feed_band *band = &feed->bands[device];
        if (!feed_battery(feed, device) || ++band->battery_age < BATTERY_REPEAT_S)
            continue;
        band->battery_age = 0;
        send_text(feed, device, (struct message){.kind = MESSAGE_RAW, .sensor = SENSOR_BAT},
                  &band->battery);
    }
}
