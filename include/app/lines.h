/* What the pipeline makes, as the messages that the daemon sends: one JSON a line of a file. */
#ifndef APP_LINES_H
#define APP_LINES_H

#include <stdio.h>

#include "pipeline/pipeline.h"
#include "protocol/json.h"

struct lines {
    FILE *out;
    char device_id[32];
    sensor_set sensors; /* of others nothing is written */
    struct json json;
    uint64_t raw[SENSOR_COUNT], processed[SENSOR_COUNT]; /* sequence numbers */
    double known_ms[SENSOR_COUNT]; /* processed messages up to this time are left out; 0: none */
    bool reached[SENSOR_COUNT];    /* it came */
};

/* All sensors, and the name that a capture has which tells none. */
void lines_init(struct lines *lines, FILE *out);
void lines_finish(struct lines *lines);

/* To be handed to a pipeline; `lines` is borrowed. raw: raw_data messages too. */
struct pipeline_listener lines_listener(struct lines *lines, bool raw);

#endif
