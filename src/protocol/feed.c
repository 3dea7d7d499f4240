/* Samples and features out: numbered by band, thinned to the rate asked for, written as
 * messages. */
#include <string.h>

#include "protocol/message.h"
#include "protocol_internal.h"

#define BATTERY_REPEAT_S 60

void feed_init(struct feed *feed)
{
    memset(feed, 0, sizeof(*feed));
    feed->factor = 1;
    json_init(&feed->message);
    json_init(&feed->battery);
}

void feed_finish(struct feed *feed)
{
    if (feed->decimator)
        decimator_destroy(feed->decimator);
    json_finish(&feed->message);
    json_finish(&feed->battery);
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

static const char *device_id(struct protocol *protocol)
{
    return manager_status(protocol->manager)->device.band.name;
}

static void send_text(struct protocol *protocol, enum message_kind kind, enum sensor sensor,
                      const struct json *text, int64_t arrival_us)
{
    static const char *const names[] = {[MESSAGE_RAW] = "raw_data",
                                        [MESSAGE_PROCESSED] = "processed_data",
                                        [MESSAGE_BANDS] = "band_data"};

    sinks_message(&protocol->sinks, &(struct message){
                                        .kind = kind,
                                        .name = names[kind],
                                        .device_id = device_id(protocol),
                                        .sensor = sensor,
                                        .text = text->text,
                                        .len = text->len,
                                        .arrival_us = arrival_us,
                                    });
}

static void send_data(struct protocol *protocol, enum message_kind kind, enum sensor sensor,
                      int64_t arrival_us)
{
    send_text(protocol, kind, sensor, &protocol->feed.message, arrival_us);
}

static void send_raw(void *user, const struct sample_block *block)
{
    struct protocol *protocol = user;
    const char *band = device_id(protocol);
    enum sensor sensor = block->samples.sensor;
    uint64_t seq = sequence_of(&protocol->feed, band)->raw[sensor]++;

    /* What nobody hears is numbered, not written; but a level greets new clients. */
    if (sensor != SENSOR_BAT && !sinks_want(&protocol->sinks, MESSAGE_RAW, sensor))
        return;
    message_raw(&protocol->feed.message, band, seq, block);
    send_data(protocol, MESSAGE_RAW, sensor, block->arrival_us);
}

static void send_battery(struct protocol *protocol, const struct sample_block *block)
{
    struct feed *feed = &protocol->feed;

    send_raw(protocol, block);
    json_clear(&feed->battery);
    json_raw(&feed->battery, feed->message.text, feed->message.len);
    feed->battery_age = 0;
}

/* The decimator that the stream's rate asks for; a change lets the old one's samples out first. */
static struct decimator *decimator_for(struct protocol *protocol, const struct sample_block *block)
{
    struct feed *feed = &protocol->feed;
    int factor = decimator_factor(block->rate, manager_status(protocol->manager)->sample_rate);

    if (factor != feed->factor) {
        feed_flush(protocol);
        feed->factor = factor;
        feed->decimator =
            factor > 1 ? decimator_create(factor, block->samples.as->channel_count) : NULL;
    }
    return feed->decimator;
}

void feed_flush(struct protocol *protocol)
{
    struct feed *feed = &protocol->feed;

    if (!feed->decimator)
        return;
    decimator_flush(feed->decimator, send_raw, protocol);
    decimator_destroy(feed->decimator);
    feed->decimator = NULL;
    feed->factor = 1;
}

/* Whether clients are to get this sensor: a recording may want more of the band than the stream. */
static bool is_streamed(struct protocol *protocol, enum sensor sensor)
{
    const struct manager_status *status = manager_status(protocol->manager);

    return status->stream != STREAM_IDLE && (status->sensors & SENSOR_BIT(sensor));
}

void feed_samples(struct protocol *protocol, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;

    if (sensor == SENSOR_BAT) {
        send_battery(protocol, block);
        return;
    }
    if (!is_streamed(protocol, sensor))
        return;
    struct decimator *decimator = sensor == SENSOR_EEG ? decimator_for(protocol, block) : NULL;
    if (decimator)
        decimator_push(decimator, block, send_raw, protocol);
    else
        send_raw(protocol, block);
}

static void feed_processed(struct protocol *protocol, enum sensor sensor, const void *features,
                           int64_t arrival_us)
{
    const char *band = device_id(protocol);

    sinks_features(&protocol->sinks, sensor, features);
    if (!is_streamed(protocol, sensor))
        return;
    const uint64_t seq = sequence_of(&protocol->feed, band)->processed[sensor]++;
    if (!sinks_want(&protocol->sinks, MESSAGE_PROCESSED, sensor))
        return;
    message_processed(&protocol->feed.message, band, seq, sensor, features);
    send_data(protocol, MESSAGE_PROCESSED, sensor, arrival_us);
}

bool feed_wants_features(struct protocol *protocol, enum sensor sensor)
{
    const struct sinks *sinks = &protocol->sinks;

    return sinks_want_features(sinks, sensor) ||
           (is_streamed(protocol, sensor) && sinks_want(sinks, MESSAGE_PROCESSED, sensor));
}

void feed_eeg(struct protocol *protocol, const struct eeg_features *features)
{
    feed_processed(protocol, SENSOR_EEG, features, features->arrival_us);
}

/* Not computed where nobody hears them, and so not numbered either. */
bool feed_wants_bands(struct protocol *protocol)
{
    return is_streamed(protocol, SENSOR_EEG) &&
           sinks_want(&protocol->sinks, MESSAGE_BANDS, SENSOR_EEG);
}

void feed_bands(struct protocol *protocol, const struct eeg_bands *bands)
{
    const char *band = device_id(protocol);
    struct sequence *sequence = sequence_of(&protocol->feed, band);

    message_bands(&protocol->feed.message, band, sequence->bands++, bands);
    send_data(protocol, MESSAGE_BANDS, SENSOR_EEG, bands->arrival_us);
}

void feed_ppg(struct protocol *protocol, const struct ppg_features *features)
{
    feed_processed(protocol, SENSOR_PPG, features, features->arrival_us);
}

void feed_acc(struct protocol *protocol, const struct acc_features *features)
{
    feed_processed(protocol, SENSOR_ACC, features, features->arrival_us);
}

void feed_link_down(struct protocol *protocol)
{
    feed_flush(protocol);
    json_clear(&protocol->feed.battery);
}

static bool has_battery(const struct feed *feed)
{
    return feed->battery.len > 0;
}

void feed_greet(struct protocol *protocol, uint64_t client)
{
    const struct json *battery = &protocol->feed.battery;

    if (has_battery(&protocol->feed))
        protocol->out.data_to(protocol->out.user, client, SENSOR_BAT, battery->text, battery->len);
}

/*
 * A level changes only every few minutes: it is repeated each minute, with its sequence number, for
 * it is the same message.
 */
void feed_second(struct protocol *protocol)
{
    struct feed *feed = &protocol->feed;

    if (!has_battery(feed) || ++feed->battery_age < BATTERY_REPEAT_S)
        return;
    feed->battery_age = 0;
    send_text(protocol, MESSAGE_RAW, SENSOR_BAT, &feed->battery, 0);
}
