/* The recorder as a sink: the packets and what is made of them, while a recording runs. */
#ifndef PROTOCOL_RECORDED_H
#define PROTOCOL_RECORDED_H

#include "protocol/json.h"
#include "protocol/sink.h"

struct protocol;

/* Written by recorded.c alone. A recording numbers its messages by itself: it may run without a
 * stream. */
struct recorded {
    struct json message;
    uint64_t next[SENSOR_COUNT]; /* sequence numbers of processed.jsonl */
};

void recorded_init(struct recorded *recorded);
void recorded_finish(struct recorded *recorded);
/* processed.jsonl counts from 0. */
void recorded_begins(struct recorded *recorded);
/* For protocol->sinks while there is a recorder. */
struct sink recorded_sink(struct protocol *protocol);

#endif
