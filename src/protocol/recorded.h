/* The recorder as a sink: the packets and what is made of them, while a recording runs. */
#ifndef PROTOCOL_RECORDED_H
#define PROTOCOL_RECORDED_H

#include "protocol/json.h"
#include "record/recorder.h"
#include "sinks.h"

/* Written by recorded.c alone. A recording numbers its messages by itself: it may run without a
 * stream. */
struct recorded {
    struct recorder *recorder;
    char device_id[BAND_NAME_SIZE];
    struct json message;
    uint64_t next[SENSOR_COUNT]; /* sequence numbers of processed.jsonl */
};

void recorded_init(struct recorded *recorded);
void recorded_finish(struct recorded *recorded);
/* From here on it is one of the sinks; NULL: it is none any more. */
void recorded_set_recorder(struct recorded *recorded, struct sinks *sinks,
                           struct recorder *recorder);
/* A recording of this band: processed.jsonl counts from 0. */
void recorded_begins(struct recorded *recorded, const char *device_id);

#endif
