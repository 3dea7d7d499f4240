/* The server's life: its parts made, watched and unmade. */
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "base/length.h"
#include "base/log.h"
#include "broadcast.h"
#include "heartbeat.h"
#include "listener.h"

/* Clients have this long to take their 1012 before they are cut off. */
#define GOODBYE_MS  500
#define DRAIN_TURNS 5

struct server {
    struct server_ground ground;
    const struct server_config *config;
    struct clients clients;
    struct connections connections; /* of plain HTTP, and before the upgrade */
    struct admission admission;
    struct listeners listeners;
    struct lws_context *context;
    uint64_t forgiven_at;
    /* Shutdown. */
    uv_timer_t ending;
    uint64_t closing_since;
    unsigned drained;
    void (*done)(void *user);
    void *done_user;
};

static const char *const default_listen[] = {"127.0.0.1:8121", "[::1]:8121"};

static const struct lws_protocols protocols[] = {
    {
        .name = "linkband",
        .callback = client_callback,
        .rx_buffer_size = 4096,
        /* Above the biggest frame, so that lws never splits one. */
        .tx_packet_size = SERVER_FRAME_MAX + 64,
    },
    {0},
};

static void on_look(void *user)
{
    struct server *server = user;
    const uint64_t now = ground_now(&server->ground);

    listeners_resume(&server->listeners);
    connections_watch(&server->connections, now);
    const bool at_rest = heartbeat_watch_all(&server->clients, now, server->forgiven_at) &&
                         !server->connections.first;
    if (server->ground.peers > 0)
        ground_watch_within(&server->ground, at_rest ? GROUND_WATCH_REST_MS : GROUND_WATCH_MS);
}

static void on_turn_over(void *user)
{
    struct server *server = user;

    clients_send_due(&server->clients);
}

static bool open_listeners(struct server *server, struct failure *failure)
{
    const struct server_config *config = server->config;
    const char *const *listen = config->listen;
    size_t count = config->listen_count;

    if (count == 0 && config->fd_count == 0) {
        listen = default_listen;
        count = LENGTH(default_listen);
    }
    for (size_t i = 0; i < config->fd_count; i++) {
        if (!listener_take(&server->listeners, config->fds[i], failure))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!listener_open(&server->listeners, listen[i], failure))
            return false;
    }
    if (!config->token && !listeners_are_loopback_only(&server->listeners)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.120s can be reached from beyond this machine: give --token-file FILE, or "
                    "listen on 127.0.0.1 and [::1] only.",
                    server->listeners.addresses);
        return false;
    }
    if (server->listeners.count == 0) {
        failure_set(failure, ERROR_INTERNAL,
                    "nothing to listen on: give an address of this machine with --listen");
        return false;
    }
    return true;
}

static bool open_context(struct server *server, struct failure *failure)
{
    /* Silence is the heartbeat's to judge: lws ends who sends but answers no ping of its own. */
    static const lws_retry_bo_t no_idle_policy = {0};
    void *loops[] = {server->ground.loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .retry_and_idle_policy = &no_idle_policy,
        .user = &server->clients,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .max_http_header_pool = SERVER_CONNECTIONS_MAX,
        .vhost_name = "linkband",
    };

    /* It logs peers' mistakes as errors, some of them with every handshake. */
    lws_set_log_level(0, NULL);
    server->context = lws_create_context(&info);
    server->clients.vhost = server->context ? lws_create_vhost(server->context, &info) : NULL;
    if (!server->clients.vhost)
        failure_set(failure, ERROR_INTERNAL,
                    "libwebsockets can't start on the event loop: install its libuv plugin "
                    "(libwebsockets-evlib-uv)");
    return server->clients.vhost != NULL;
}

static void on_bare(void *user)
{
    struct server *server = user;
    void (*done)(void *user) = server->done;
    void *done_user = server->done_user;

    free(server);
    if (done)
        done(done_user);
}

static void on_ending_closed(uv_handle_t *handle)
{
    struct server *server = handle->data;

    ground_handle_gone(&server->ground);
}

/*
 * On a foreign loop a context dies in two calls: the first closes its peers, whose close callbacks
 * close lws's own handles, which lie inside the context; only turns of the loop later may the
 * second free it.
 */
static void on_context_drained(uv_timer_t *timer)
{
    struct server *server = timer->data;
    struct lws_context *context = server->context;

    if (++server->drained < DRAIN_TURNS)
        return;
    server->context = NULL;
    if (context)
        lws_context_destroy(context);
    clients_free_all(&server->clients);
    ground_finish(&server->ground);
    uv_close((uv_handle_t *)timer, on_ending_closed);
}

static void close_everything(struct server *server)
{
    connections_close_all(&server->connections);
    clients_cut_all(&server->clients);
    if (server->context)
        lws_context_destroy(server->context);
    uv_timer_start(&server->ending, on_context_drained, 1, 1);
}

