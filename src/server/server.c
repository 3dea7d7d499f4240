/* The server's life: its parts made, watched and unmade. */
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "room.h"

/* The watch looks at every peer's times this often; where all are clients at rest, more rarely, and
 * on the loop's whole seconds: with the other timers that are. */
#define WATCH_MS      200
#define WATCH_REST_MS 1000
/* Clients have this long to take their 1012 before they are cut off. */
#define GOODBYE_MS  500
#define DRAIN_TURNS 5

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

uint64_t server_ms(const struct server *server, unsigned ms)
{
    uint64_t hurried = (uint64_t)(ms / server->config->hurry);

    return hurried ? hurried : 1;
}

static void on_watch(uv_timer_t *timer);

static void watch_within(struct server *server, unsigned contract_ms)
{
    const uint64_t period = server_ms(server, contract_ms);
    const uint64_t ms = period - uv_now(server->loop) % period;

    if (server->closing ||
        (uv_is_active((uv_handle_t *)&server->watch) && uv_timer_get_due_in(&server->watch) <= ms))
        return;
    uv_timer_start(&server->watch, on_watch, ms, 0);
}

static void on_watch(uv_timer_t *timer)
{
    struct server *server = timer->data;
    uint64_t now = uv_now(server->loop);

    listener_resume(server);
    connection_watch_all(server, now);
    const bool at_rest = heartbeat_watch_all(server, now) && !server->connections;
    if (server->peer_count > 0)
        watch_within(server, at_rest ? WATCH_REST_MS : WATCH_MS);
}

void server_watch(struct server *server)
{
    watch_within(server, WATCH_MS);
}

void server_peer_opened(struct server *server)
{
    server->peer_count++;
    server_watch(server);
}

void server_peer_closed(struct server *server)
{
    server->peer_count--;
}

static bool open_listeners(struct server *server, struct failure *failure)
{
    const struct server_config *config = server->config;
    const char *const *listen = config->listen;
    size_t count = config->listen_count;

    if (count == 0 && config->fd_count == 0) {
        listen = default_listen;
        count = sizeof(default_listen) / sizeof(default_listen[0]);
    }
    for (size_t i = 0; i < config->fd_count; i++) {
        if (!listener_take(server, config->fds[i], failure))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!listener_open(server, listen[i], failure))
            return false;
    }
    if (!config->token && !listener_is_loopback_only(server)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.120s can be reached from beyond this machine: give --token-file FILE, or "
                    "listen on 127.0.0.1 and [::1] only.",
                    server->addresses);
        return false;
    }
    if (server->listening_count == 0) {
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
    void *loops[] = {server->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .retry_and_idle_policy = &no_idle_policy,
        .user = server,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .max_http_header_pool = SERVER_CONNECTIONS_MAX,
        .vhost_name = "linkband",
    };

    /* It logs peers' mistakes as errors, some of them with every handshake. */
    lws_set_log_level(0, NULL);
    server->context = lws_create_context(&info);
    server->vhost = server->context ? lws_create_vhost(server->context, &info) : NULL;
    if (!server->vhost)
        failure_set(failure, ERROR_INTERNAL,
                    "libwebsockets can't start on the event loop: install its libuv plugin "
                    "(libwebsockets-evlib-uv)");
    return server->vhost != NULL;
}

static void finish(struct server *server)
{
    void (*done)(void *user) = server->done;
    void *user = server->done_user;

    free(server);
    if (done)
        done(user);
}

void server_handle_gone(struct server *server)
{
    if (--server->handles == 0 && server->closing && !server->context)
        finish(server);
}

static void on_listening_closed(uv_handle_t *handle)
{
    struct listening *listening = handle->data;

    server_handle_gone(listening->server);
}

static void on_watch_closed(uv_handle_t *handle)
{
    server_handle_gone(handle->data);
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
    client_free_all(server);
    uv_close((uv_handle_t *)timer, on_watch_closed);
}

static void close_everything(struct server *server)
{
    connection_close_all(server);
    client_cut_all(server);
    if (server->context)
        lws_context_destroy(server->context);
    uv_timer_start(&server->watch, on_context_drained, 1, 1);
}

static void set_rules(struct server *server, const struct server_config *config)
{
    server->rules = (struct access_rules){config->allow_host,   config->allow_host_count,
                                          config->allow_origin, config->allow_origin_count,
                                          config->deny_origin,  config->deny_origin_count};
}

/* Browsers end such a connection themselves, and the page hears 1006: nothing of it comes here. */
static void warn_of_origins(const struct server *server)
{
    if (!listener_is_loopback_only(server))
        return;
    for (size_t i = 0; i < server->rules.allow_origin_count; i++) {
        const char *origin = server->rules.allow_origin[i];
        if (access_is_remote_http(origin))
            log_warning("--allow-origin %.120s: browsers let a page of another host reach this one "
                        "only over https and with the visitor's permission",
                        origin);
    }
}

struct server *server_create(uv_loop_t *loop, const struct server_config *config,
                             const struct server_listener *listener, struct failure *failure)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server) {
        failure_set(failure, ERROR_INTERNAL, "out of memory");
        return NULL;
    }
    server->loop = loop;
    server->config = config;
    server->listener = *listener;
    set_rules(server, config);
    uv_timer_init(loop, &server->watch);
    server->watch.data = server;
    server->handles = 1;
    if (open_listeners(server, failure) && open_context(server, failure)) {
        warn_of_origins(server);
        return server;
    }
    server->closing = true;
    listener_close_all(server, on_listening_closed);
    close_everything(server);
    return NULL;
}

void server_set_access(struct server *server, const struct server_config *config)
{
    set_rules(server, config);
    warn_of_origins(server);
}

const char *server_addresses(const struct server *server)
{
    return server->addresses;
}

static void on_goodbye(uv_timer_t *timer)
{
    struct server *server = timer->data;
    uint64_t waited = uv_now(server->loop) - server->closing_since;

    if (server->peer_count && waited < GOODBYE_MS)
        return;
    uv_timer_stop(timer);
    close_everything(server);
}

void server_shutdown(struct server *server, void (*done)(void *user), void *user)
{
    server->done = done;
    server->done_user = user;
    server->closing = true;
    uv_update_time(server->loop);
    server->closing_since = uv_now(server->loop);
    listener_close_all(server, on_listening_closed);
    connection_close_all(server);
    for (struct client *client = server->clients; client; client = client->next)
        client_dismiss(client);
    uv_timer_start(&server->watch, on_goodbye, 10, 10);
}
