/*
 * Where what comes of the band goes: each sink is told of the same things, once, in the same order.
 * The server takes messages for its clients; a recording the packets and what is made of them.
 */
#ifndef PROTOCOL_SINK_H
#define PROTOCOL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/block.h"
#include "band/packet.h"
#include "band/sensor.h"
#include "manager/manager.h"

/* A private event may name sessions, paths or markers: it is not for strangers. */
enum message_kind {
    MESSAGE_EVENT,
    MESSAGE_PRIVATE_EVENT,
    MESSAGE_RAW,
    MESSAGE_PROCESSED,
    MESSAGE_BANDS
};

/* A message to all, written once. Its pointers are borrowed for the call. */
struct message {
    enum message_kind kind;
    const char *name;      /* an event's "event_type"; of data its "type": "raw_data" … */
    const char *device_id; /* the band's that it is about; NULL of events that are about none */
    enum sensor sensor;    /* SENSOR_COUNT: none */
    const char *text;      /* one JSON object, zero-terminated */
    size_t len;
    int64_t arrival_us; /* boot time, of the packet it comes of; 0: of none, or repeated */
    bool more;          /* of data: the packet's next is about to follow, and may go out with it */
};

/* In the place of a band's number. */
#define SINK_ALL_BANDS MANAGER_DEVICES_MAX

/* Each function may be NULL. `device` is the band's place (manager.h). What is told is borrowed for
 * the call, which must not block. */
struct sink {
    void *user; /* tells the sinks apart */

    /* Messages; and asked before data is written: whether such is taken now. NULL: always. */
    void (*message)(void *user, const struct message *message);
    bool (*wants)(void *user, unsigned device, enum message_kind kind, enum sensor sensor);

    /* The band itself, in the order it flows; a packet comes before its block. */
    void (*link_up)(void *user, unsigned device, const struct band_link *link);
    void (*link_down)(void *user, unsigned device, int64_t boot_us);
    void (*subscription)(void *user, unsigned device, sensor_set sensors);
    void (*packet)(void *user, unsigned device, const struct packet *packet);
    void (*samples)(void *user, unsigned device, const struct sample_block *block);
    /* Of a band, or of SINK_ALL_BANDS. */
    void (*marker)(void *user, unsigned device, double utc_ms, const char *label);
    /* The sensor's eeg_features, ppg_features or acc_features; only while they are wanted. */
    void (*features)(void *user, unsigned device, enum sensor sensor, const void *features);
    bool (*wants_features)(void *user, unsigned device, enum sensor sensor);
};

#endif
