/* Who has a place, who waits for one, and one frame for all who have. */
#include "base/log.h"
#include "room.h"

/* The lowest that nobody has. */
static unsigned free_place(const struct server *server)
{
    unsigned taken = 0, place = 1;

    for (const struct client *client = server->clients; client; client = client->next)
        taken |= client->state == CLIENT_PLACED ? 1u << client->place : 0;
    while (taken & 1u << place)
        place++;
    return place;
}

static void take_place(struct client *client)
{
    struct server *server = client->server;

    client->place = free_place(server);
    client->state = CLIENT_PLACED;
    client->state_since = client->taken_at = uv_now(server->loop);
    server->placed_count++;
    log_info("client %llu: open, %zu of %d", (unsigned long long)client->id, server->placed_count,
             SERVER_CLIENTS_MAX);
    server->listener.opened(server->listener.user, client);
}

void hub_place(struct client *client)
{
    struct server *server = client->server;

    if (server->placed_count < SERVER_CLIENTS_MAX) {
        take_place(client);
        return;
    }
    client->state = CLIENT_WAITING;
    client->state_since = uv_now(server->loop);
    server->waiting_count++;
}

/* Of those who have a place or wait for one. */
static size_t count_of(const struct server *server, enum client_kind kind)
{
    size_t count = 0;

    for (const struct client *client = server->clients; client; client = client->next)
        count += client->kind == kind &&
                 (client->state == CLIENT_PLACED || client->state == CLIENT_WAITING);
    return count;
}

bool hub_has_room(const struct server *server, enum client_kind kind)
{
    const size_t restricted = count_of(server, CLIENT_RESTRICTED);
    const size_t own = count_of(server, CLIENT_OWN_PAGE);

    if (server->closing ||
        (server->placed_count >= SERVER_CLIENTS_MAX && server->waiting_count >= SERVER_WAITING_MAX))
        return false;
    if ((kind == CLIENT_RESTRICTED && restricted >= SERVER_RESTRICTED_MAX) ||
        (kind == CLIENT_OWN_PAGE && own >= SERVER_OWN_PAGES_MAX))
        return false;
    return kind == CLIENT_OTHER || restricted + own < SERVER_PAGES_MAX;
}

static void promote(struct server *server)
{
    struct client *client = server->clients;

    while (client && (client->state != CLIENT_WAITING || !client->wsi))
        client = client->next;
    if (!client || server->closing)
        return;
    server->waiting_count--;
    take_place(client);
    client_charge(client, 0);
}

void hub_give_up_place(struct client *client)
{
    struct server *server = client->server;
    enum client_state was = client->state;
    uint64_t untold[SENSOR_COUNT];

    client->state = CLIENT_LEAVING;
    client->state_since = uv_now(server->loop);
    server_watch(server);
    client_take_dropped(client, untold);
    queue_clear(&client->queue);
    if (was == CLIENT_WAITING)
        server->waiting_count--;
    if (was != CLIENT_PLACED)
        return;
    server->placed_count--;
    log_info("client %llu: gone", (unsigned long long)client->id);
    server->listener.closed(server->listener.user, client);
    promote(server);
}

static bool subscribes(const struct client *client, enum frame_kind kind, enum sensor sensor)
{
    const struct subscription *subscription = &client->subscription;

    switch (kind) {
    case FRAME_EVENT:
        return subscription->events;
    case FRAME_PRIVATE_EVENT:
        return subscription->events && !client_is_restricted(client);
    case FRAME_RAW:
        return subscription->raw & SENSOR_BIT(sensor);
    case FRAME_PROCESSED:
        return subscription->processed & SENSOR_BIT(sensor);
    case FRAME_REPLY:
        break;
    }
    return true;
}

bool server_is_heard(const struct server *server, enum frame_kind kind, enum sensor sensor)
{
    for (const struct client *client = server->clients; client; client = client->next) {
        if (client->state == CLIENT_PLACED && subscribes(client, kind, sensor))
            return true;
    }
    return false;
}

static bool is_too_long(size_t len)
{
    if (len > SERVER_FRAME_MAX)
        log_error("a message of %zu bytes is not sent: %d are allowed", len, SERVER_FRAME_MAX);
    return len > SERVER_FRAME_MAX;
}

void server_broadcast(struct server *server, enum frame_kind kind, enum sensor sensor,
                      const char *text, size_t len, int64_t arrival_us)
{
    if (is_too_long(len))
        return;
    struct frame *frame = frame_create(kind, sensor, text, len);
    if (frame)
        frame->arrival_us = arrival_us;
    /* Either may end a client, but frees none: lws does that from its own callbacks. */
    for (struct client *client = server->clients; client; client = client->next) {
        if (client->state != CLIENT_PLACED || !subscribes(client, kind, sensor))
            continue;
        frame ? client_push(client, frame) : client_miss(client, kind, sensor);
    }
    frame_unref(frame);
}

void server_send(struct client *client, enum frame_kind kind, enum sensor sensor, const char *text,
                 size_t len)
{
    if (is_too_long(len))
        return;
    struct frame *frame = frame_create(kind, sensor, text, len);
    frame ? client_push(client, frame) : client_miss(client, kind, sensor);
    frame_unref(frame);
}

size_t server_client_count(const struct server *server)
{
    return server->placed_count;
}

struct client *server_client(struct server *server, size_t n)
{
    struct client *client = server->clients;

    for (;; client = client->next) {
        if (client->state == CLIENT_PLACED && n-- == 0)
            return client;
    }
}

struct client *server_find(struct server *server, uint64_t id)
{
    for (struct client *client = server->clients; client; client = client->next) {
        if (client->id == id && client->state == CLIENT_PLACED)
            return client;
    }
    return NULL;
}

unsigned client_place(const struct client *client)
{
    return client->place;
}

uint64_t client_id(const struct client *client)
{
    return client->id;
}

bool client_is_restricted(const struct client *client)
{
    return client->kind == CLIENT_RESTRICTED;
}

struct subscription *client_subscription(struct client *client)
{
    return &client->subscription;
}

bool client_spend_message(struct client *client)
{
    client->server->stats.messages++;
    return allowance_spend(&client->messages, SERVER_MESSAGES_A_SECOND, SERVER_MESSAGES_AT_ONCE,
                           uv_now(client->server->loop));
}

bool client_take_dropped(struct client *client, uint64_t dropped[SENSOR_COUNT])
{
    struct server_stats *stats = &client->server->stats;

    if (!queue_take_dropped(&client->queue, dropped))
        return false;
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        stats->frames_dropped[sensor] += dropped[sensor];
    return true;
}

size_t client_queue_bytes(const struct client *client)
{
    return queue_bytes(&client->queue);
}

const struct server_stats *server_stats(struct server *server)
{
    server->stats.clients = server->placed_count;
    server->stats.waiting = server->waiting_count;
    server->stats.connections = server->peer_count;
    return &server->stats;
}
