/* Protocol, server, recorder and manager know nothing of each other: here each is told of the rest.
 */
#include "base/now.h"
#include "daemon.h"

/* ---- protocol → server. While the server is not there yet, or not any more, there is no one to
 * tell: what the recorder still has to answer at a shutdown comes after its end. */

static struct client *find_client(const struct daemon *daemon, uint64_t client)
{
    return daemon->server ? server_find(daemon->server, client) : NULL;
}

static void out_reply(void *user, uint64_t client, const char *text, size_t len)
{
    struct client *peer = find_client(user, client);

    if (peer)
        server_send(peer, FRAME_REPLY, SENSOR_COUNT, text, len);
}

static void out_data_to(void *user, uint64_t client, enum sensor sensor, const char *text,
                        size_t len)
{
    struct client *peer = find_client(user, client);

    if (peer)
        server_send(peer, FRAME_RAW, sensor, text, len);
}

static size_t out_client_count(void *user)
{
    struct daemon *daemon = user;

    return daemon->server ? server_client_count(daemon->server) : 0;
}

static void out_wants(void *user, unsigned device, const struct manager_wants *wants)
{
    struct daemon *daemon = user;

    if (daemon->wants)
        wants_file_save(daemon->wants, device, wants);
}

static struct subscription *out_subscription(void *user, uint64_t client)
{
    struct client *peer = find_client(user, client);

    return peer ? client_subscription(peer) : NULL;
}

static bool out_may_send(void *user, uint64_t client)
{
    struct client *peer = find_client(user, client);

    return !peer || client_spend_message(peer);
}

/* ---- the server as a sink */

static const enum frame_kind frame_kinds[] = {
    [MESSAGE_EVENT] = FRAME_EVENT, [MESSAGE_PRIVATE_EVENT] = FRAME_PRIVATE_EVENT,
    [MESSAGE_RAW] = FRAME_RAW,     [MESSAGE_PROCESSED] = FRAME_PROCESSED,
    [MESSAGE_BANDS] = FRAME_BANDS,
};

static void on_message(void *user, const struct message *message)
{
    struct daemon *daemon = user;

    if (daemon->server)
        server_broadcast(daemon->server,
                         &(struct frame_head){.kind = frame_kinds[message->kind],
                                              .sensor = message->sensor,
                                              .device_id = message->device_id,
                                              .more = message->more},
                         message->text, message->len, message->arrival_us);
}

static bool is_heard(void *user, unsigned device, enum message_kind kind, enum sensor sensor)
{
    struct daemon *daemon = user;

    (void)device; /* whose it is the broadcast looks at: to ask that here of each costs more */
    return daemon->server &&
           server_is_heard(daemon->server,
                           &(struct frame_head){.kind = frame_kinds[kind], .sensor = sensor});
}

/* ---- server → protocol */

static void on_client(void *user, struct client *client)
{
    struct daemon *daemon = user;

    /* At a stop the manager goes before the listeners do. */
    if (!daemon->stopping)
        protocol_client_opened(daemon->protocol, client_id(client));
}

static void on_closed(void *user, struct client *client)
{
    struct daemon *daemon = user;

    if (daemon->protocol)
        protocol_client_closed(daemon->protocol, client_id(client));
}

static void on_text(void *user, struct client *client, const char *text, size_t len)
{
    struct daemon *daemon = user;

    if (!daemon->stopping)
        protocol_text(daemon->protocol, client_id(client), client_is_restricted(client), text, len);
}

static void on_binary(void *user, struct client *client)
{
    struct daemon *daemon = user;

    if (!daemon->stopping)
        protocol_binary(daemon->protocol, client_id(client));
}

/* ---- the manager's host */

static int64_t host_boot_us(void *user)
{
    (void)user;
    return now_boot_us();
}

static int64_t host_utc_us(void *user)
{
    (void)user;
    return now_utc_us();
}

static void on_wake(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->manager)
        manager_wake(daemon->manager);
}

static void host_wake_at(void *user, int64_t boot_us)
{
    struct daemon *daemon = user;

    if (boot_us == INT64_MAX) {
        uv_timer_stop(&daemon->wake);
        return;
    }
    int64_t wait_us = boot_us - now_boot_us();
    /* Rounded up: a timer that rings early would only be set again. The loop's own idea of now may
     * be old. */
    uv_update_time(&daemon->loop);
    uv_timer_start(&daemon->wake, on_wake, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
}

/* ---- handed out */

struct protocol_out wiring_protocol_out(struct daemon *daemon)
{
    return (struct protocol_out){.user = daemon,
                                 .reply = out_reply,
                                 .data_to = out_data_to,
                                 .client_count = out_client_count,
                                 .wants_changed = out_wants,
                                 .subscription = out_subscription,
                                 .may_send = out_may_send};
}

struct sink wiring_server_sink(struct daemon *daemon)
{
    return (struct sink){.user = daemon, .message = on_message, .wants = is_heard};
}

struct server_listener wiring_server_listener(struct daemon *daemon)
{
    return (struct server_listener){.user = daemon,
                                    .opened = on_client,
                                    .closed = on_closed,
                                    .text = on_text,
                                    .binary = on_binary};
}

struct manager_host wiring_manager_host(struct daemon *daemon)
{
    return (struct manager_host){
        .user = daemon, .boot_us = host_boot_us, .utc_us = host_utc_us, .wake_at = host_wake_at};
}
