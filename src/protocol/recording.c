/* The recording commands, and what the recorder has to say of them. */
#include "recording.h"

#include <math.h>
#include <string.h>

#include "band_events.h"
#include "bands.h"
#include "base/now.h"
#include "by_band.h"
#include "event.h"
#include "info.h"
#include "protocol_internal.h"
#include "reply.h"

/* Bytes of a band's path; a longer one is null, so that those of eight fit a frame. */
#define PATH_MAX_TOLD 1024

const char *const format_names[] = {"csv", "bdf", "jsonl", NULL};
_Static_assert(FORMAT_CSV == 1 && FORMAT_BDF == 2 && FORMAT_JSONL == 4, "bits by place");

/* ---- members */

static void put_session(struct json *json, const struct recorder_status *status)
{
    json_put_string_or_null(json, "session_id", status->session_id);
    json_put_string_or_null(json, "session_name", status->session_name);
    json_put_string_or_null(json, "path", status->path);
    put_sensors(json, "sensors", status->sensors);
    put_names(json, "formats", format_names, status->formats);
}

static void put_tally(struct json *json, const struct recorder_status *status)
{
    json_put_fixed(json, "duration", status->duration, 3);
    put_counts(json, "samples", status->samples, status->sensors);
    put_counts(json, "lost", status->lost, status->sensors);
}

static void put_recorded_bands(struct json *json, const struct recorder_status *status)
{
    json_key(json, "bands");
    json_begin_array(json);
    for (size_t i = 0; i < status->band_count; i++) {
        const struct recorded_band *band = &status->bands[i];

        json_begin_object(json);
        json_put_string_or_null(json, "device_id", band->device_id);
        json_put_string_or_null(json, "path",
                                strlen(band->path) <= PATH_MAX_TOLD ? band->path : "");
        put_counts(json, "samples", band->samples, band->sensors);
        put_counts(json, "lost", band->lost, band->sensors);
        json_end_object(json);
    }
    json_end_array(json);
}

void put_recording_of(struct json *json, const struct recorder_status *status)
{
    json_put_bool(json, "is_recording", status->is_recording);
    json_put_string_or_null(json, "session_id", status->session_id);
    json_put_string_or_null(json, "path", status->path);
    json_put_iso(json, "since",
                 status->session_id[0] ? (double)status->since_utc_us / 1e3 : (double)NAN);
    put_tally(json, status);
    json_put_integer(json, "bytes", (int64_t)status->bytes);
    const bool known = status->is_recording && status->minutes_left > 0;
    json_put_fixed(json, "minutes_left", known ? status->minutes_left : (double)NAN, 1);
    put_recorded_bands(json, status);
}

void put_recording_status(struct protocol *protocol, struct json *json)
{
    static const struct recorder_status none = {0};

    put_recording_of(json, protocol->recorder ? recorder_status(protocol->recorder) : &none);
}

/* ---- events */

static void event_recording_started(struct protocol *protocol, uint64_t client,
                                    const struct recorder_status *status)
{
    struct json *json = event_begin(protocol, EVENT_RECORDING_STARTED);

    put_session(json, status);
    put_recorded_bands(json, status);
    event_send(protocol, client);
}

static void event_recording_stopped(struct protocol *protocol, uint64_t client,
                                    enum recording_end reason, const struct recorder_status *status)
{
    struct json *json = event_begin(protocol, EVENT_RECORDING_STOPPED);

    put_session(json, status);
    json_put_string(json, "reason", recording_end_name(reason));
    put_tally(json, status);
    put_recorded_bands(json, status);
    event_send(protocol, client);
}

/* ---- the recorder's listener */

/* Answers what waits for the outcome of `command`. */
static void answer_waiting(struct protocol *protocol, const char *command,
                           const struct failure *failure)
{
    struct request *next;

    for (struct request *request = protocol->pending; request; request = next) {
        next = request->next;
        if (strcmp(request->command->name, command) != 0)
            continue;
        if (failure)
            request_fail(request, failure);
        else
            request_succeed(request, NULL);
    }
}

static void on_started(void *user, const struct recorder_status *status)
{
    struct protocol *protocol = user;

    answer_waiting(protocol, "start_recording", NULL);
    event_recording_started(protocol, TO_ALL, status);
    device_infos_changed(protocol);
}

