/* The commands: each parses its parameters and asks the manager; the table is at the end. */
#include <math.h>
#include <string.h>

#include "base/now.h"
#include "protocol_impl.h"

#define LABEL_MAX 256
#define MINUTE_MS 60000.0
#define DAY_MS    86400000.0

/* ---- scan */

static void scan_devices(struct request *request, const cJSON *parameters)
{
    struct refusal refusal;
    double seconds = 10;

    if (!parameter_number(parameters, "duration", 1, MANAGER_SCAN_SECONDS_MAX,
                          "a number of seconds from 1 to 60", &seconds, &refusal)) {
        request_refuse(request, &refusal);
        return;
    }
    manager_scan(request->protocol->manager, seconds, request_reply(request));
}

static void put_scan(struct protocol *protocol, struct json *json,
                     const struct manager_outcome *outcome)
{
    (void)outcome;
    put_devices(protocol, json);
}

static void stop_scan(struct request *request, const cJSON *parameters)
{
    (void)parameters;
    manager_stop_scan(request->protocol->manager, request_reply(request));
}

/* ---- connection */

static void connect_device(struct request *request, const cJSON *parameters)
{
    struct refusal refusal = {
        "address", NULL, "a Bluetooth address, or device_id the name of a band that a scan told"};
    const char *address = NULL, *device_id = NULL;

    if (!parameter_address(parameters, "address", &address, &refusal) ||
        !parameter_string(parameters, "device_id", BAND_NAME_SIZE - 1,
                          "the name of a band, like LXB-0263003F", &device_id, &refusal) ||
        (!address && !device_id)) {
        request_refuse(request, &refusal);
        return;
    }
    manager_connect(request->protocol->manager, address, device_id, request_reply(request));
}

static void put_connect(struct protocol *protocol, struct json *json,
                        const struct manager_outcome *outcome)
{
    const struct band_link *device = &manager_status(protocol->manager)->device;

    (void)outcome;
    put_band(json, &device->band);
    json_key(json, "battery_level");
    device->battery_level == BATTERY_UNKNOWN ? json_null(json)
                                             : json_integer(json, device->battery_level);
    json_put_string_or_null(json, "firmware_version", device->firmware);
}

static void tell_connected(struct protocol *protocol, uint64_t client,
                           const struct manager_outcome *outcome)
{
    (void)outcome;
    event_device_connected(protocol, client, false, 0);
}

static void disconnect_device(struct request *request, const cJSON *parameters)
{
    struct refusal refusal;
    const char *device_id = NULL;

    if (!parameter_string(parameters, "device_id", BAND_NAME_SIZE - 1, "the connected band's name",
                          &device_id, &refusal)) {
        request_refuse(request, &refusal);
        return;
    }
    manager_disconnect(request->protocol->manager, device_id, request_reply(request));
}

static void put_disconnect(struct protocol *protocol, struct json *json,
                           const struct manager_outcome *outcome)
{
    (void)protocol;
    json_put_string_or_null(json, "device_id", outcome->band.name);
    json_put_string_or_null(json, "address", outcome->band.address);
}

static void tell_disconnected(struct protocol *protocol, uint64_t client,
                              const struct manager_outcome *outcome)
{
    event_device_disconnected(protocol, client, &outcome->band, DISCONNECT_USER_REQUEST, false);
}

/* The guide's clients act on the event only: it comes after the reply. */
static void check_device_connection(struct request *request, const cJSON *parameters)
{
    struct protocol *protocol = request->protocol;
    uint64_t client = request->client;

    (void)parameters;
    request_succeed(request, NULL);
    event_device_info(protocol, client);
}

static void put_check(struct protocol *protocol, struct json *json,
                      const struct manager_outcome *outcome)
{
    (void)outcome;
    put_device_info(protocol, json, TO_ALL);
}

/* ---- streaming */

static void start_streaming(struct request *request, const cJSON *parameters)
{
    struct refusal refusal;
    sensor_set sensors = SENSOR_SET_ALL;
    double rate = 0, seconds = 0;

    if (!parameter_sensors(parameters, "sensors", &sensors, &refusal) ||
        !parameter_number(parameters, "sample_rate", 1, SAMPLE_RATE_MAX, SAMPLE_RATE_ALLOWED, &rate,
                          &refusal) ||
        !parameter_number(parameters, "duration", 0.001, DURATION_MAX_S,
                          "a number of seconds above 0, at most 604800", &seconds, &refusal)) {
        request_refuse(request, &refusal);
        return;
    }
    manager_start_streaming(request->protocol->manager, sensors, rate, seconds,
                            request_reply(request));
}

