#include "app/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <uv.h>

#include "app/directory.h"
#include "app/observed.h"
#include "app/recorded.h"
#include "app/reload.h"
#include "app/supervisor.h"
#include "app/token_file.h"
#include "app/wants_file.h"
#include "base/log.h"
#include "base/now.h"
#include "ble/bluez.h"
#include "ble/replay.h"
#include "ble/sim.h"
#include "manager/manager.h"
#include "protocol/protocol.h"
#include "record/recorder.h"
#include "server/server.h"

#define SHUTDOWN_LIMIT_MS 2500
#define SECOND_MS         1000
/* The recording's last seconds are synced before the clients are let go; a disk that takes longer
 * is not waited for. */
#define FAREWELL_MS 1500
/* Boot time may run ahead of monotonic by this much between two looks before it counts as a
 * suspend. */
#define SUSPEND_US 1000000

struct daemon {
    uv_loop_t loop;
    uv_signal_t sigterm, sigint;
    uv_timer_t wake;     /* the manager's */
    uv_timer_t second;   /* lagging clients, battery, suspend */
    uv_timer_t shutdown; /* bounds it */
    uv_timer_t farewell; /* bounds how long the clients wait for the recording's end */
    struct supervisor supervisor;
    struct reload reload;
    struct server_config server_config;
    struct observed observed;
    struct http_route routes[4];
    char token[SERVER_TOKEN_MAX + 1]; /* "": none is wanted */
    struct server *server;
    struct protocol *protocol;
    struct manager *manager;
    struct recorder *recorder; /* NULL: nothing can be recorded */
    struct wants_file *wants;  /* NULL: nothing outlives a crash */
    struct manager_wants left; /* by a run that died; without a band: none did */
    int64_t suspended_us;      /* boot time − monotonic time at the last look */
    int unfinished;            /* of server, manager and recorder, while shutting down */
    bool stopping;
};

/* ---- protocol → server */

static void out_reply(void *user, uint64_t client, const char *text, size_t len)
{
    struct daemon *daemon = user;
    struct client *peer = server_find(daemon->server, client);

    if (peer)
        server_send(peer, FRAME_REPLY, SENSOR_COUNT, text, len);
}

static void out_data_to(void *user, uint64_t client, enum sensor sensor, const char *text,
                        size_t len)
{
    struct daemon *daemon = user;
    struct client *peer = server_find(daemon->server, client);

    if (peer)
        server_send(peer, FRAME_RAW, sensor, text, len);
}

/* While the server is not there yet, or not any more, there is no one to tell. */
static void out_event(void *user, const char *text, size_t len)
{
    struct daemon *daemon = user;

    if (daemon->server)
        server_broadcast(daemon->server, FRAME_EVENT, SENSOR_COUNT, text, len, 0);
}

static void out_data(void *user, bool processed, enum sensor sensor, const char *text, size_t len,
                     int64_t arrival_us)
{
    struct daemon *daemon = user;

    if (daemon->server)
        server_broadcast(daemon->server, processed ? FRAME_PROCESSED : FRAME_RAW, sensor, text, len,
                         arrival_us);
}

static size_t out_client_count(void *user)
{
    struct daemon *daemon = user;

    return daemon->server ? server_client_count(daemon->server) : 0;
}

static void out_wants(void *user, const struct manager_wants *wants)
{
    struct daemon *daemon = user;

    if (daemon->wants)
        wants_file_save(daemon->wants, wants);
}

static struct subscription *out_subscription(void *user, uint64_t client)
{
    struct daemon *daemon = user;
    struct client *peer = server_find(daemon->server, client);

    return peer ? client_subscription(peer) : NULL;
}

static bool out_may_send(void *user, uint64_t client)
{
    struct daemon *daemon = user;
    struct client *peer = server_find(daemon->server, client);

    return !peer || client_spend_message(peer);
}

/* ---- server → protocol */

