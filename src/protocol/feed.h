/* Samples and features on their way to the clients. */
#ifndef PROTOCOL_FEED_H
#define PROTOCOL_FEED_H

#include "dsp/decimator.h"
#include "protocol/json.h"
#include "protocol/protocol.h"

/* Sequence numbers are kept for this many bands; with one more the longest unused is forgotten. */
#define SEQUENCE_BANDS 16

struct sequence {
    char device_id[BAND_NAME_SIZE];
    uint64_t used; /* when last, for forgetting */
    uint64_t raw[SENSOR_COUNT], processed[SENSOR_COUNT], bands;
};

/* Written by feed.c alone. */
struct feed {
    struct decimator *decimator;
    int factor; /* of the decimator; 1: none */
    struct sequence sequences[SEQUENCE_BANDS];
    uint64_t clock; /* counts uses of sequences */
    struct json message;
    struct json battery; /* the last battery message, "" before one: new clients get it */
    int battery_age;     /* s */
};

void feed_init(struct feed *feed);
void feed_finish(struct feed *feed);
void feed_samples(struct protocol *protocol, const struct sample_block *block);
bool feed_wants_features(struct protocol *protocol, enum sensor sensor);
void feed_eeg(struct protocol *protocol, const struct eeg_features *features);
bool feed_wants_bands(struct protocol *protocol);
void feed_bands(struct protocol *protocol, const struct eeg_bands *bands);
void feed_ppg(struct protocol *protocol, const struct ppg_features *features);
void feed_acc(struct protocol *protocol, const struct acc_features *features);
/* The stream of EEG ends: what the decimator still holds goes out. */
void feed_flush(struct protocol *protocol);
void feed_link_down(struct protocol *protocol);
/* The last battery message, to a new client. */
void feed_greet(struct protocol *protocol, uint64_t client);
void feed_second(struct protocol *protocol);

#endif
