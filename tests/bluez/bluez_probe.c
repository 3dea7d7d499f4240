/*
 * Drives the BlueZ backend by hand: commands on stdin, a line on stdout for each call of the
 * listener. `2: COMMAND` is for the second link that is open, and so are lines that begin so.
 * `bluez_probe [--adapter A]… [--most N] [--acquire] [--bus ADDRESS] [--known ADDRESS]…`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "ble/bluez.h"

static struct backend *backend;
#define LINKS_MAX 8
static struct ble_link *links[LINKS_MAX]; /* that are open */
static uv_pipe_t input;
static char line[512];
static size_t line_len;

static void print_whose(const void *user)
{
    const long which = (struct ble_link *const *)user - links;

    if (which > 0)
        printf("%ld: ", which + 1);
}

static const char *code(const struct failure *failure)
{
    return failure ? error_code_name(failure->code) : "OK";
}

static const char *text(const struct failure *failure)
{
    return failure ? failure->message : "";
}

static void on_bluetooth(void *user, bool available, bool powered, const char *message)
{
    (void)user;
    printf("bluetooth %d %d %s\n", available, powered, message);
}

static void on_seen(void *user, const struct band_sighting *sighting)
{
    (void)user;
    printf("seen %s %s %d\n", sighting->band.name, sighting->band.address, sighting->rssi);
}

static void on_scan_ended(void *user, const struct failure *failure)
{
    (void)user;
    printf("scan_ended %s %s\n", code(failure), text(failure));
}

static void on_up(void *user, const struct band_link *made)
{
    print_whose(user);
    printf("connected %s %s %d %d [%s] %d %s\n", made->band.name, made->band.address, made->rssi,
           made->battery_level, made->firmware,
           llabs((long long)(now_boot_us() - made->anchor.boot_us)) < 1000000, made->adapter);
}

static void on_down(void *user, enum link_end end, const struct failure *failure)
{
    static const char *const names[] = {
        [LINK_END_ASKED] = "disconnected asked",           [LINK_END_LOST] = "disconnected lost",
        [LINK_END_BLUETOOTH] = "disconnected bluetooth",   [LINK_END_FAILED] = "connect_failed",
        [LINK_END_CANCELLED] = "connect_failed CANCELLED",
    };

    print_whose(user);
    *(struct ble_link **)user = NULL;
    if (failure)
        printf("%s %s %s\n", names[end], code(failure), text(failure));
    else
        printf("%s\n", names[end]);
}

static void on_notified(void *user, enum sensor sensor, bool on, const struct failure *failure)
{
    print_whose(user);
    printf("notified %s %s %s %s\n", sensor_name(sensor), on ? "on" : "off", code(failure),
           text(failure));
}

static void on_written(void *user, const struct failure *failure)
{
    print_whose(user);
    printf("controlled %s %s\n", code(failure), text(failure));
}

static void on_probed(void *user, bool alive)
{
    print_whose(user);
    printf("probed %s\n", alive ? "alive" : "no answer");
}

/* With its age in µs: how long ago the host had it. */
static void on_packet(void *user, const struct packet *packet)
{
    print_whose(user);
    printf("packet %s %lld ", sensor_name(packet->sensor),
           (long long)(now_boot_us() - packet->arrival_us));
    for (size_t i = 0; i < packet->len && i < 16; i++)
        printf("%02x", packet->bytes[i]);
    printf(" %zu\n", packet->len);
}

static void on_destroyed(void *user)
{
    (void)user;
    backend = NULL;
    printf("destroyed\n");
}

static void destroy(void)
{
    if (backend)
        backend->ops->destroy(backend, on_destroyed, NULL);
    backend = NULL;
    if (!uv_is_closing((uv_handle_t *)&input))
        uv_close((uv_handle_t *)&input, NULL);
}