static void on_opened(void *user, struct client *client)
{
    struct daemon *daemon = user;

    protocol_client_opened(daemon->protocol, client_id(client));
}

static void on_closed(void *user, struct client *client)
{
    (void)user;
    (void)client;
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

/* ---- once a second */

static void tell_lagging(struct daemon *daemon)
{
    uint64_t dropped[SENSOR_COUNT];

    for (size_t i = 0; i < server_client_count(daemon->server); i++) {
        struct client *client = server_client(daemon->server, i);
        if (client_take_dropped(client, dropped))
            protocol_lagging(daemon->protocol, client_id(client), dropped);
    }
}

/* In suspend boot time runs on and monotonic time stands still. */
static void look_for_suspend(struct daemon *daemon)
{
    int64_t suspended_us = now_boot_us() - now_monotonic_us();

    if (suspended_us - daemon->suspended_us > SUSPEND_US) {
        log_info("the host was suspended for %.1f s; the link is checked",
                 (double)(suspended_us - daemon->suspended_us) / 1e6);
        server_forgive_silence(daemon->server);
        manager_resumed(daemon->manager);
    }
    daemon->suspended_us = suspended_us;
}

static void on_second(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->stopping)
        return;
    look_for_suspend(daemon);
    tell_lagging(daemon);
    protocol_second(daemon->protocol);
    supervisor_tell(&daemon->supervisor, manager_status(daemon->manager),
                    server_client_count(daemon->server));
}

/* ---- stopping */

static void close_handles(struct daemon *daemon)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&daemon->sigterm,
                              (uv_handle_t *)&daemon->sigint,
                              (uv_handle_t *)&daemon->wake,
                              (uv_handle_t *)&daemon->second,
                              (uv_handle_t *)&daemon->shutdown,
                              (uv_handle_t *)&daemon->farewell,
                              (uv_handle_t *)&daemon->supervisor.watchdog,
                              (uv_handle_t *)&daemon->reload.hangup};

    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], NULL);
    }
}

static void finish_one(struct daemon *daemon)
{
    if (--daemon->unfinished == 0)
        close_handles(daemon);
}

static void on_server_done(void *user)
{
    struct daemon *daemon = user;

    daemon->server = NULL;
    finish_one(daemon);
}

/* The band's farewell goes to the clients before they are closed. */
static void on_manager_done(void *user)
{
    struct daemon *daemon = user;

    protocol_set_manager(daemon->protocol, NULL);
    daemon->manager = NULL;
    finish_one(daemon);
}

/* Exits at once: an orderly exit would wait for libuv's pool, and that for the disk. What is on it
 * is repaired at the next start. */
static void on_shutdown_limit(uv_timer_t *timer)
{
    (void)timer;
    log_warning("stopping took longer than %d ms; exiting without waiting for band and disk",
                SHUTDOWN_LIMIT_MS);
    _exit(EXIT_SUCCESS);
}

static void dismiss_clients(struct daemon *daemon)
{
    if (uv_is_closing((uv_handle_t *)&daemon->farewell))
        return;
    uv_close((uv_handle_t *)&daemon->farewell, NULL);
    server_shutdown(daemon->server, on_server_done, daemon);
}

static void on_farewell(uv_timer_t *timer)
{
    dismiss_clients(timer->data);
}

/* recording_stopped has gone out. */
static void on_recorder_done(void *user)
{
    struct daemon *daemon = user;

    protocol_set_recorder(daemon->protocol, NULL, NULL);
    daemon->recorder = NULL;
    dismiss_clients(daemon);
    finish_one(daemon);
}

static void stop(struct daemon *daemon)
{
    daemon->stopping = true;
    daemon->unfinished = daemon->recorder ? 3 : 2;
    supervisor_stopping();
    uv_timer_start(&daemon->shutdown, on_shutdown_limit, SHUTDOWN_LIMIT_MS, 0);
    uv_timer_start(&daemon->farewell, on_farewell, FAREWELL_MS, 0);
    if (daemon->recorder)
        recorder_shutdown(daemon->recorder, on_recorder_done, daemon);
    manager_shutdown(daemon->manager, on_manager_done, daemon);
    if (!daemon->recorder)
        dismiss_clients(daemon);
}

