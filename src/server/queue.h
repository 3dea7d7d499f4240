/*
 * What waits to be sent to one client: pointers to shared frames, in the order they came.
 *
 * Two lanes share that order. Sensor data is bounded by dropping its oldest, counted by sensor;
 * replies and events are never dropped: too many of them is the end of the client.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "frame.h"

/* A shorter frame counts as this many bytes, so that the bounds bound the number of pointers too.
 */
#define QUEUE_FRAME_LEAST 64

struct lane {
    struct queue_entry *entries; /* a ring; grows by doubling */
    size_t capacity, first, count;
    size_t bytes;
};

struct queue {
    struct lane data, kept;
    size_t data_max; /* bytes */
    uint64_t next_number;
    uint64_t dropped[SENSOR_COUNT]; /* since queue_take_dropped */
};

/* For data of so many bands. */
void queue_init(struct queue *queue, unsigned bands);
void queue_finish(struct queue *queue);

/* Takes a reference of its own. False: over the bound of what is never dropped, or no memory. */
bool queue_push(struct queue *queue, struct frame *frame);
/* The oldest frame, its reference handed over to the caller; NULL: empty. */
struct frame *queue_pop(struct queue *queue);
bool queue_is_empty(const struct queue *queue);
/* Nothing waits in it but data, and there is some. */
bool queue_is_of_data(const struct queue *queue);
size_t queue_bytes(const struct queue *queue);
/* Drops everything, uncounted. */
void queue_clear(struct queue *queue);

/* Frames dropped by sensor since the last call; false if none. */
bool queue_take_dropped(struct queue *queue, uint64_t dropped[SENSOR_COUNT]);

#endif
