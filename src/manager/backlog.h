/*
 * The packets of a stream that starts, held until its reply and stream_started have gone out, and
 * then let go of in portions. Full, it drops the oldest: the band's timeline then tells the gap.
 */
#ifndef MANAGER_BACKLOG_H
#define MANAGER_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "band/packet.h"

/* A start is answered in 10 s; in that time a 500 Hz band sends 200 + 18 + 9 packets. */
#define BACKLOG_MAX 256

struct backlog {
    struct {
        struct packet packet; /* its bytes are those below */
        unsigned char bytes[BAND_PACKET_MAX];
    } held[BACKLOG_MAX];
    size_t head, count;
    bool overran; /* since it was last empty */
};

/* Copies the packet. Returns false if the oldest had to go for it, for the first time since it was
 * empty: what is told of that is told once. */
bool backlog_push(struct backlog *backlog, const struct packet *packet);

bool backlog_has(const struct backlog *backlog, enum sensor sensor);

/* Takes the oldest packet of one of the sensors; its bytes last until the next push. */
bool backlog_take(struct backlog *backlog, sensor_set sensors, struct packet *packet);

#endif
