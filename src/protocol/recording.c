/* The recording commands, and what the recorder has to say of them. */
#include "recording.h"

#include <math.h>
#include <string.h>

#include "band_events.h"
#include "base/now.h"
#include "event.h"
#include "info.h"
#include "protocol_internal.h"
#include "reply.h"

/* What a reply with a list may have come to before its end: the frame's limit is 16 KiB, and an id
 * of ID_MAX bytes comes behind it. */
#define LIST_BYTES_MAX (16 * 1024 - ID_MAX - 128)

const char *const format_names[] = {"csv", "bdf", "jsonl", NULL};
_Static_assert(FORMAT_CSV == 1 && FORMAT_BDF == 2 && FORMAT_JSONL == 4, "bits by place");

/* ---- members ---- */

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
}

void put_recording_status(struct protocol *protocol, struct json *json)
{
    static const struct recorder_status none = {0};

    put_recording_of(json, protocol->recorder ? recorder_status(protocol->recorder) : &none);
}

/* ---- events ---- */

static void event_recording_started(struct protocol *protocol, uint64_t client,
                                    const struct recorder_status *status)
{
    put_session(event_begin(protocol, EVENT_RECORDING_STARTED), status);
    event_send(protocol, client);
}

static void event_recording_stopped(struct protocol *protocol, uint64_t client,
                                    enum recording_end reason, const struct recorder_status *status)
{
    struct json *json = event_begin(protocol, EVENT_RECORDING_STOPPED);

    put_session(json, status);
    json_put_string(json, "reason", recording_end_name(reason));
    put_tally(json, status);
    event_send(protocol, client);
}

/* ---- the recorder's listener ---- */

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

/* What was recorded is wanted no longer. At shutdown the manager may be gone before the recording
 * has ended. */
static void let_go(struct protocol *protocol)
{
    if (!protocol->manager)
        return;
    manager_want_for_recording(protocol->manager, first_device(protocol), 0);
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

static struct recording_band band_of(struct protocol *protocol)
{
    const struct manager_status *status = manager_status(protocol->manager, first_device(protocol));
    const struct band_link *device = &status->device;

    return (struct recording_band){
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

static bool on_band_asked(void *user, struct recording_band *band)
{
    struct protocol *protocol = user;

    if (!protocol->manager ||
        manager_status(protocol->manager, first_device(protocol))->link != LINK_CONNECTED)
        return false;
    *band = band_of(protocol);
    return true;
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

/* ---- start_recording ---- */

struct session_about about_of(const struct value *values)
{
    return (struct session_about){
        .session_name = value_of(values, "session_name")->text,
        .participant = value_of(values, "participant")->text,
        .task = value_of(values, "task")->text,
        .notes = value_of(values, "notes")->text,
    };
}

void start_recording(struct request *request, const struct value *values)
{
    struct protocol *protocol = request->protocol;
    const struct recording_request wanted = {
        .about = about_of(values),
        .sensors = value_of(values, "sensors")->set,
        .sample_rate = value_of(values, "sample_rate")->number,
        .duration = value_of(values, "duration")->number,
        .formats = value_of(values, "formats")->set,
    };
    struct manager_outcome refused;
    struct failure failure;

    if (!manager_rate_fits(protocol->manager, first_device(protocol), wanted.sensors,
                           wanted.sample_rate, &refused)) {
        request_done(request, &refused);
        return;
    }
    if (manager_status(protocol->manager, first_device(protocol))->link != LINK_CONNECTED) {
        request_fail(request, failure_set(&failure, ERROR_NOT_CONNECTED,
                                          "No band is connected: connect one first, then record."));
        return;
    }
    const struct recording_band band = band_of(protocol);
    if (!recorder_start(protocol->recorder, &wanted, &band, &failure)) {
        request_fail(request, &failure);
        return;
    }
    recorded_begins(&protocol->recorded, band.name);
    manager_want_for_recording(protocol->manager, first_device(protocol), wanted.sensors);
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

/* ---- stop_recording, get_recording_status ---- */

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

/* ---- list_recordings, delete_recording ---- */

static void put_summary(struct json *json, const struct session_summary *session)
{
    json_begin_object(json);
    json_put_string(json, "session_id", session->id);
    json_put_string_or_null(json, "session_name", session->name);
    json_put_string(json, "state", session_state_name(session->state));
    json_put_string_or_null(json, "problem", session->problem);
    json_put_iso(json, "start", (double)session->start_utc_us / 1e3);
    json_put_fixed(json, "duration", session->duration, 3);
    json_put_integer(json, "bytes", (int64_t)session->bytes);
    put_sensors(json, "sensors", session->sensors);
    json_key(json, "files");
    json_begin_array(json);
    for (int file = 0; file < FILE_COUNT; file++) {
        if (session->files[file])
            json_string(json, session_file_name((enum session_file)file));
    }
    json_end_array(json);
    json_end_object(json);
}

void protocol_put_sessions(struct json *json, const struct session_summary *sessions, size_t count,
                           bool more)
{
    json_key(json, "sessions");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        const size_t before = json->len;
        put_summary(json, &sessions[i]);
        if (json->len <= LIST_BYTES_MAX)
            continue;
        json_cut(json, before);
        more = true;
        break;
    }
    json_end_array(json);
    json_put_bool(json, "more", more);
}

static void on_listed(void *user, const struct session_summary *sessions, size_t count, bool more)
{
    struct request *request = user;

    protocol_put_sessions(request_begin(request, ""), sessions, count, more);
    request_end(request);
}

/* Answers BUSY and returns false where this client asks so much that others would hear BUSY. */
static bool may_ask_more(struct request *request)
{
    struct failure failure;
    int count = 0;

    for (const struct request *one = request->protocol->pending; one; one = one->next)
        count += one->lent && one->client == request->client;
    if (count < PROTOCOL_ASIDE_MAX)
        return true;
    request_fail(request, failure_set(&failure, ERROR_BUSY,
                                      "%d lists and deletions of this client are under way: wait "
                                      "for replies first.",
                                      PROTOCOL_ASIDE_MAX));
    return false;
}

void list_recordings(struct request *request, const struct value *values)
{
    const size_t limit = (size_t)value_of(values, "limit")->number;
    const char *before = value_of(values, "before")->text;
    struct failure failure;

    if (!may_ask_more(request))
        return;
    if (recorder_list(request->protocol->recorder, limit, before, on_listed, request, &failure))
        request->lent = true;
    else
        request_fail(request, &failure);
}

static void refuse_session(struct request *request, const char *session_id)
{
    cJSON *given = cJSON_CreateString(session_id);

    request_refuse(request, &(struct refusal){"session_id", given, SESSION_ALLOWED});
    cJSON_Delete(given);
}

static void on_deleted(void *user, const char *session_id, const struct failure *failure)
{
    struct request *request = user;

    if (failure && failure->code == ERROR_INVALID_PARAMETERS) {
        refuse_session(request, session_id);
        return;
    }
    if (failure) {
        request_fail(request, failure);
        return;
    }
    json_put_string(request_begin(request, ""), "session_id", session_id);
    request_end(request);
}

void delete_recording(struct request *request, const struct value *values)
{
    const char *id = value_of(values, "session_id")->text;
    struct failure failure;

    if (!may_ask_more(request))
        return;
    if (recorder_delete(request->protocol->recorder, id, on_deleted, request, &failure))
        request->lent = true;
    else
        request_fail(request, &failure);
}
