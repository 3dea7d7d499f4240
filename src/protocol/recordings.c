/* Which recordings there are, and their deletion. */
#include "recordings.h"

#include "info.h"
#include "protocol_internal.h"
#include "reply.h"

/* What a reply with a list may have come to before its end: the frame's limit is 16 KiB, and an id
 * of ID_MAX bytes comes behind it. */
#define LIST_BYTES_MAX (16 * 1024 - ID_MAX - 128)

static void put_files(struct json *json, const bool files[FILE_COUNT])
{
    json_key(json, "files");
    json_begin_array(json);
    for (int file = 0; file < FILE_COUNT; file++) {
        if (files[file])
            json_string(json, session_file_name((enum session_file)file));
    }
    json_end_array(json);
}

/* Of several; of one band the session's own folder has its files. */
static void put_bands_of(struct json *json, const struct session_summary *session)
{
    json_key(json, "bands");
    json_begin_array(json);
    for (size_t i = 0; i < session->band_count; i++) {
        json_begin_object(json);
        json_put_string_or_null(json, "device_id", session->bands[i].device_id);
        json_put_string(json, "folder", session->bands[i].folder);
        put_files(json, session->bands[i].files);
        json_end_object(json);
    }
    json_end_array(json);
}

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
    put_files(json, session->files);
    if (session->band_count > 0)
        put_bands_of(json, session);
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
