/*
 * A dialogue of clients with the daemon's inside, in virtual time: commands through the real
 * protocol and manager to a band and a recorder that are made up; out comes each text as it goes to
 * the sockets. The script comes in at stdin, a line each:
 *
 *   N: TEXT     client N (1 … 9; from 6 on of the origin `null`) says this; "N:=" a binary message
 *   open N, close N
 *   + S         S seconds pass
 *   ! WHAT [eeg,ppg,…]   lost [BAND], bluetooth-lost, off, on, absent, here, refused SENSORS,
 * silent SENSORS, suspend S, disk-full (the next recording's start), disk-fails, lagging N
 *
 * With --features processed_data, too; without, nothing of dsp runs. With --bands N there are so
 * many, and as many may be connected; BAND is one's number, from 0.
 */
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "fake_band.h"
#include "fake_recorder.h"
#include "hold.h"
#include "protocol/protocol.h"

#define CLIENTS     9
#define RESTRICTED  6
#define PACKETS_MAX 700
#define LINE_MAX_   4096
#define START_US    INT64_C(1000000000)
#define SECOND_US   INT64_C(1000000)

static struct {
    struct fake_band band;
    struct protocol *protocol;
    struct recorder *recorder;
    struct subscription subscriptions[CLIENTS + 1];
    bool open[CLIENTS + 1];
    struct manager_wants wants[MANAGER_DEVICES_MAX];
    unsigned wants_changed; /* bits by device */
    bool features, shut_down;
} world;

/* ---- the host's clocks (the linker's --wrap) */

int64_t __wrap_now_boot_us(void);
int64_t __wrap_now_utc_us(void);

int64_t __wrap_now_boot_us(void)
{
    return world.band.now_us;
}

int64_t __wrap_now_utc_us(void)
{
    const struct manager_host host = fake_band_host(&world.band);

    return host.utc_us(host.user);
}

struct pipeline *__real_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener);
struct pipeline *__wrap_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener);

struct pipeline *__wrap_pipeline_create(const struct pipeline_config *config,
                                        const struct pipeline_listener *listener)
{
    struct pipeline_config wanted = *config;

    wanted.with_features = world.features;
    return __real_pipeline_create(&wanted, listener);
}

/* ---- what goes out */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("%.3f ", (double)(world.band.now_us - START_US) / 1e6);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

