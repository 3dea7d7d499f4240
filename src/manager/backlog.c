#include "backlog.h"

#include <string.h>

/* A packet taken from the middle leaves its place behind, marked by no length. */
static void drop_taken(struct backlog *backlog)
{
    while (backlog->count && backlog->held[backlog->head].packet.len == 0) {
        backlog->head = (backlog->head + 1) % BACKLOG_MAX;
        backlog->count--;
    }
}

bool backlog_push(struct backlog *backlog, const struct packet *packet)
{
    bool fits = backlog->count < BACKLOG_MAX;

    if (packet->len == 0 || packet->len > BAND_PACKET_MAX)
        return true;
    bool told = backlog->count > 0 && backlog->overran;
    backlog->overran = told || !fits;
    if (!fits) {
        backlog->head = (backlog->head + 1) % BACKLOG_MAX;
        backlog->count--;
    }
    size_t at = (backlog->head + backlog->count++) % BACKLOG_MAX;
    memcpy(backlog->held[at].bytes, packet->bytes, packet->len);
    backlog->held[at].packet = *packet;
    backlog->held[at].packet.bytes = backlog->held[at].bytes;
    return fits || told;
}

bool backlog_has(const struct backlog *backlog, enum sensor sensor)
{
    for (size_t i = 0; i < backlog->count; i++) {
        const struct packet *held = &backlog->held[(backlog->head + i) % BACKLOG_MAX].packet;
        if (held->len && held->sensor == sensor)
            return true;
    }
    return false;
}

bool backlog_take(struct backlog *backlog, sensor_set sensors, struct packet *packet)
{
    drop_taken(backlog);
    for (size_t i = 0; i < backlog->count; i++) {
        struct packet *held = &backlog->held[(backlog->head + i) % BACKLOG_MAX].packet;
        if (held->len && (SENSOR_BIT(held->sensor) & sensors)) {
            *packet = *held;
            held->len = 0;
            return true;
        }
    }
    return false;
}