/* What was recorded is wanted no longer, of no place: a band may have left one meanwhile. At
 * shutdown the manager may be gone before the recording has ended. */
static void let_go(struct protocol *protocol)
{
    if (!protocol->manager)
        return;
    const unsigned places = manager_ground(protocol->manager)->max_bands;
    for (unsigned place = 0; place < places; place++)
        manager_want_for_recording(protocol->manager, place, 0);
    device_infos_changed(protocol);
}

static void on_start_failed(void *user, const struct failure *failure)
{
    struct protocol *protocol = user;

    let_go(protocol);
    answer_waiting(protocol, "start_recording", failure);
    answer_waiting(protocol, "stop_recording", NULL);
}

static void on_failed(void *user, const struct failure *failure)
{
    struct protocol *protocol = user;

    answer_waiting(protocol, "stop_recording", failure);
    event_error(protocol, TO_ALL, failure, NULL);
}

static void on_stopped(void *user, enum recording_end reason, const struct recorder_status *status)
{
    struct protocol *protocol = user;

    let_go(protocol);
    answer_waiting(protocol, "stop_recording", NULL);
    protocol->recording_end = reason;
    event_recording_stopped(protocol, TO_ALL, reason, status);
}

static void on_file(void *user, const char *session_id, const char *file,
                    const struct failure *failure)
{
    struct protocol *protocol = user;
    struct json *json = event_begin(protocol, EVENT_RECORDING_FILE);

    json_put_string(json, "session_id", session_id);
    json_put_string(json, "file", file);
    json_put_string(json, "state", failure ? "failed" : "ready");
    json_put_string_or_null(json, "error_message", failure ? failure->message : "");
    event_send(protocol, TO_ALL);
}

static void on_storage_low(void *user, uint64_t free_bytes, double minutes_left)
{
    struct protocol *protocol = user;
    struct json *json = event_begin(protocol, EVENT_STORAGE_LOW);

    json_put_integer(json, "free_bytes", (int64_t)free_bytes);
    json_put_fixed(json, "minutes_left", minutes_left, 1);
    event_send(protocol, TO_ALL);
}

static struct recording_band band_of(struct protocol *protocol, unsigned place)
{
    const struct manager_status *status = manager_status(protocol->manager, place);
    const struct band_link *device = &status->device;

    return (struct recording_band){
        .device = place,
        .name = device->band.name,
        .address = device->band.address,
        .firmware = device->firmware,
        .anchor = device->anchor,
        .eeg_rate = status->eeg_rate,
        .flowing = status->flowing,
        .battery = device->battery_level == BATTERY_UNKNOWN ? -1 : device->battery_level,
        .pipeline = status->pipeline,
        .mains_hz = manager_mains_hz(protocol->manager),
    };
}

static bool is_connected(struct protocol *protocol, unsigned place)
{
    return protocol->manager && manager_status(protocol->manager, place)->link == LINK_CONNECTED;
}

bool protocol_band(struct protocol *protocol, unsigned device, struct recording_band *band)
{
    if (!is_connected(protocol, device))
        return false;
    *band = band_of(protocol, device);
    return true;
}

static bool on_band_asked(void *user, unsigned device, struct recording_band *band)
{
    return protocol_band(user, device, band);
}

struct recorder_listener protocol_recorder_listener(struct protocol *protocol)
{
    return (struct recorder_listener){
        .user = protocol,
        .started = on_started,
        .start_failed = on_start_failed,
        .failed = on_failed,
        .stopped = on_stopped,
        .file = on_file,
        .storage_low = on_storage_low,
        .band = on_band_asked,
    };
}

void protocol_set_recorder(struct protocol *protocol, struct recorder *recorder,
                           const struct failure *why_not)
{
    recorded_set_recorder(&protocol->recorded, &protocol->sinks, recorder);
    protocol->recorder = recorder;
    if (why_not)
        protocol->no_recorder = *why_not;
}

/* ---- start_recording */

struct session_about about_of(const struct value *values)
{
    return (struct session_about){
        .session_name = value_of(values, "session_name")->text,
        .participant = value_of(values, "participant")->text,
        .task = value_of(values, "task")->text,
        .notes = value_of(values, "notes")->text,
    };
}