/* The second one is from someone who doesn't want to wait. */
static void on_signal(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;

    if (daemon->stopping) {
        log_warning("signal %d while stopping: exiting at once", number);
        _exit(EXIT_SUCCESS);
    }
    log_info("stopping: signal %d", number);
    stop(daemon);
}

/* ---- making it */

static struct backend *open_backend(struct daemon *daemon, const struct options *options,
                                    struct failure *failure)
{
    if (strcmp(options->backend, "bluez") == 0) {
        const struct bluez_options bluez = {
            .adapter = options->adapter,
            .acquire = options->notify && strcmp(options->notify, "acquire") == 0,
            .known_address = daemon->left.band.address,
        };
        failure_set(failure, ERROR_INTERNAL, "Out of memory.");
        return bluez_create(&daemon->loop, &bluez);
    }
    if (strcmp(options->backend, "replay") == 0) {
        char path[DIRECTORY_PATH_MAX];
        recorded_capture(options, options->capture, path);
        const struct replay_options replay = {.path = path, .loop = options->loop};
        return replay_create(&daemon->loop, &replay, failure);
    }
    struct sim_options sim;
    sim_options_init(&sim);
    if (!sim_options_parse(options->sim ? options->sim : "", &sim, failure))
        return NULL;
    return sim_create(&daemon->loop, &sim, failure);
}

/* Tests that can't wait half a minute for a heartbeat divide the server's times by this. */
static double hurry(void)
{
    const char *text = getenv("LINKBANDD_TEST_HURRY");
    double value = text ? strtod(text, NULL) : 1;

    return value >= 1 ? value : 1;
}

static bool set_token(struct daemon *daemon, const char *path, struct failure *failure)
{
    if (!path)
        return true;
    daemon->server_config.token = daemon->token;
    return token_file_read(path, daemon->token, failure);
}

static void set_access(struct server_config *config, const struct options *options)
{
    config->allow_host = options->allow_host.items;
    config->allow_host_count = options->allow_host.count;
    config->allow_origin = options->allow_origin.items;
    config->allow_origin_count = options->allow_origin.count;
    config->deny_origin = options->deny_origin.items;
    config->deny_origin_count = options->deny_origin.count;
}

/* Two who say where to listen would be one too many. */
static bool set_addresses(struct daemon *daemon, const struct options *options,
                          struct failure *failure)
{
    struct server_config *config = &daemon->server_config;
    const struct supervisor *supervisor = &daemon->supervisor;

    config->listen = options->listen.items;
    config->listen_count = options->listen.count;
    config->fds = supervisor->sockets;
    config->fd_count = supervisor->socket_count;
    if (config->fd_count == 0 || config->listen_count == 0)
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "%s says where to listen, so `listen` may not: take it out of the options, or put "
                "the address into the socket unit (systemctl edit %s).",
                supervisor->socket_unit, supervisor->socket_unit);
    return false;
}

static void set_routes(struct daemon *daemon)
{
    daemon->observed = (struct observed){&daemon->server, &daemon->manager, &daemon->recorder};
    daemon->routes[0] = (struct http_route){"/metrics", metrics_answer, &daemon->observed};
    daemon->routes[1] = (struct http_route){"/health", health_answer, &daemon->observed};
    daemon->routes[2] = (struct http_route){"/recordings", downloads_list, &daemon->observed};
    daemon->routes[3] = (struct http_route){"/recordings/", downloads_file, &daemon->observed};
    daemon->server_config.routes = daemon->routes;
    daemon->server_config.route_count = sizeof(daemon->routes) / sizeof(daemon->routes[0]);
}

