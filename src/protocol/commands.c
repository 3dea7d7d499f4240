/* The commands: each parses its parameters and asks the manager; the table is at the end. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "band_commands.h"
#include "base/length.h"
#include "base/now.h"
#include "by_band.h"
#include "event.h"
#include "info.h"
#include "keeping.h"
#include "protocol_internal.h"
#include "recording.h"
#include "recordings.h"
#include "reply.h"
#include "subscription.h"

#define LABEL_MAX 256
#define MINUTE_MS 60000.0
#define DAY_MS    86400000.0

static void answer_at_once(struct request *request, const struct value *values)
{
    (void)values;
    request_succeed(request, NULL);
}

/* ---- scan */

static void scan_devices(struct request *request, const struct value *values)
{
    manager_scan(request->protocol->manager, value_of(values, "duration")->number,
                 request_reply(request));
}

static void put_scan(struct protocol *protocol, struct json *json,
                     const struct manager_outcome *outcome)
{
    (void)outcome;
    put_devices(protocol, json);
}

static void stop_scan(struct request *request, const struct value *values)
{
    (void)values;
    manager_stop_scan(request->protocol->manager, request_reply(request));
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

/* UTC was set while a recording runs, whose samples' times stay as they were. */
static bool clocks_differ(struct protocol *protocol, double now_ms)
{
    return recording_runs(protocol) && fabs((double)now_utc_us() / 1000.0 - now_ms) > MINUTE_MS;
}

static bool is_outside(struct protocol *protocol, double utc_ms, double now_ms)
{
    const double since_ms = (double)recorder_status(protocol->recorder)->since_utc_us / 1000.0;

    return utc_ms < since_ms - MINUTE_MS || utc_ms > fmax(since_ms, now_ms) + MINUTE_MS;
}

/* Where a marker's time may not be: mostly it was told in seconds. Returns what is allowed. */
static const char *misplaced(struct protocol *protocol, double utc_ms, double now_ms)
{
    const bool far = !(fabs(utc_ms - now_ms) <= DAY_MS);

    if (!far && !(recording_runs(protocol) && is_outside(protocol, utc_ms, now_ms)))
        return NULL;
    if (clocks_differ(protocol, now_ms))
        return "a time as this recording's samples have it, for the host's clock was set since it "
               "began. Without one it is now";
    return far ? "a time within a day of now. Were these seconds, not milliseconds? A number is "
                 "Unix milliseconds"
               : "a time within the running recording, or a minute of it. Were these "
                 "milliseconds? A number is Unix milliseconds";
}

struct marking {
    uint64_t client; /* who set it */
    const char *label;
    double utc_ms;
    const char *device_id; /* NULL: of all bands */
};

static void tell_marker(struct protocol *protocol, const struct marking *marker, bool recording)
{
    struct json *json = event_begin(protocol, EVENT_MARKER);

    json_put_string(json, "label", marker->label);
    json_put_fixed(json, "timestamp", marker->utc_ms, 3);
    json_put_integer(json, "client_id", (int64_t)marker->client);
    json_put_string_or_null(json, "session_id",
                            recording ? recorder_status(protocol->recorder)->session_id : NULL);
    json_put_string_or_null(json, "device_id", marker->device_id);
    event_send_of(protocol, TO_ALL, marker->device_id);
}

/* One row in each band's markers, one event each; of all bands one of both. */
static void set_marker(struct request *request, struct marking marker, const struct bands *bands)
{
    struct protocol *protocol = request->protocol;
    const bool recording = recording_runs(protocol), of_all = bands->count == 0;
    char names[MANAGER_DEVICES_MAX][BAND_NAME_SIZE];

    for (size_t i = 0; i < bands->count + of_all; i++) {
        if (!of_all)
            snprintf(names[i], sizeof(names[i]), "%s",
                     manager_status(protocol->manager, bands->places[i])->device.band.name);
        sinks_marker(&protocol->sinks, of_all ? SINK_ALL_BANDS : bands->places[i], marker.utc_ms,
                     marker.label);
    }
    protocol->marker_ms = marker.utc_ms;
    request_succeed(request, NULL);
    for (size_t i = 0; i < bands->count + of_all; i++) {
        marker.device_id = of_all ? NULL : names[i];
        tell_marker(protocol, &marker, recording);
    }
}

static void insert_marker(struct request *request, const struct value *values)
{
    struct protocol *protocol = request->protocol;
    const struct value *timestamp = value_of(values, "timestamp");
    const struct value *device_id = value_of(values, "device_id");
    struct bands bands;

    if (!by_band_named(request, device_id, &bands))
        return;
    const double now_ms = manager_utc_ms(protocol->manager, bands.places[0], now_boot_us());
    const double utc_ms = timestamp->given ? timestamp->number : now_ms;
    const char *allowed = timestamp->given ? misplaced(protocol, utc_ms, now_ms) : NULL;
    if (allowed) {
        request_refuse(request, &(struct refusal){"timestamp", timestamp->given, allowed});
        return;
    }
    if (device_id->device_count == 0)
        bands.count = 0;
    /* The label's text belongs to the request's message, which outlives this call. */
    set_marker(request,
               (struct marking){.client = request->client,
                                .label = value_of(values, "label")->text,
                                .utc_ms = utc_ms},
               &bands);
}

static void put_marker(struct protocol *protocol, struct json *json,
                       const struct manager_outcome *outcome)
{
    (void)outcome;
    json_put_fixed(json, "timestamp", protocol->marker_ms, 3);
}

/* ---- the table */

static const char *const sensor_names[] = {"eeg", "ppg", "acc", "bat", NULL};
_Static_assert(LENGTH(sensor_names) == SENSOR_COUNT + 1, "by sensor");

/* Rows that several commands have. */
#define SENSORS                                                                                    \
    {                                                                                              \
        "sensors", PARAMETER_LIST, .names = sensor_names, .set = SENSOR_SET_ALL,                   \
                                   .allowed = "a list of at least one of eeg, ppg, acc, bat"       \
    }
#define KINDS(set_)                                                                                \
    {                                                                                              \
        "kinds", PARAMETER_LIST,                                                                   \
            .names = kind_names, .set = (set_),                                                    \
            .allowed = "a list of at least one of raw, processed, events, bands"                   \
    }
#define RATE                                                                                       \
    {                                                                                              \
        "sample_rate", PARAMETER_NUMBER,                                                           \
            .min = 1, .max = 1000000, .unit = "Hz",                                                \
            .allowed = "the band's EEG rate in Hz, its half or its quarter"                        \
    }
#define STREAM_DURATION                                                                            \
    {                                                                                              \
        "duration", PARAMETER_NUMBER, .min = 0.001, .max = 604800, .unit = "s",                    \
                                      .allowed = "a number of seconds above 0, at most 604800"     \
    }
#define SESSION_NAME                                                                               \
    {                                                                                              \
        "session_name", PARAMETER_STRING, .min = 1, .max = SESSION_NAME_SIZE - 1, .unit = "bytes", \
                                          .allowed = "a string of 1 to 255 bytes"                  \
    }
#define FORMATS                                                                                    \
    {                                                                                              \
        "formats", PARAMETER_LIST, .names = format_names, .set = FORMAT_DEFAULT,                   \
                                   .allowed = "a list of at least one of csv, bdf, jsonl"          \
    }
#define WORD(name_)                                                                                \
    {                                                                                              \
        name_, PARAMETER_STRING, .min = 1, .max = SESSION_WORD_SIZE - 1, .unit = "bytes",          \
                                 .allowed = "a string of 1 to 64 bytes"                            \
    }
#define NOTES                                                                                      \
    {                                                                                              \
        "notes", PARAMETER_STRING, .min = 1, .max = SESSION_NOTES_SIZE - 1, .unit = "bytes",       \
                                   .allowed = "a string of 1 to 1000 bytes"                        \
    }
#define BANDS                                                                                      \
    {                                                                                              \
        "device_id", PARAMETER_DEVICES,                                                            \
            .min = 1, .max = BAND_NAME_SIZE - 1, .unit = "bytes",                                  \
            .allowed = "a band's name, like LXB-0263003F, or a list of 1 to "                      \
                       "8 of them"                                                                 \
    }
#define PARAMETERS(...)                                                                            \
    .parameters = (const struct parameter[])                                                       \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .name = NULL                                                                           \
        }                                                                                          \
    }

