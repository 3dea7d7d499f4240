/* Samples and features out: numbered by band, thinned to the rate asked for, written as
 * messages, told to the sinks. */
#ifndef PROTOCOL_FEED_H
#define PROTOCOL_FEED_H

#include "dsp/thinning.h"
#include "protocol/json.h"
#include "sinks.h"

/* Sequence numbers are kept for this many bands; with one more the longest unused is forgotten,
 * and counts from 0 when it comes again. */
#define SEQUENCE_BANDS (2 * MANAGER_DEVICES_MAX)

struct sequence {
    char device_id[BAND_NAME_SIZE];
    uint64_t used; /* when last, for forgetting */
    uint64_t raw[SENSOR_COUNT], processed[SENSOR_COUNT], bands;
    uint32_t owed[SENSOR_COUNT]; /* lost to a stream that is over, not told yet */
};

/* What is under way of one band. */
struct feed_band {
    struct feed *feed;
    unsigned device;
    struct thinning thinning;
    struct json battery; /* the last battery message, "" before one: new clients get it */
    int battery_age;     /* s */
};

/* Written by feed.c alone. */
struct feed {
    const struct sinks *sinks;
    struct manager *manager; /* tells of band and stream; NULL: there is none */
    struct feed_band bands[MANAGER_DEVICES_MAX];
    struct sequence sequences[SEQUENCE_BANDS];
    uint64_t clock; /* counts uses of sequences */
    struct json message;
};

/* The sinks are borrowed. */
void feed_init(struct feed *feed, const struct sinks *sinks);
void feed_finish(struct feed *feed);
void feed_set_manager(struct feed *feed, struct manager *manager);
void feed_samples(struct feed *feed, unsigned device, const struct sample_block *block);
bool feed_wants_features(struct feed *feed, unsigned device, enum sensor sensor);
/* The sensor's eeg_features, ppg_features or acc_features. */
void feed_features(struct feed *feed, unsigned device, enum sensor sensor, const void *features,
                   int64_t arrival_us);
bool feed_wants_bands(struct feed *feed, unsigned device);
void feed_bands(struct feed *feed, unsigned device, const struct eeg_bands *bands);
/* The stream of EEG ends: what the decimator still holds goes out. */
void feed_flush(struct feed *feed, unsigned device);
void feed_link_down(struct feed *feed, unsigned device);
/* Its last battery message, for a new client; NULL: there is none. */
const struct json *feed_battery(const struct feed *feed, unsigned device);
void feed_second(struct feed *feed);

#endif