static void put_start(struct protocol *protocol, struct json *json,
                      const struct manager_outcome *outcome)
{
    const struct manager_status *status = manager_status(protocol->manager);

    (void)outcome;
    json_put_string(json, "state", stream_state_name(status->stream));
    put_sensors(json, "sensors", status->sensors);
    json_put_fixed(json, "sample_rate", status->sample_rate, 1);
    json_key(json, "duration");
    status->duration > 0 ? json_real(json, status->duration) : json_null(json);
}

static void tell_started(struct protocol *protocol, uint64_t client,
                         const struct manager_outcome *outcome)
{
    (void)outcome;
    event_stream_started(protocol, client, false);
}

static void stop_streaming(struct request *request, const cJSON *parameters)
{
    (void)parameters;
    manager_stop_streaming(request->protocol->manager, request_reply(request));
}

static void put_stop(struct protocol *protocol, struct json *json,
                     const struct manager_outcome *outcome)
{
    (void)protocol;
    put_sensors(json, "sensors", outcome->sensors);
    put_counts(json, "samples", outcome->received, outcome->sensors);
    put_counts(json, "lost", outcome->lost, outcome->sensors);
}

static void tell_stopped(struct protocol *protocol, uint64_t client,
                         const struct manager_outcome *outcome)
{
    event_stream_stopped(protocol, client, &outcome->band, outcome->sensors,
                         STREAM_END_USER_REQUEST, false);
}

static void answer_at_once(struct request *request, const cJSON *parameters)
{
    (void)parameters;
    request_succeed(request, NULL);
}

static void put_status(struct protocol *protocol, struct json *json,
                       const struct manager_outcome *outcome)
{
    (void)outcome;
    put_streaming_status(protocol, json);
}

static void put_health_data(struct protocol *protocol, struct json *json,
                            const struct manager_outcome *outcome)
{
    (void)outcome;
    protocol_put_health(protocol, json);
}

static void put_info(struct protocol *protocol, struct json *json,
                     const struct manager_outcome *outcome)
{
    (void)outcome;
    put_server_info(protocol, json);
}

/* ---- markers and recordings */

/* Where a marker's time may not be: mostly it was told in seconds. Returns what is allowed. */
static const char *misplaced(struct protocol *protocol, double utc_ms, double now_ms)
{
    if (!(fabs(utc_ms - now_ms) <= DAY_MS))
        return "a time within a day of now. Were these seconds, not milliseconds? A number is Unix "
               "milliseconds";
    if (!recording_runs(protocol))
        return NULL;
    const double since_ms = (double)recorder_status(protocol->recorder)->since_utc_us / 1000.0;
    if (utc_ms < since_ms - MINUTE_MS || utc_ms > fmax(since_ms, now_ms) + MINUTE_MS)
        return "a time within the running recording, or a minute of it. Were these milliseconds? "
               "A number is Unix milliseconds";
    return NULL;
}

static bool read_marker(struct protocol *protocol, const cJSON *parameters, const char **label,
                        double *utc_ms, struct refusal *refusal)
{
    const double now_ms = *utc_ms = manager_utc_ms(protocol->manager, now_boot_us());
    const cJSON *given = parameter(parameters, "timestamp");

    *label = NULL;
    *refusal = (struct refusal){"label", NULL, "a string of 1 to 256 bytes"};
    if (!parameter_string(parameters, "label", LABEL_MAX, refusal->allowed, label, refusal) ||
        !parameter_time(parameters, "timestamp", utc_ms, refusal) || !*label)
        return false;
    const char *allowed = given ? misplaced(protocol, *utc_ms, now_ms) : NULL;
    if (allowed)
        *refusal = (struct refusal){"timestamp", given, allowed};
    return !allowed;
}