void __wrap_log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The log is no part of a dialogue, but for what is a fault of the daemon's own. */
void __wrap_log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > LOG_LEVEL_ERROR)
        return;
    va_start(args, format);
    printf("error ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

static void out_reply(void *user, uint64_t client, const char *text, size_t len)
{
    (void)user;
    tell("to %u %.*s", (unsigned)client, (int)len, text);
}

static void out_data_to(void *user, uint64_t client, enum sensor sensor, const char *text,
                        size_t len)
{
    (void)user;
    tell("to %u data %s %.*s", (unsigned)client, sensor_name(sensor), (int)len, text);
}

static void on_message(void *user, const struct message *message)
{
    static const char *const kinds[] = {"all", "all but null pages", "data raw", "data processed"};
    const int64_t arrival_us = message->arrival_us;

    (void)user;
    if (message->sensor == SENSOR_COUNT)
        tell("%s %.*s", kinds[message->kind], (int)message->len, message->text);
    else
        tell("%s %s %lld %.*s", kinds[message->kind], sensor_name(message->sensor),
             (long long)(arrival_us ? world.band.now_us - arrival_us : -1), (int)message->len,
             message->text);
}

/* None of the clients asks for the bands. */
static bool wants(void *user, unsigned device, enum message_kind kind, enum sensor sensor)
{
    (void)user;
    (void)device;
    (void)sensor;
    return kind != MESSAGE_BANDS;
}

static size_t out_client_count(void *user)
{
    size_t count = 0;

    (void)user;
    for (size_t i = 0; i <= CLIENTS; i++)
        count += world.open[i];
    return count;
}

static void out_wants_changed(void *user, unsigned device, const struct manager_wants *wants)
{
    (void)user;
    HOLD(device < MANAGER_DEVICES_MAX);
    world.wants[device] = *wants;
    world.wants_changed |= 1u << device;
}

/* What is kept for a restart, after each line of the script: in no order with the messages. */
static void tell_wants(void)
{
    for (unsigned device = 0; device < MANAGER_DEVICES_MAX; device++) {
        const struct manager_wants *wants = &world.wants[device];
        if (world.wants_changed & (1u << device))
            tell("wants \"%s\" %s, sensors %u at %g, %g s until %lld, since %lld", wants->band.name,
                 wants->band.address, (unsigned)wants->sensors, wants->sample_rate, wants->seconds,
                 (long long)wants->until_utc_us, (long long)wants->since_utc_us);
    }
    world.wants_changed = 0;
}

static struct subscription *out_subscription(void *user, uint64_t client)
{
    (void)user;
    return client <= CLIENTS && world.open[client] ? &world.subscriptions[client] : NULL;
}

static bool out_may_send(void *user, uint64_t client)
{
    (void)user;
    (void)client;
    return true;
}

/* ---- time */

static int64_t next_second(void)
{
    return world.band.now_us + SECOND_US - (world.band.now_us - START_US) % SECOND_US;
}

static int64_t first(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void pass(double seconds)
{
    const int64_t until_us = world.band.now_us + (int64_t)(seconds * 1e6 + 0.5);

    while (world.band.now_us < until_us) {
        const int64_t second_us = next_second();
        const int64_t due_us = fake_recorder_due(world.recorder);
        const int64_t stop_us = first(until_us, first(second_us, due_us));
        fake_band_run(&world.band, stop_us - world.band.now_us);
        if (due_us <= stop_us)
            fake_recorder_wake(world.recorder);
        if (second_us == stop_us)
            protocol_second(world.protocol);
    }
}

/* ---- the script */

static sensor_set sensors_of(char *list)
{
    sensor_set set = 0;

    for (char *name = strtok(list, ", "); name; name = strtok(NULL, ", ")) {
        enum sensor sensor;
        HOLD(sensor_from_name(name, strlen(name), &sensor));
        set |= SENSOR_BIT(sensor);
    }
    return set;
}

static bool happens_to_band(const char *what, char *with)
{
    struct fake_band *band = &world.band;

    if (strcmp(what, "lost") == 0)
        fake_band_lose(band, (unsigned)strtoul(with, NULL, 10), LINK_END_LOST);
    else if (strcmp(what, "bluetooth-lost") == 0)
        fake_band_lose(band, 0, LINK_END_BLUETOOTH);
    else if (strcmp(what, "off") == 0 || strcmp(what, "on") == 0)
        fake_band_bluetooth(band, true, what[1] == 'n');
    else if (strcmp(what, "absent") == 0 || strcmp(what, "here") == 0)
        band->absent = what[0] == 'a';
    else if (strcmp(what, "refused") == 0)
        band->refused = sensors_of(with);
    else if (strcmp(what, "silent") == 0)
        band->silent = sensors_of(with);
    else
        return false;
    return true;
}

static void happen(char *what)
{
    static const uint64_t dropped[SENSOR_COUNT] = {12, 3, 1, 0};
    char *with = what + strcspn(what, " ");

    if (*with)
        *with++ = '\0';
    if (happens_to_band(what, with))
        return;
    if (strcmp(what, "suspend") == 0) {
        world.band.now_us += (int64_t)(strtod(with, NULL) * 1e6);
        manager_resumed(world.band.manager);
    } else if (strcmp(what, "disk-full") == 0) {
        fake_recorder_refuse(world.recorder);
    } else if (strcmp(what, "disk-fails") == 0) {
        fake_recorder_fail(world.recorder);
    } else {
        HOLD(strcmp(what, "lagging") == 0);
        protocol_lagging(world.protocol, strtoul(with, NULL, 10), dropped);
    }
}

static void say(uint64_t client, const char *text)
{
    HOLD(client <= CLIENTS);
    if (!world.open[client])
        return;
    if (text[0] == '=')
        protocol_binary(world.protocol, client);
    else
        protocol_text(world.protocol, client, client >= RESTRICTED, text, strlen(text));
}

static void open_client(uint64_t client, bool open)
{
    HOLD(client >= 1 && client <= CLIENTS);
    if (world.open[client] == open)
        return;
    world.open[client] = open;
    world.subscriptions[client] = SUBSCRIPTION_DEFAULT;
    open ? protocol_client_opened(world.protocol, client)
         : protocol_client_closed(world.protocol, client);
}

static void take(char *line)
{
    printf("> %s\n", line);
    if (line[0] == '+')
        pass(strtod(line + 1, NULL));
    else if (line[0] == '!')
        happen(line + 2);
    else if (strncmp(line, "open ", 5) == 0)
        open_client(strtoul(line + 5, NULL, 10), true);
    else if (strncmp(line, "close ", 6) == 0)
        open_client(strtoul(line + 6, NULL, 10), false);
    else {
        HOLD(line[0] >= '1' && line[0] <= '9' && line[1] == ':');
        say((uint64_t)line[0] - '0', line + 2 + (line[2] == ' '));
    }
}

/* ---- life */

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
        .wants_changed = out_wants_changed,
        .subscription = out_subscription,
        .may_send = out_may_send,
    };
    static const struct protocol_limits limits = {
        .clients = CLIENTS, .frame_bytes = 16 * 1024, .messages_a_second = 50};
    const struct manager_config config = {.mains_hz = 50, .max_bands = bands};

    fake_band_init(&world.band, bands, PACKETS_MAX);
    world.protocol = protocol_create(
        &out, &limits, &(struct protocol_identity){.instance = "golden", .backend = "sim"});
    HOLD(world.protocol);
    HOLD(protocol_add_sink(world.protocol, &(struct sink){.message = on_message, .wants = wants}));
    const struct recorder_listener recorder_listener = protocol_recorder_listener(world.protocol);
    world.recorder = fake_recorder_create(&recorder_listener);
    protocol_set_recorder(world.protocol, world.recorder, NULL);
    const struct manager_listener listener = protocol_manager_listener(world.protocol);
    const struct manager_host host = fake_band_host(&world.band);
    world.band.manager = manager_create(&config, &world.band.backend, &host, &listener);
    HOLD(world.band.manager);
    protocol_set_manager(world.protocol, world.band.manager);
    fake_band_bluetooth(&world.band, true, true);
}

static void close_world(void)
{
    char taken[128];

    printf("> the end\n");
    recorder_stop(world.recorder, RECORDING_END_SHUTDOWN);
    manager_shutdown(world.band.manager, on_done, NULL);
    HOLD(world.shut_down);
    tell_wants();
    fake_recorder_taken(world.recorder, taken, sizeof(taken));
    tell("recorder %s", taken);
    protocol_destroy(world.protocol);
    fake_recorder_destroy(world.recorder);
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_];
    const bool several = argc > 2 && strcmp(argv[1], "--bands") == 0;
    const unsigned bands = several ? (unsigned)strtoul(argv[2], NULL, 10) : 1;

    world.features = argc > 1 && strcmp(argv[1], "--features") == 0;
    open_world(bands);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        take(line);
        tell_wants();
    }
    close_world();
    return 0;
}
