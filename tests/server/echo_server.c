/*
 * A program for the tests: the server alone, with commands as plain texts.
 *
 *   tick N BYTES     broadcasts N data frames of that size     event BYTES   broadcasts an event
 *   more N BYTES     the same, each to wait for the next      count         clients, restricted
 *   reply N BYTES    sends N replies to the sender
 *   dropped          frames dropped for the sender             anything else comes back as it is
 *
 * Prints the port on stdout; stops on SIGTERM. Arguments: --hurry X, --listen A, --allow-host H,
 * --allow-origin O, --deny-origin O, --token T, --fd N (listens already), --file PATH (served at
 * /file).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

static struct server *server;
static const char *file_path, *token;
static int fds[1], fd_count;
static int stopped;
static uint64_t number;

static void fill(char *text, size_t len)
{
    int n = snprintf(text, len + 1, "%llu ", (unsigned long long)number++);

    if ((size_t)n < len)
        memset(text + n, 'x', len - n);
}

static void broadcast(unsigned count, size_t len, enum frame_kind kind, bool more)
{
    static char text[SERVER_FRAME_MAX + 64];

    for (unsigned i = 0; i < count && len < sizeof(text); i++) {
        fill(text, len);
        server_broadcast(server,
                         &(struct frame_head){.kind = kind, .sensor = SENSOR_EEG, .more = more},
                         text, len, 0);
    }
}

static void reply(struct client *client, unsigned count, size_t len)
{
    static char text[SERVER_FRAME_MAX + 64];

    for (unsigned i = 0; i < count && len < sizeof(text); i++) {
        fill(text, len);
        server_send(client, FRAME_REPLY, SENSOR_EEG, text, len);
    }
}

static void say(struct client *client, const char *text)
{
    server_send(client, FRAME_REPLY, SENSOR_EEG, text, strlen(text));
}

static void on_opened(void *user, struct client *client)
{
    char text[64];

    (void)user;
    snprintf(text, sizeof(text), "hello %llu", (unsigned long long)client_id(client));
    say(client, text);
}

static void on_closed(void *user, struct client *client)
{
    (void)user;
    (void)client;
}

static void on_binary(void *user, struct client *client)
{
    (void)user;
    say(client, "binary");
}

static void on_text(void *user, struct client *client, const char *text, size_t len)
{
    unsigned count;
    size_t bytes;
    char answer[96];
    uint64_t dropped[SENSOR_COUNT];

    (void)user;
    if (sscanf(text, "tick %u %zu", &count, &bytes) == 2) {
        broadcast(count, bytes, FRAME_RAW, false);
    } else if (sscanf(text, "more %u %zu", &count, &bytes) == 2) {
        broadcast(count, bytes, FRAME_RAW, true);
    } else if (sscanf(text, "event %zu", &bytes) == 1) {
        broadcast(1, bytes, FRAME_EVENT, false);
    } else if (sscanf(text, "reply %u %zu", &count, &bytes) == 2) {
        reply(client, count, bytes);
    } else if (strcmp(text, "count") == 0) {
        snprintf(answer, sizeof(answer), "%zu %d", server_client_count(server),
                 client_is_restricted(client));
        say(client, answer);
    } else if (strcmp(text, "dropped") == 0) {
        client_take_dropped(client, dropped);
        snprintf(answer, sizeof(answer), "dropped %llu", (unsigned long long)dropped[SENSOR_EEG]);
        say(client, answer);
    } else if (len <= SERVER_FRAME_MAX) {
        server_send(client, FRAME_REPLY, SENSOR_EEG, text, len);
    } else {
        snprintf(answer, sizeof(answer), "%zu bytes", len);
        say(client, answer);
    }
}

static void health(void *user, const struct http_request *request, struct http_response *response)
{
    (void)user;
    (void)request;
    http_reply_text(response, 200, "text/plain", "well\n", 5);
}

static void file(void *user, const struct http_request *request, struct http_response *response)
{
    int fd = file_path ? open(file_path, O_RDONLY | O_CLOEXEC) : -1;

    (void)user;
    (void)request;
    if (fd >= 0)
        http_reply_file(response, fd, "application/octet-stream", "da\"ta.csv");
}

static void on_done(void *user)
{
    uv_close(user, NULL);
}

static void on_signal(uv_signal_t *signal, int number_of)
{
    (void)number_of;
    if (!stopped++)
        server_shutdown(server, on_done, signal);
}

static const struct http_route routes[] = {
    {"/health", health},
    {"/file", file},
};

struct list {
    const char *items[8];
    size_t count;
};

static void add(struct list *list, const char *item)
{
    if (list->count < sizeof(list->items) / sizeof(list->items[0]))
        list->items[list->count++] = item;
}

int main(int argc, char **argv)
{
    struct list listen = {0}, hosts = {0}, origins = {0}, denied = {0};
    struct server_listener listener = {NULL, on_opened, on_closed, on_text, on_binary};
    struct failure failure;
    double hurry = 10;
    uv_loop_t loop;
    uv_signal_t signal;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--hurry") == 0)
            hurry = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--file") == 0)
            file_path = argv[i + 1];
        else if (strcmp(argv[i], "--token") == 0)
            token = argv[i + 1];
        else if (strcmp(argv[i], "--fd") == 0)
            fds[fd_count++] = atoi(argv[i + 1]);
        else
            add(strcmp(argv[i], "--listen") == 0         ? &listen
                : strcmp(argv[i], "--allow-host") == 0   ? &hosts
                : strcmp(argv[i], "--allow-origin") == 0 ? &origins
                                                         : &denied,
                argv[i + 1]);
    }
    struct server_config config = {
        .listen = listen.items,
        .listen_count = listen.count,
        .allow_host = hosts.items,
        .allow_host_count = hosts.count,
        .allow_origin = origins.items,
        .allow_origin_count = origins.count,
        .deny_origin = denied.items,
        .deny_origin_count = denied.count,
        .token = token,
        .fds = fds,
        .fd_count = fd_count,
        .routes = routes,
        .route_count = 2,
        .hurry = hurry,
    };
    uv_loop_init(&loop);
    server = server_create(&loop, &config, &listener, &failure);
    if (!server) {
        fprintf(stderr, "%s\n", failure.message);
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
        return 1;
    }
    uv_signal_init(&loop, &signal);
    uv_signal_start(&signal, on_signal, SIGTERM);
    printf("%s\n", server_addresses(server));
    fflush(stdout);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop) != 0;
}