static void insert_marker(struct request *request, const cJSON *parameters)
{
    struct protocol *protocol = request->protocol;
    struct refusal refusal;
    const char *label;
    double utc_ms;

    if (!read_marker(protocol, parameters, &label, &utc_ms, &refusal)) {
        request_refuse(request, &refusal);
        return;
    }
    /* The label's text belongs to the request's message, which outlives this call. */
    uint64_t client = request->client;
    const bool recording = recording_runs(protocol);
    if (recording)
        recorder_marker(protocol->recorder, utc_ms, label);
    protocol->marker_ms = utc_ms;
    request_succeed(request, NULL);
    struct json *json = event_begin(protocol, EVENT_MARKER);
    json_put_string(json, "label", label);
    json_put_fixed(json, "timestamp", utc_ms, 3);
    json_put_integer(json, "client_id", (int64_t)client);
    json_put_string_or_null(json, "session_id",
                            recording ? recorder_status(protocol->recorder)->session_id : NULL);
    event_send(protocol, TO_ALL);
}

static void put_marker(struct protocol *protocol, struct json *json,
                       const struct manager_outcome *outcome)
{
    (void)outcome;
    json_put_fixed(json, "timestamp", protocol->marker_ms, 3);
}

/* No row without a word on pages of the origin `null`. */
#define COMMAND(name_, null_page_, ...)                                                            \
    {                                                                                              \
        .name = name_, .null_page = null_page_, __VA_ARGS__                                        \
    }

const struct command commands[] = {
    COMMAND("scan_devices", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "duration",
            .done = "Scan finished", .run = scan_devices, .put_data = put_scan),
    COMMAND("stop_scan", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "", .done = "Scan stopped",
            .run = stop_scan),
    COMMAND("connect_device", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "address device_id",
            .done = "Device connected successfully", .run = connect_device, .put_data = put_connect,
            .tell_already = tell_connected),
    COMMAND("disconnect_device", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "device_id",
            .done = "Device disconnected", .run = disconnect_device, .put_data = put_disconnect,
            .tell_already = tell_disconnected),
    COMMAND("check_device_connection", NULL_PAGE_ALWAYS, .parameters = "", .done = "Device state",
            .run = check_device_connection, .put_data = put_check),
    COMMAND("start_streaming", NULL_PAGE_NOT_WHILE_RECORDING,
            .parameters = "sensors sample_rate duration", .done = "Streaming started",
            .run = start_streaming, .put_data = put_start, .tell_already = tell_started),
    COMMAND("stop_streaming", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "",
            .done = "Streaming stopped", .run = stop_streaming, .put_data = put_stop,
            .tell_already = tell_stopped),
    COMMAND("get_streaming_status", NULL_PAGE_ALWAYS, .parameters = "", .done = "Streaming status",
            .run = answer_at_once, .put_data = put_status),
    COMMAND("start_recording", NULL_PAGE_NEVER,
            .parameters = "session_name sensors sample_rate duration formats",
            .done = "Recording started", .run = start_recording, .put_data = put_recording_start),
    COMMAND("stop_recording", NULL_PAGE_NEVER, .parameters = "", .done = "Recording stopped",
            .run = stop_recording, .put_data = put_recording,
            .tell_already = tell_recording_stopped),
    COMMAND("get_recording_status", NULL_PAGE_NEVER, .parameters = "", .done = "Recording status",
            .run = answer_at_once, .put_data = put_recording),
    COMMAND("list_recordings", NULL_PAGE_NEVER, .parameters = "limit before", .done = "Recordings",
            .run = list_recordings),
    COMMAND("delete_recording", NULL_PAGE_NEVER, .parameters = "session_id",
            .done = "Recording deleted", .run = delete_recording),
    COMMAND("subscribe", NULL_PAGE_ALWAYS, .parameters = "sensors kinds", .done = "Subscribed",
            .run = subscribe),
    COMMAND("unsubscribe", NULL_PAGE_ALWAYS, .parameters = "sensors kinds", .done = "Unsubscribed",
            .run = unsubscribe),
    COMMAND("insert_marker", NULL_PAGE_NOT_WHILE_RECORDING, .parameters = "label timestamp",
            .done = "Marker set", .run = insert_marker, .put_data = put_marker),
    COMMAND("health_check", NULL_PAGE_ALWAYS, .parameters = "", .done = "State of health",
            .run = answer_at_once, .put_data = put_health_data),
    COMMAND("get_server_info", NULL_PAGE_ALWAYS, .parameters = "", .done = "Server information",
            .run = answer_at_once, .put_data = put_info),
    {.name = NULL},
};
