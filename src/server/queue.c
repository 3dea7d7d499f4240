#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

struct queue_entry {
    struct frame *frame;
    uint64_t number; /* of arrival: what orders the two lanes */
};

static size_t cost(const struct frame *frame)
{
    return frame->len > QUEUE_FRAME_LEAST ? frame->len : QUEUE_FRAME_LEAST;
}

static bool lane_grow(struct lane *lane)
{
    size_t capacity = lane->capacity ? 2 * lane->capacity : 16;
    struct queue_entry *entries = malloc(capacity * sizeof(*entries));

    if (!entries)
        return false;
    for (size_t i = 0; i < lane->count; i++)
        entries[i] = lane->entries[(lane->first + i) % lane->capacity];
    free(lane->entries);
    lane->entries = entries;
    lane->capacity = capacity;
    lane->first = 0;
    return true;
}

static bool lane_push(struct lane *lane, struct frame *frame, uint64_t number)
{
    if (lane->count == lane->capacity && !lane_grow(lane))
        return false;
    lane->entries[(lane->first + lane->count) % lane->capacity] =
        (struct queue_entry){frame_ref(frame), number};
    lane->count++;
    lane->bytes += cost(frame);
    return true;
}

static struct frame *lane_pop(struct lane *lane)
{
    struct frame *frame = lane->entries[lane->first].frame;

    must(lane->count > 0);
    lane->first = (lane->first + 1) % lane->capacity;
    lane->count--;
    lane->bytes -= cost(frame);
    return frame;
}

static void lane_clear(struct lane *lane)
{
    while (lane->count)
        frame_unref(lane_pop(lane));
    free(lane->entries);
    *lane = (struct lane){0};
}

void queue_init(struct queue *queue, unsigned bands)
{
    memset(queue, 0, sizeof(*queue));
    queue->data_max = (size_t)SERVER_DATA_QUEUE_MAX * (bands ? bands : 1);
}

void queue_finish(struct queue *queue)
{
    queue_clear(queue);
}

void queue_clear(struct queue *queue)
{
    lane_clear(&queue->data);
    lane_clear(&queue->kept);
}

static void drop_oldest_data(struct queue *queue)
{
    struct frame *frame = lane_pop(&queue->data);

    queue->dropped[frame->sensor]++;
    frame_unref(frame);
}

bool queue_push(struct queue *queue, struct frame *frame)
{
    uint64_t number = queue->next_number++;

    if (!frame_kind_is_data(frame->kind)) {
        if (queue->kept.bytes + cost(frame) > SERVER_REPLY_QUEUE_MAX)
            return false;
        return lane_push(&queue->kept, frame, number);
    }
    while (queue->data.count && queue->data.bytes + cost(frame) > queue->data_max)
        drop_oldest_data(queue);
    return lane_push(&queue->data, frame, number);
}

struct frame *queue_pop(struct queue *queue)
{
    struct lane *data = &queue->data, *kept = &queue->kept;

    if (queue_is_empty(queue))
        return NULL;
    if (!kept->count)
        return lane_pop(data);
    if (!data->count)
        return lane_pop(kept);
    bool data_is_older = data->entries[data->first].number < kept->entries[kept->first].number;
    return lane_pop(data_is_older ? data : kept);
}

bool queue_is_empty(const struct queue *queue)
{
    return queue->data.count == 0 && queue->kept.count == 0;
}

bool queue_is_of_data(const struct queue *queue)
{
    return queue->data.count > 0 && queue->kept.count == 0;
}

size_t queue_bytes(const struct queue *queue)
{
    return queue->data.bytes + queue->kept.bytes;
}

bool queue_take_dropped(struct queue *queue, uint64_t dropped[SENSOR_COUNT])
{
    bool any = false;

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        dropped[sensor] = queue->dropped[sensor];
        queue->dropped[sensor] = 0;
        any = any || dropped[sensor];
    }
    return any;
}
