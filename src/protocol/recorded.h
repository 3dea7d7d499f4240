/* The recorder as a sink: the packets and what is made of them, while a recording runs. */
#ifndef PROTOCOL_RECORDED_H
#define PROTOCOL_RECORDED_H

#include "protocol/json.h"
#include "record/recorder.h"
#include "sinks.h"

_Static_assert(RECORDER_DEVICES_MAX == MANAGER_DEVICES_MAX, "a place is the same to both");

/* Written by recorded.c alone. A recording numbers its messages by itself, of each band: it may run
 * without a stream. */
struct recorded {
    struct recorder *recorder;
    struct json message;
    bool these_only;                                       /* no other band joins */
    char device_ids[RECORDER_DEVICES_MAX][BAND_NAME_SIZE]; /* by place */
    /* Sequence numbers of processed.jsonl, by the band's number in the recording: its place may
     * change. */
    uint64_t next[RECORDER_DEVICES_MAX][SENSOR_COUNT];
};

void recorded_init(struct recorded *recorded);
void recorded_finish(struct recorded *recorded);
/* From here on it is one of the sinks; NULL: it is none any more. */
void recorded_set_recorder(struct recorded *recorded, struct sinks *sinks,
                           struct recorder *recorder);
/* A recording of these bands: processed.jsonl of each counts from 0, of one that comes, too. */
void recorded_begins(struct recorded *recorded, const struct recording_request *request,
                     const struct recording_band *bands, size_t count);
/* Whether the running recording has a band of that name, or would have it if it came: one that has
 * as many as it can takes no more. */
bool recorded_has(const struct recorded *recorded, const char *device_id);

#endif
