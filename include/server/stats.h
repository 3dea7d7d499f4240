/* What the server counts of itself, since its start. */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "band/sensor.h"

/* How long data took from the packet's arrival until it was handed to a client's socket. */
#define LATENCY_BUCKETS 14
/* Upper bounds in s, inclusive, ascending; what is above the last is in `count` only. */
extern const double latency_bounds[LATENCY_BUCKETS];

struct latency {
    uint64_t buckets[LATENCY_BUCKETS]; /* each for itself, not cumulative */
    uint64_t count;
    double sum; /* s */
};

void latency_observe(struct latency *latency, double seconds);

enum refused { REFUSED_HOST, REFUSED_ORIGIN, REFUSED_CROSS_SITE, REFUSED_TOKEN, REFUSED_FULL };
#define REFUSED_COUNT 5
enum dropped_for { DROPPED_SILENT, DROPPED_STUCK, DROPPED_BEHIND };
#define DROPPED_COUNT 3

struct server_stats {
    /* Now. */
    size_t clients, waiting, connections;
    /* Since the start. */
    uint64_t accepted;               /* TCP connections */
    uint64_t refused[REFUSED_COUNT]; /* handshakes and requests */
    uint64_t clients_dropped[DROPPED_COUNT];
    uint64_t messages;                     /* that came in */
    uint64_t frames, bytes;                /* that went out, of the text */
    uint64_t frames_dropped[SENSOR_COUNT]; /* for clients that read too slowly */
    struct latency latency;
};

#endif
