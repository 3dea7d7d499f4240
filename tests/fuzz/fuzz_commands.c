/*
 * Messages of clients into the protocol, a manager behind it and a band behind that. Each command
 * gets one reply, each message something, and all that goes out is JSON of a frame's size.
 *
 * A line of the input is a message, or by its first character something else:
 *   ~ N    N tenths of a second pass
 *   ! X    X = l + a band's number: link lost, o: Bluetooth off, n: on, a: bands gone, h: here
 * again, r, s + sensors' bits as a digit: subscriptions refused, packets silent, x: resumed
 *   * N    the next messages are client N's; 5 and above are restricted
 *   =      a binary message
 *   - N    the client leaves: now (0), or from within its Nth reply or event from here on, as one
 *          whose queue that overflows; what it sends afterwards is not heard
 *   <      a second passes for the protocol
 * One to three bands may be connected, by the input's length; as many are in the air.
 */
#include <cjson/cJSON.h>

#include "base/log.h"
#include "base/utf8.h"
#include "fake_band.h"
#include "hold.h"
#include "input.h"
#include "protocol/protocol.h"

#define FRAME_MAX   (16 * 1024)
#define CLIENTS     10
#define PACKETS_MAX 24
#define LINES_MAX   64
#define BANDS_MAX   3

static struct world {
    struct fake_band band;
    struct protocol *protocol;
    struct subscription subscriptions[CLIENTS];
    unsigned commands[CLIENTS], messages[CLIENTS]; /* sent */
    unsigned replies[CLIENTS], texts[CLIENTS];     /* got */
    unsigned leaves_in[CLIENTS];                   /* so many texts more; 0: it stays */
    bool left[CLIENTS];
    size_t client;
    bool shut_down;
} world;

static void hold_text(const char *text, size_t len)
{
    HOLD(len == strlen(text) && len > 2 && len <= FRAME_MAX);
    HOLD(utf8_is_valid(text, len));
    HOLD(json_check(text, len, PROTOCOL_NESTING_MAX + 4) == NULL);
    HOLD(strncmp(text, "{\"type\":\"", 9) == 0);
}

static size_t index_of(uint64_t client)
{
    HOLD(client >= 1 && client <= CLIENTS);
    return (size_t)client - 1;
}

static bool is_of_type(const cJSON *text, const char *type)
{
    return strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(text, "type")), type) == 0;
}

static void hold_reply(const cJSON *reply)
{
    const cJSON *success = cJSON_GetObjectItemCaseSensitive(reply, "success");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(reply, "data");

    HOLD(cJSON_IsBool(success) && cJSON_IsObject(data));
    HOLD(cJSON_IsTrue(success) ||
         cJSON_IsString(cJSON_GetObjectItemCaseSensitive(data, "error_code")));
}

static void leave(size_t client)
{
    if (!world.left[client])
        protocol_client_closed(world.protocol, client + 1);
    world.left[client] = true;
}

static void out_reply(void *user, uint64_t client, const char *text, size_t len)
{
    (void)user;
    hold_text(text, len);
    cJSON *reply = cJSON_ParseWithLength(text, len);
    HOLD(cJSON_IsObject(reply) && !cJSON_GetObjectItem(reply, "channel"));
    world.texts[index_of(client)]++;
    if (is_of_type(reply, "command_response")) {
        world.replies[index_of(client)]++;
        hold_reply(reply);
    }
    cJSON_Delete(reply);
    if (world.leaves_in[index_of(client)] && --world.leaves_in[index_of(client)] == 0)
        leave(index_of(client));
}

static void out_data_to(void *user, uint64_t client, enum sensor sensor, const char *text,
                        size_t len)
{
    (void)user;
    (void)sensor;
    index_of(client);
    hold_text(text, len);
}

static void on_message(void *user, const struct message *message)
{
    const bool data = message->kind != MESSAGE_EVENT && message->kind != MESSAGE_PRIVATE_EVENT;

    (void)user;
    HOLD(message->arrival_us >= 0 && data == (message->sensor < SENSOR_COUNT));
    HOLD(message->kind == MESSAGE_RAW || message->sensor != SENSOR_BAT);
    HOLD(message->name && (message->device_id || !data));
    hold_text(message->text, message->len);
}

static size_t out_client_count(void *user)
{
    (void)user;
    return CLIENTS;
}

static struct subscription *out_subscription(void *user, uint64_t client)
{
    (void)user;
    /* The last one is always gone when it is asked for. */
    return client == CLIENTS ? NULL : &world.subscriptions[index_of(client)];
}

static bool out_may_send(void *user, uint64_t client)
{
    (void)user;
    return client != CLIENTS - 1;
}

/* ---- the script */

/* What cJSON, which is not under test, takes for a command. */
static void count(const char *text, size_t len)
{
    cJSON *message =
        json_check(text, len, PROTOCOL_NESTING_MAX) ? NULL : cJSON_ParseWithLength(text, len);

    world.messages[world.client]++;
    if (cJSON_IsObject(message) &&
        cJSON_IsString(cJSON_GetObjectItemCaseSensitive(message, "command")))
        world.commands[world.client]++;
    cJSON_Delete(message);
}