static bool open_server(struct daemon *daemon, const struct options *options,
                        struct failure *failure)
{
    struct server_config *config = &daemon->server_config;
    const struct server_listener listener = {.user = daemon,
                                             .opened = on_opened,
                                             .closed = on_closed,
                                             .text = on_text,
                                             .binary = on_binary};

    if (!set_addresses(daemon, options, failure) ||
        !set_token(daemon, options->token_file, failure))
        return false;
    set_access(config, options);
    set_routes(daemon);
    config->hurry = hurry();
    daemon->server = server_create(&daemon->loop, config, &listener, failure);
    return daemon->server != NULL;
}

static bool open_protocol(struct daemon *daemon)
{
    static const struct protocol_limits limits = {
        .clients = SERVER_CLIENTS_MAX,
        .waiting = SERVER_WAITING_MAX,
        .connections = SERVER_CONNECTIONS_MAX,
        .message_bytes = SERVER_MESSAGE_MAX,
        .frame_bytes = SERVER_FRAME_MAX,
        .data_queue_bytes = SERVER_DATA_QUEUE_MAX,
        .reply_queue_bytes = SERVER_REPLY_QUEUE_MAX,
        .messages_a_second = SERVER_MESSAGES_A_SECOND,
        .messages_at_once = SERVER_MESSAGES_AT_ONCE,
        .heartbeat_seconds = SERVER_PING_MS / 1000,
        .silent_seconds = SERVER_SILENT_MS / 1000,
        .handshake_seconds = SERVER_HANDSHAKE_MS / 1000,
        .stuck_seconds = SERVER_STUCK_MS / 1000,
    };
    const struct protocol_out out = {.user = daemon,
                                     .reply = out_reply,
                                     .data_to = out_data_to,
                                     .event = out_event,
                                     .data = out_data,
                                     .client_count = out_client_count,
                                     .wants_changed = out_wants,
                                     .subscription = out_subscription,
                                     .may_send = out_may_send};
    unsigned char random[16];
    char instance[2 * sizeof(random) + 1];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(instance + 2 * i, 3, "%02x", random[i]);
    daemon->protocol = protocol_create(&out, &limits, instance);
    return daemon->protocol != NULL;
}

/* Without a place to record everything else goes on. */
static void open_recorder(struct daemon *daemon, const struct options *options)
{
    const struct recorder_listener listener = protocol_recorder_listener(daemon->protocol);
    char path[DIRECTORY_PATH_MAX];
    struct failure failure;

    if (directory_for_data(options->data_dir, path, &failure))
        daemon->recorder = recorder_create(&daemon->loop, path, &listener, &failure);
    if (!daemon->recorder)
        log_warning("nothing can be recorded: %s", failure.message);
    protocol_set_recorder(daemon->protocol, daemon->recorder, &failure);
}

static void read_wants(struct daemon *daemon, const struct options *options)
{
    char path[DIRECTORY_PATH_MAX];
    struct failure failure;
    struct manager_wants left;

    if (directory_for_state(options->state_dir, path, &failure))
        daemon->wants = wants_file_create(&daemon->loop, path, options->backend);
    else
        log_warning("nothing will be resumed after a crash: %s", failure.message);
    if (daemon->wants && wants_file_load(daemon->wants, &left))
        daemon->left = left;
}

/* What a run that died was wanted to do goes before --auto-connect. */
static void resume(struct daemon *daemon, const struct options *options)
{
    manager_restore(daemon->manager, &daemon->left);
    if (options->auto_connect)
        manager_auto_connect(daemon->manager, options->auto_connect);
}

static bool open_manager(struct daemon *daemon, struct backend *backend,
                         const struct options *options)
{
    const struct manager_config config = {.mains_hz = options_mains_hz(options)};
    const struct manager_host host = {
        .user = daemon, .boot_us = host_boot_us, .utc_us = host_utc_us, .wake_at = host_wake_at};
    const struct manager_listener listener = protocol_manager_listener(daemon->protocol);

    daemon->manager = manager_create(&config, backend, &host, &listener);
    if (!daemon->manager)
        return false;
    protocol_set_manager(daemon->protocol, daemon->manager);
    return true;
}