/* Those of the bands that are connected. Where they were named all must be: false, and answered. */
static bool keep_connected(struct request *request, struct bands *bands, bool named)
{
    struct bands connected = {.count = 0};
    struct failure failure;

    for (size_t i = 0; i < bands->count; i++) {
        const unsigned place = bands->places[i];
        if (is_connected(request->protocol, place)) {
            connected.places[connected.count++] = place;
        } else if (named) {
            const struct band_link *link =
                &manager_status(request->protocol->manager, place)->device;
            request_fail(request, failure_set(&failure, ERROR_NOT_CONNECTED,
                                              "%s is not connected: connect it first, then record.",
                                              link->band.name));
            return false;
        }
    }
    *bands = connected;
    if (connected.count == 0)
        request_fail(request, failure_set(&failure, ERROR_NOT_CONNECTED,
                                          "No band is connected: connect one first, then record."));
    return connected.count > 0;
}

/* False, and answered, where a band doesn't give EEG at this rate; without a band as of any. */
static bool rate_fits(struct request *request, const struct bands *bands,
                      const struct recording_request *wanted)
{
    struct manager_outcome refused;

    for (size_t i = 0; i < bands->count; i++) {
        if (manager_rate_fits(request->protocol->manager, bands->places[i], wanted->sensors,
                              wanted->sample_rate, &refused))
            continue;
        request_done(request, &refused);
        return false;
    }
    return true;
}

static void record_bands(struct request *request, const struct recording_request *wanted,
                         const struct bands *these)
{
    struct protocol *protocol = request->protocol;
    struct recording_band bands[MANAGER_DEVICES_MAX];
    struct failure failure;

    for (size_t i = 0; i < these->count; i++)
        bands[i] = band_of(protocol, these->places[i]);
    if (!recorder_start(protocol->recorder, wanted, bands, these->count, &failure)) {
        request_fail(request, &failure);
        return;
    }
    recorded_begins(&protocol->recorded, wanted, bands, these->count);
    for (size_t i = 0; i < these->count; i++)
        manager_want_for_recording(protocol->manager, these->places[i], wanted->sensors);
}

void start_recording(struct request *request, const struct value *values)
{
    const struct value *device_id = value_of(values, "device_id");
    const bool named = device_id->device_count > 0;
    const struct recording_request wanted = {
        .about = about_of(values),
        .sensors = value_of(values, "sensors")->set,
        .sample_rate = value_of(values, "sample_rate")->number,
        .duration = value_of(values, "duration")->number,
        .formats = value_of(values, "formats")->set,
        .these_only = named,
    };
    struct bands bands;

    if (by_band_named(request, device_id, &bands) && rate_fits(request, &bands, &wanted) &&
        keep_connected(request, &bands, named))
        record_bands(request, &wanted, &bands);
}

void put_recording_start(struct protocol *protocol, struct json *json,
                         const struct manager_outcome *outcome)
{
    const struct recorder_status *status = recorder_status(protocol->recorder);

    (void)outcome;
    json_put_string(json, "session_id", status->session_id);
    json_put_string_or_null(json, "path", status->path);
    put_names(json, "formats", format_names, status->formats);
}

/* ---- stop_recording, get_recording_status */

/* Answered by on_stopped, once packets and CSV are synced. */
void stop_recording(struct request *request, const struct value *values)
{
    static const struct manager_outcome already = {.already = true, .sensor = -1};
    struct recorder *recorder = request->protocol->recorder;

    (void)values;
    if (recorder_is_recording(recorder))
        recorder_stop(recorder, RECORDING_END_USER_REQUEST);
    else if (!recorder_is_ending(recorder))
        request_succeed(request, &already);
}

void tell_recording_stopped(struct protocol *protocol, uint64_t client,
                            const struct manager_outcome *outcome)
{
    (void)outcome;
    event_recording_stopped(protocol, client, protocol->recording_end,
                            recorder_status(protocol->recorder));
}

void put_recording(struct protocol *protocol, struct json *json,
                   const struct manager_outcome *outcome)
{
    (void)outcome;
    put_recording_status(protocol, json);
}