static void connect_to(const char *address, const char *name)
{
    struct band_identity band = {{0}, {0}};

    snprintf(band.address, sizeof(band.address), "%s", strcmp(address, "-") == 0 ? "" : address);
    snprintf(band.name, sizeof(band.name), "%s", strcmp(name, "-") == 0 ? "" : name);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        const struct link_listener listener = {&links[i], on_up,     on_notified, on_written,
                                               on_probed, on_packet, on_down};
        if (links[i])
            continue;
        links[i] = backend->ops->open(backend, &band, &listener);
        return;
    }
}

static void run(const char *command)
{
    char word[3][64] = {{0}, {0}, {0}};
    const bool other = command[0] > '0' && command[0] <= '0' + LINKS_MAX && command[1] == ':';
    struct ble_link *link = links[other ? command[0] - '1' : 0];
    enum sensor sensor;

    if (other)
        command += 2;
    if (sscanf(command, "%63s %63s %63s", word[0], word[1], word[2]) < 1 || !backend)
        return;
    if (strcmp(word[0], "scan") == 0)
        backend->ops->scan_start(backend);
    else if (strcmp(word[0], "stop") == 0)
        backend->ops->scan_stop(backend);
    else if (strcmp(word[0], "connect") == 0)
        connect_to(word[1], word[2]);
    else if (strcmp(word[0], "disconnect") == 0 && link)
        link->ops->close(link);
    else if (strcmp(word[0], "notify") == 0 && link &&
             sensor_from_name(word[1], strlen(word[1]), &sensor))
        link->ops->notify(link, sensor, strcmp(word[2], "on") == 0);
    else if (strcmp(word[0], "control") == 0 && link)
        link->ops->write(link, word[1]);
    else if (strcmp(word[0], "probe") == 0 && link)
        link->ops->probe(link);
    else if (strcmp(word[0], "destroy") == 0)
        destroy();
    else
        printf("what is %s?\n", word[0]);
    printf("returned %s\n", word[0]);
}

static void on_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    static char bytes[4096];

    (void)handle;
    (void)size;
    *buffer = uv_buf_init(bytes, sizeof(bytes));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    (void)stream;
    if (n < 0) {
        destroy();
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (buffer->base[i] != '\n') {
            if (line_len < sizeof(line) - 1)
                line[line_len++] = buffer->base[i];
            continue;
        }
        line[line_len] = '\0';
        line_len = 0;
        run(line);
    }
}

static void read_option(struct bluez_options *options, const char *name, const char *value)
{
    static const char *adapters[BLUEZ_ADAPTERS_MAX], *known[BLUEZ_KNOWN_MAX];

    options->adapters = adapters;
    options->known = known;
    if (strcmp(name, "--adapter") == 0)
        adapters[options->adapter_count++] = value;
    else if (strcmp(name, "--known") == 0)
        known[options->known_count++] = value;
    else if (strcmp(name, "--most") == 0)
        options->most = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--bus") == 0)
        options->bus_address = value;
}

static struct bluez_options options_read(int argc, char **argv)
{
    struct bluez_options options = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--acquire") == 0)
            options.acquire = true;
        else if (i + 1 < argc) {
            read_option(&options, argv[i], argv[i + 1]);
            i++;
        }
    }
    return options;
}

int main(int argc, char **argv)
{
    const struct bluez_options options = options_read(argc, argv);
    uv_loop_t *loop = uv_default_loop();

    setvbuf(stdout, NULL, _IOLBF, 0);
    log_set_level(LOG_LEVEL_DEBUG);
    backend = bluez_create(loop, &options);
    if (!backend)
        return 1;
    backend->listener = (struct backend_listener){
        .bluetooth = on_bluetooth,
        .seen = on_seen,
        .scan_ended = on_scan_ended,
    };
    uv_pipe_init(loop, &input, 0);
    uv_pipe_open(&input, 0);
    uv_read_start((uv_stream_t *)&input, on_allocate, on_input);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return 0;
}
