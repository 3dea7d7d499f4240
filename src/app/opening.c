/* The beginning: each part made as the options say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/captures.h"
#include "app/directory.h"
#include "app/mounted.h"
#include "app/recorded.h"
#include "app/token_file.h"
#include "base/length.h"
#include "base/log.h"
#include "ble/bluez.h"
#include "ble/sim.h"
#include "daemon.h"

static struct backend *open_bluez(struct daemon *daemon, const struct options *options)
{
    _Static_assert(OPTIONS_LIST_MAX <= BLUEZ_ADAPTERS_MAX, "each --adapter is used");
    _Static_assert(MANAGER_DEVICES_MAX <= BLUEZ_KNOWN_MAX, "each band that was left is known");
    const char *known[MANAGER_DEVICES_MAX];

    for (size_t i = 0; i < daemon->left_count; i++)
        known[i] = daemon->left[i].band.address;
    const struct bluez_options bluez = {
        .adapters = options->adapters.items,
        .adapter_count = options->adapters.count,
        .most = options_max_bands_per_adapter(options),
        .acquire = options->notify && strcmp(options->notify, "acquire") == 0,
        .known = known,
        .known_count = daemon->left_count,
    };
    return bluez_create(&daemon->loop, &bluez);
}

static struct backend *open_backend(struct daemon *daemon, const struct options *options,
                                    struct failure *failure)
{
    if (strcmp(options->backend, "bluez") == 0) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory.");
        return open_bluez(daemon, options);
    }
    if (strcmp(options->backend, "replay") == 0)
        return captures_open(options, &daemon->loop, failure);
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

void opening_access(struct server_config *config, const struct options *options)
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

static const struct http_route routes[] = {
    {"/metrics", metrics_answer},
    {"/health", health_answer},
    {"/recordings", downloads_list},
    {"/recordings/", downloads_file},
};

static void set_routes(struct daemon *daemon)
{
    daemon->observed = (struct observed){.protocol = &daemon->protocol,
                                         .server = &daemon->server,
                                         .manager = &daemon->manager,
                                         .recorder = &daemon->recorder,
                                         .spool = &daemon->spool};
    daemon->server_config.routes = routes;
    daemon->server_config.route_count = LENGTH(routes);
    daemon->server_config.route_user = &daemon->observed;
}

static bool open_server(struct daemon *daemon, const struct options *options,
                        struct failure *failure)
{
    struct server_config *config = &daemon->server_config;
    const struct server_listener listener = wiring_server_listener(daemon);

    if (!set_addresses(daemon, options, failure) ||
        !set_token(daemon, options->token_file, failure))
        return false;
    opening_access(config, options);
    set_routes(daemon);
    config->hurry = hurry();
    config->bands = options_max_bands(options);
    daemon->server = server_create(&daemon->loop, config, &listener, failure);
    return daemon->server != NULL;
}

static bool open_protocol(struct daemon *daemon, const struct options *options)
{
    const struct protocol_limits limits = {
        .clients = SERVER_CLIENTS_MAX,
        .waiting = SERVER_WAITING_MAX,
        .null_origin = SERVER_RESTRICTED_MAX,
        .own_page = SERVER_OWN_PAGES_MAX,
        .pages = SERVER_PAGES_MAX,
        .connections = SERVER_CONNECTIONS_MAX,
        .message_bytes = SERVER_MESSAGE_MAX,
        .frame_bytes = SERVER_FRAME_MAX,
        .data_queue_bytes = SERVER_DATA_QUEUE_MAX * (int)options_max_bands(options),
        .reply_queue_bytes = SERVER_REPLY_QUEUE_MAX,
        .messages_a_second = SERVER_MESSAGES_A_SECOND,
        .messages_at_once = SERVER_MESSAGES_AT_ONCE,
        .heartbeat_seconds = SERVER_PING_MS / 1000,
        .silent_seconds = SERVER_SILENT_MS / 1000,
        .handshake_seconds = SERVER_HANDSHAKE_MS / 1000,
        .stuck_seconds = SERVER_UNREAD_MS / 1000,
    };
    const struct protocol_out out = wiring_protocol_out(daemon);
    const struct sink sink = wiring_server_sink(daemon);
    unsigned char random[16];
    char instance[2 * sizeof(random) + 1];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(instance + 2 * i, 3, "%02x", random[i]);
    const struct protocol_identity identity = {.instance = instance, .backend = options->backend};
    daemon->protocol = protocol_create(&out, &limits, &identity);
    return daemon->protocol && protocol_add_sink(daemon->protocol, &sink);
}

/* As recordings tell it. */
static const char *kind_of_backend(const struct options *options)
{
    if (strcmp(options->backend, "bluez") == 0)
        return "real";
    return strcmp(options->backend, "replay") == 0 ? "replayed" : "simulated";
}