static void open_handles(struct daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->wake);
    uv_timer_init(&daemon->loop, &daemon->second);
    uv_timer_init(&daemon->loop, &daemon->shutdown);
    uv_timer_init(&daemon->loop, &daemon->farewell);
    uv_signal_init(&daemon->loop, &daemon->sigterm);
    uv_signal_init(&daemon->loop, &daemon->sigint);
    daemon->wake.data = daemon->second.data = daemon->shutdown.data = daemon;
    daemon->farewell.data = daemon;
    daemon->sigterm.data = daemon->sigint.data = daemon;
}

static void nothing(void *user)
{
    (void)user;
}

/* False after a failed step; what was made before it is unmade. */
static bool open_all(struct daemon *daemon, const struct options *options, struct failure *failure)
{
    struct backend *backend;

    read_wants(daemon, options); /* the backend goes by whose band a crash has left connected */
    backend = open_backend(daemon, options, failure);
    if (!backend)
        return false;
    failure_set(failure, ERROR_INTERNAL, "Out of memory.");
    if (!open_protocol(daemon) || !open_manager(daemon, backend, options)) {
        backend->ops->destroy(backend, nothing, NULL);
        return false;
    }
    if (open_server(daemon, options, failure)) {
        open_recorder(daemon, options);
        resume(daemon, options);
        return true;
    }
    manager_shutdown(daemon->manager, nothing, NULL);
    return false;
}

/* A reload: what a running daemon can change. */
static void apply(void *user, const struct options *options)
{
    struct daemon *daemon = user;

    log_set_level(options->log_level);
    set_access(&daemon->server_config, options);
    if (daemon->server)
        server_set_access(daemon->server, &daemon->server_config);
}

/* Before anything is opened: who finds the daemon listening may end it, and that is a clean end. */
static void hear_signals(struct daemon *daemon)
{
    uv_signal_start(&daemon->sigterm, on_signal, SIGTERM);
    uv_signal_start(&daemon->sigint, on_signal, SIGINT);
    reload_start(&daemon->reload, apply, daemon);
}

static void run(struct daemon *daemon)
{
    daemon->suspended_us = now_boot_us() - now_monotonic_us();
    uv_timer_start(&daemon->second, on_second, SECOND_MS, SECOND_MS);
    log_info("linkbandd " LINKBANDD_VERSION
             " listens on %s; open http://localhost:8121/ in a browser",
             server_addresses(daemon->server));
    supervisor_ready(&daemon->supervisor);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

/* Starting again mends nothing that a wrong option broke. */
static int exit_status(bool opened, const struct failure *failure)
{
    if (opened)
        return EXIT_SUCCESS;
    return failure->code == ERROR_INVALID_PARAMETERS ? OPTIONS_EXIT_STATUS : EXIT_FAILURE;
}

int serve_run(const struct options *options, int argc, char **argv)
{
    static struct daemon daemon;
    struct failure failure;

    log_set_level(options->log_level);
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&daemon.loop);
    open_handles(&daemon);
    reload_init(&daemon.reload, &daemon.loop, options, argc, argv);
    hear_signals(&daemon);
    const bool opened = supervisor_init(&daemon.supervisor, &daemon.loop, &failure) &&
                        open_all(&daemon, options, &failure);
    if (opened)
        run(&daemon);
    else
        log_error("%s", failure.message);
    close_handles(&daemon);
    uv_run(&daemon.loop, opened ? UV_RUN_DEFAULT : UV_RUN_NOWAIT);
    if (daemon.protocol)
        protocol_destroy(daemon.protocol);
    wants_file_destroy(daemon.wants);
    uv_loop_close(&daemon.loop);
    reload_finish(&daemon.reload);
    return exit_status(opened, &failure);
}