static void say(const char *text, size_t len)
{
    if (world.left[world.client])
        return;
    if (!utf8_is_valid(text, len)) /* the server closes such a connection with 1007 */
        return;
    count(text, len);
    protocol_text(world.protocol, world.client + 1, world.client >= 5, text, len);
}

static void happen(const char *what)
{
    struct fake_band *band = &world.band;
    const sensor_set sensors = what[0] ? (sensor_set)what[1] & SENSOR_SET_ALL : 0;

    switch (what[0]) {
    case 'l':
        fake_band_lose(band, what[1] ? (unsigned)what[1] % BANDS_MAX : 0, LINK_END_LOST);
        break;
    case 'o':
    case 'n':
        fake_band_bluetooth(band, true, what[0] == 'n');
        break;
    case 'a':
    case 'h':
        band->absent = what[0] == 'a';
        break;
    case 'r':
        band->refused = sensors;
        break;
    case 's':
        band->silent = sensors;
        break;
    case 'x':
        manager_resumed(band->manager);
        break;
    default:
        break;
    }
}

static void take(const char *line, size_t len)
{
    switch (line[0]) {
    case '~':
        fake_band_run(&world.band, 100000 * (int64_t)(strtoul(line + 1, NULL, 10) % 400));
        break;
    case '!':
        happen(line + 1 + (line[1] == ' '));
        break;
    case '*':
        world.client = strtoul(line + 1, NULL, 10) % CLIENTS;
        break;
    case '=':
        if (world.left[world.client])
            break;
        world.messages[world.client]++;
        protocol_binary(world.protocol, world.client + 1);
        break;
    case '-':
        world.leaves_in[world.client] = strtoul(line + 1, NULL, 10) % 100;
        if (world.leaves_in[world.client] == 0)
            leave(world.client);
        break;
    case '<':
        protocol_second(world.protocol);
        break;
    default:
        say(line, len);
        break;
    }
}

/* ---- life */

struct pipeline *__real_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener);
struct pipeline *__wrap_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener);

/* In the place of pipeline_create (the linker's --wrap): without dsp, which has a harness of its
 * own and would cost ten times what the commands do. */
struct pipeline *__wrap_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener)
{
    const struct pipeline_config samples_only = {.mains_hz = config->mains_hz};

    return __real_pipeline_create(&samples_only, listener);
}

void __wrap_log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* In the place of log_write: what is logged as an error is a fault of the daemon's own, such as a
 * manager that does not come to rest. */
void __wrap_log_write(enum log_level level, const char *format, ...)
{
    (void)format;
    HOLD(level > LOG_LEVEL_ERROR);
}

static void on_done(void *user)
{
    (void)user;
    world.shut_down = true;
}

static void open_world(unsigned bands)
{
    static const struct protocol_out out = {
        .reply = out_reply,
        .data_to = out_data_to,
        .client_count = out_client_count,
        .subscription = out_subscription,
        .may_send = out_may_send,
    };
    static const struct protocol_limits limits = {
        .clients = CLIENTS, .frame_bytes = 16 * 1024, .messages_a_second = 50};
    const struct manager_config config = {.mains_hz = 50, .max_bands = bands};
    struct failure none;

    memset(&world, 0, sizeof(world));
    for (size_t i = 0; i < CLIENTS; i++)
        world.subscriptions[i] = SUBSCRIPTION_DEFAULT;
    fake_band_init(&world.band, bands, PACKETS_MAX);
    world.protocol = protocol_create(
        &out, &limits, &(struct protocol_identity){.instance = "fuzz", .backend = "sim"});
    HOLD(world.protocol);
    HOLD(protocol_add_sink(world.protocol, &(struct sink){.message = on_message}));
    failure_set(&none, ERROR_RECORDING, "There is no data directory.");
    protocol_set_recorder(world.protocol, NULL, &none);
    const struct manager_listener listener = protocol_manager_listener(world.protocol);
    const struct manager_host host = fake_band_host(&world.band);
    world.band.manager = manager_create(&config, &world.band.backend, &host, &listener);
    HOLD(world.band.manager);
    protocol_set_manager(world.protocol, world.band.manager);
    fake_band_bluetooth(&world.band, true, true);
}

static void close_world(void)
{
    manager_shutdown(world.band.manager, on_done, NULL);
    HOLD(world.shut_down);
    for (size_t i = 0; i < CLIENTS; i++) {
        HOLD(world.left[i] || world.replies[i] == world.commands[i]);
        HOLD(world.left[i] || world.texts[i] >= world.messages[i]);
    }
    protocol_destroy(world.protocol);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};

    open_world(1 + (unsigned)(size % BANDS_MAX));
    protocol_client_opened(world.protocol, 1);
    for (int i = 0; i < LINES_MAX && input.at < input.end; i++) {
        size_t len;
        char *line = input_line(&input, &len);
        HOLD(line);
        take(line, len);
        free(line);
    }
    close_world();
    return 0;
}