/* Without a place to record everything else goes on. */
static void open_recorder(struct daemon *daemon, const struct options *options)
{
    const struct recorder_listener listener = protocol_recorder_listener(daemon->protocol);
    char path[DIRECTORY_PATH_MAX];
    struct failure failure;

    if (directory_for_data(options->data_dir, true, path, &failure))
        daemon->recorder =
            recorder_create(&daemon->loop,
                            &(struct recorder_config){.data_dir = path,
                                                      .backend = kind_of_backend(options),
                                                      .keep_minutes = options_keep_minutes(options),
                                                      .make_messages = messages_make_whole},
                            &listener, &failure);
    if (!daemon->recorder)
        log_warning("linkbandd: nothing can be recorded: %s", failure.message);
    else if (options->data_dir && mounted_seems_missing(path))
        log_warning(
            "linkbandd: recordings go to %s on the disk of /, for nothing is mounted there: is "
            "something missing?",
            path);
    protocol_set_recorder(daemon->protocol, daemon->recorder, &failure);
}

/* Without a place to keep what is wanted everything else goes on; `failure` says why. */
static void read_wants(struct daemon *daemon, const struct options *options,
                       struct failure *failure)
{
    char path[DIRECTORY_PATH_MAX];

    if (directory_for_state(options->state_dir, true, path, failure))
        daemon->wants = wants_file_create(&daemon->loop, path, options->backend, failure);
    if (daemon->wants)
        daemon->left_count = wants_file_load(daemon->wants, daemon->left);
}

/* What a run that died was wanted to do goes before --auto-connect. */
static void resume(struct daemon *daemon, const struct options *options)
{
    for (size_t i = 0; i < daemon->left_count; i++)
        manager_restore(daemon->manager, &daemon->left[i]);
    for (size_t i = 0; i < options->auto_connect.count; i++)
        manager_auto_connect(daemon->manager, options->auto_connect.items[i]);
}

/* A capture's EEG comes when it came: that its first second is silent says nothing of its band. */
static bool may_hurry(const struct options *options)
{
    return strcmp(options->backend, "replay") != 0;
}

static bool open_manager(struct daemon *daemon, struct backend *backend,
                         const struct options *options)
{
    const struct manager_config config = {.mains_hz = options_mains_hz(options),
                                          .max_bands = options_max_bands(options),
                                          .always = options->spool ? SENSOR_SET_STREAMED : 0,
                                          .fast_start = may_hurry(options)};
    const struct manager_host host = wiring_manager_host(daemon);
    const struct manager_listener listener = protocol_manager_listener(daemon->protocol);

    daemon->manager = manager_create(&config, backend, &host, &listener);
    if (!daemon->manager)
        return false;
    protocol_set_manager(daemon->protocol, daemon->manager);
    return true;
}

void opening_handles(struct daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->wake);
    uv_timer_init(&daemon->loop, &daemon->second);
    uv_timer_init(&daemon->loop, &daemon->shutdown);
    uv_timer_init(&daemon->loop, &daemon->farewell);
    uv_signal_init(&daemon->loop, &daemon->sigterm);
    uv_signal_init(&daemon->loop, &daemon->sigint);
    uv_signal_init(&daemon->loop, &daemon->sighup);
    daemon->wake.data = daemon->second.data = daemon->shutdown.data = daemon;
    daemon->farewell.data = daemon;
    daemon->sigterm.data = daemon->sigint.data = daemon->sighup.data = daemon;
}

static void nothing(void *user)
{
    (void)user;
}

bool opening_all(struct daemon *daemon, const struct options *options, struct failure *failure)
{
    struct backend *backend;
    struct failure no_wants;

    /* The backend goes by whose band a crash has left connected. */
    read_wants(daemon, options, &no_wants);
    backend = open_backend(daemon, options, failure);
    if (!backend)
        return false;
    failure_set(failure, ERROR_INTERNAL, "Out of memory.");
    if (!open_protocol(daemon, options) || !open_manager(daemon, backend, options)) {
        backend->ops->destroy(backend, nothing, NULL);
        return false;
    }
    if (open_server(daemon, options, failure)) {
        if (!daemon->wants) /* told only now: who can't start is told of that alone */
            log_warning("linkbandd: nothing will be resumed after a crash: %s", no_wants.message);
        open_recorder(daemon, options);
        spooling_open(daemon, options);
        resume(daemon, options);
        return true;
    }
    manager_shutdown(daemon->manager, nothing, NULL);
    return false;
}