/* No row without a word on pages of the origin `null`. */
#define COMMAND(name_, null_page_, ...)                                                            \
    {                                                                                              \
        .name = name_, .null_page = null_page_, __VA_ARGS__                                        \
    }

const struct command commands[] = {
    COMMAND("scan_devices", NULL_PAGE_NOT_WHILE_RECORDING,
            PARAMETERS({"duration", PARAMETER_NUMBER, .min = 1, .max = MANAGER_SCAN_SECONDS_MAX,
                        .unit = "s", .number = 10, .allowed = "a number of seconds from 1 to 60"}),
            .done = "Scan finished", .run = scan_devices, .put_data = put_scan),
    COMMAND("stop_scan", NULL_PAGE_NOT_WHILE_RECORDING, .done = "Scan stopped", .run = stop_scan),
    COMMAND("connect_device", NULL_PAGE_NOT_WHILE_RECORDING,
            PARAMETERS({"address", PARAMETER_ADDRESS,
                        .allowed = "a Bluetooth address like AA:BB:CC:DD:EE:FF"},
                       BANDS),
            .done = "Device connected successfully", .run = connect_device, .put_data = put_connect,
            .tell_already = tell_connected),
    COMMAND("disconnect_device", NULL_PAGE_NOT_WHILE_RECORDING, PARAMETERS(BANDS),
            .done = "Device disconnected", .run = disconnect_device, .put_data = put_disconnect,
            .tell_already = tell_disconnected),
    COMMAND("check_device_connection", NULL_PAGE_ALWAYS, .done = "Device state", PARAMETERS(BANDS),
            .run = check_device_connection, .put_data = put_check),
    COMMAND("list_devices", NULL_PAGE_ALWAYS, .done = "Devices", .run = answer_at_once,
            .put_data = put_list),
    COMMAND("start_streaming", NULL_PAGE_NOT_WHILE_RECORDING,
            PARAMETERS(SENSORS, RATE, STREAM_DURATION, BANDS), .done = "Streaming started",
            .run = start_streaming, .put_data = put_start, .tell_already = tell_started),
    COMMAND("stop_streaming", NULL_PAGE_NOT_WHILE_RECORDING, PARAMETERS(BANDS),
            .done = "Streaming stopped", .run = stop_streaming, .put_data = put_stop,
            .tell_already = tell_stopped),
    COMMAND("get_streaming_status", NULL_PAGE_ALWAYS, PARAMETERS(BANDS), .done = "Streaming status",
            .run = get_streaming_status, .put_data = put_status),
    COMMAND("start_recording", NULL_PAGE_NEVER, .needs_recorder = true,
            PARAMETERS(SESSION_NAME, SENSORS, RATE, STREAM_DURATION, FORMATS, WORD("participant"),
                       WORD("task"), NOTES, BANDS),
            .done = "Recording started", .run = start_recording, .put_data = put_recording_start),
    COMMAND("stop_recording", NULL_PAGE_NEVER, .needs_recorder = true, .done = "Recording stopped",
            .run = stop_recording, .put_data = put_recording,
            .tell_already = tell_recording_stopped),
    COMMAND("keep_recent", NULL_PAGE_NEVER, .needs_recorder = true,
            PARAMETERS({"minutes", PARAMETER_NUMBER, .min = 0.1, .max = 60, .unit = "min",
                        .allowed = "a number of minutes from 0.1 to 60"},
                       SESSION_NAME, SENSORS, FORMATS, WORD("participant"), WORD("task"), NOTES,
                       BANDS),
            .done = "Kept", .run = keep_recent),
    COMMAND("get_recording_status", NULL_PAGE_NEVER, .done = "Recording status",
            .run = answer_at_once, .put_data = put_recording),
    COMMAND("list_recordings", NULL_PAGE_NEVER, .needs_recorder = true,
            PARAMETERS({"limit", PARAMETER_INTEGER, .min = 1, .max = SESSION_LIST_MAX, .number = 20,
                        .allowed = "a whole number from 1 to 50"},
                       {"before", PARAMETER_SESSION, .allowed = SESSION_ALLOWED}),
            .done = "Recordings", .run = list_recordings),
    COMMAND(
        "delete_recording", NULL_PAGE_NEVER, .needs_recorder = true,
        PARAMETERS({"session_id", PARAMETER_SESSION, .required = true, .allowed = SESSION_ALLOWED}),
        .done = "Recording deleted", .run = delete_recording),
    COMMAND("subscribe", NULL_PAGE_ALWAYS, PARAMETERS(SENSORS, KINDS(KIND_DEFAULT), BANDS),
            .done = "Subscribed", .run = subscribe),
    COMMAND("unsubscribe", NULL_PAGE_ALWAYS, PARAMETERS(SENSORS, KINDS(KIND_ALL)),
            .done = "Unsubscribed", .run = unsubscribe),
    COMMAND("insert_marker", NULL_PAGE_NOT_WHILE_RECORDING,
            PARAMETERS({"label", PARAMETER_STRING, .required = true, .min = 1, .max = LABEL_MAX,
                        .unit = "bytes", .allowed = "a string of 1 to 256 bytes"},
                       {"timestamp", PARAMETER_TIME, .unit = "ms",
                        .allowed = "Unix milliseconds, or an ISO 8601 time with its zone, like "
                                   "2026-01-31T12:00:00.000Z"},
                       BANDS),
            .done = "Marker set", .run = insert_marker, .put_data = put_marker),
    COMMAND("health_check", NULL_PAGE_ALWAYS, .done = "State of health", .run = answer_at_once,
            .put_data = put_health_data),
    COMMAND("get_server_info", NULL_PAGE_ALWAYS, .done = "Server information",
            .run = answer_at_once, .put_data = put_info),
    {.name = NULL},
};