/* Browsers end such a connection themselves, and the page hears 1006: nothing of it comes here. */
static void warn_of_origins(const struct server *server)
{
    if (!listeners_are_loopback_only(&server->listeners))
        return;
    const struct access_rules *rules = &server->admission.rules;
    for (size_t i = 0; i < rules->allow_origin_count; i++) {
        const char *origin = rules->allow_origin[i];
        if (access_is_remote_http(origin))
            log_warning(
                "server: --allow-origin %.120s: browsers let a page of another host reach this one "
                "only over https and with the visitor's permission",
                origin);
    }
}

static void init_parts(struct server *server, uv_loop_t *loop,
                       const struct server_listener *listener)
{
    const struct ground_listener ground = {
        .user = server, .look = on_look, .turn_over = on_turn_over, .bare = on_bare};

    ground_init(&server->ground, loop, server->config->hurry, &ground);
    uv_timer_init(loop, &server->ending);
    server->ending.data = server;
    ground_handle_opened(&server->ground);
    clients_init(&server->clients, &server->ground, server->config->bands, listener);
    server->admission.config = server->config;
    server->admission.clients = &server->clients;
    admission_set_rules(&server->admission, server->config);
    server->connections.ground = &server->ground;
    server->connections.take = admission_take;
    server->connections.user = &server->admission;
    server->listeners.ground = &server->ground;
    server->listeners.connections = &server->connections;
}

struct server *server_create(uv_loop_t *loop, const struct server_config *config,
                             const struct server_listener *listener, struct failure *failure)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server) {
        failure_set(failure, ERROR_INTERNAL, "out of memory");
        return NULL;
    }
    server->config = config;
    init_parts(server, loop, listener);
    if (open_listeners(server, failure) && open_context(server, failure)) {
        warn_of_origins(server);
        return server;
    }
    ground_begin_closing(&server->ground);
    listeners_close_all(&server->listeners);
    close_everything(server);
    return NULL;
}

void server_set_access(struct server *server, const struct server_config *config)
{
    admission_set_rules(&server->admission, config);
    warn_of_origins(server);
}

const char *server_addresses(const struct server *server)
{
    return server->listeners.addresses;
}

static void on_goodbye(uv_timer_t *timer)
{
    struct server *server = timer->data;
    uint64_t waited = ground_now(&server->ground) - server->closing_since;

    if (server->ground.peers && waited < GOODBYE_MS)
        return;
    uv_timer_stop(timer);
    close_everything(server);
}

void server_shutdown(struct server *server, void (*done)(void *user), void *user)
{
    server->done = done;
    server->done_user = user;
    ground_begin_closing(&server->ground);
    uv_update_time(server->ground.loop);
    server->closing_since = ground_now(&server->ground);
    listeners_close_all(&server->listeners);
    connections_close_all(&server->connections);
    for (struct client *client = clients_first(&server->clients); client;
         client = client_next(client))
        client_dismiss(client);
    uv_timer_start(&server->ending, on_goodbye, 10, 10);
}

/* ---- what the floor above asks */

void server_forgive_silence(struct server *server)
{
    uv_update_time(server->ground.loop);
    server->forgiven_at = ground_now(&server->ground);
}

void server_broadcast(struct server *server, const struct frame_head *head, const char *text,
                      size_t len, int64_t arrival_us)
{
    broadcast(&server->clients, head, text, len, arrival_us);
}

bool server_is_heard(const struct server *server, const struct frame_head *head)
{
    return broadcast_is_heard(&server->clients, head);
}

struct http_response *server_response(struct server *server, uint64_t number)
{
    return connections_response(&server->connections, number);
}

size_t server_client_count(const struct server *server)
{
    return server->clients.places.placed;
}

struct client *server_client(struct server *server, size_t n)
{
    struct client *client = clients_first(&server->clients);

    for (;; client = client_next(client)) {
        if (client_is_placed(client) && n-- == 0)
            return client;
    }
}

struct client *server_find(struct server *server, uint64_t id)
{
    for (struct client *client = clients_first(&server->clients); client;
         client = client_next(client)) {
        if (client->id == id && client_is_placed(client))
            return client;
    }
    return NULL;
}

const struct server_stats *server_stats(struct server *server)
{
    struct server_stats *stats = &server->ground.stats;

    stats->clients = server->clients.places.placed;
    stats->waiting = server->clients.places.waiting;
    stats->connections = server->ground.peers;
    return stats;
}

unsigned client_place(const struct client *client)
{
    return client->seat.place;
}

uint64_t client_id(const struct client *client)
{
    return client->id;
}

bool client_is_restricted(const struct client *client)
{
    return client->seat.kind == CLIENT_RESTRICTED;
}

struct subscription *client_subscription(struct client *client)
{
    return &client->subscription;
}

size_t client_queue_bytes(const struct client *client)
{
    return queue_bytes(&client->queue);
}
