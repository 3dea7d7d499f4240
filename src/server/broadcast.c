#include "broadcast.h"

#include <strings.h>

#include "base/log.h"

/* Mostly it is of all. */
static bool is_of_band(const struct subscription *subscription, const char *device_id)
{
    size_t i = 0;

    if (subscription->device_count == 0 || !device_id)
        return true;
    while (i < subscription->device_count && strcasecmp(subscription->devices[i], device_id) != 0)
        i++;
    return i < subscription->device_count;
}

static bool subscribes(const struct client *client, const struct frame_head *head)
{
    const struct subscription *subscription = &client->subscription;
    const sensor_set sensor = SENSOR_BIT(head->sensor);

    switch (head->kind) {
    case FRAME_EVENT:
        return subscription->events;
    case FRAME_PRIVATE_EVENT:
        return subscription->events && client->seat.kind != CLIENT_RESTRICTED;
    case FRAME_RAW:
        return (subscription->raw & sensor) && is_of_band(subscription, head->device_id);
    case FRAME_PROCESSED:
        return (subscription->processed & sensor) && is_of_band(subscription, head->device_id);
    case FRAME_BANDS:
        return (subscription->bands & sensor) && is_of_band(subscription, head->device_id);
    case FRAME_REPLY:
        break;
    }
    return true;
}

static bool hears(const struct client *client, const struct frame_head *head)
{
    return client_is_placed(client) && subscribes(client, head);
}

bool broadcast_is_heard(const struct clients *clients, const struct frame_head *head)
{
    for (const struct client *client = clients_first(clients); client;
         client = client_next(client)) {
        if (hears(client, head))
            return true;
    }
    return false;
}

static bool is_too_long(size_t len)
{
    if (len > SERVER_FRAME_MAX)
        log_error("server: a message of %zu bytes is not sent: %d are allowed", len,
                  SERVER_FRAME_MAX);
    return len > SERVER_FRAME_MAX;
}

/* `frame` NULL: there was no memory for it. */
static void give(struct client *client, struct frame *frame, enum frame_kind kind,
                 enum sensor sensor)
{
    if (frame)
        client_push(client, frame);
    else
        client_miss(client, kind, sensor);
}

void broadcast(struct clients *clients, const struct frame_head *head, const char *text, size_t len,
               int64_t arrival_us)
{
    if (is_too_long(len))
        return;
    struct frame *frame = frame_create(head->kind, head->sensor, text, len);
    if (frame) {
        frame->arrival_us = arrival_us;
        frame->more = head->more;
    }
    /* Either may end a client, but frees none: lws does that from its own callbacks. */
    for (struct client *client = clients_first(clients); client; client = client_next(client)) {
        if (hears(client, head))
            give(client, frame, head->kind, head->sensor);
    }
    frame_unref(frame);
}

void server_send(struct client *client, enum frame_kind kind, enum sensor sensor, const char *text,
                 size_t len)
{
    if (is_too_long(len))
        return;
    struct frame *frame = frame_create(kind, sensor, text, len);
    give(client, frame, kind, sensor);
    frame_unref(frame);
}
