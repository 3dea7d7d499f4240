#include "app/observed.h"
#include "protocol/json.h"

/* Sentences for what needs a person; returns how many. */
static size_t find_problems(const struct observed *observed, const char *problems[3])
{
    size_t count = 0;

    if (!*observed->manager) {
        problems[count++] = "linkbandd is stopping";
        return count;
    }
    const struct manager_status *status = manager_status(*observed->manager);
    if (!status->bluetooth_available || !status->bluetooth_powered)
        problems[count++] =
            status->bluetooth_message ? status->bluetooth_message : "there is no Bluetooth";
    if (!*observed->recorder)
        problems[count++] = "nothing can be recorded: the log says why";
    return count;
}

static void put_state(struct json *json, const struct observed *observed)
{
    struct recorder *recorder = *observed->recorder;
    const struct manager_status *status =
        *observed->manager ? manager_status(*observed->manager) : NULL;

    json_put_integer(json, "clients_connected", (int64_t)server_client_count(*observed->server));
    json_put_bool(json, "device_connected", status && status->link == LINK_CONNECTED);
    json_put_bool(json, "is_streaming", status && status->stream == STREAM_STREAMING);
    json_put_bool(json, "is_recording", recorder && recorder_is_recording(recorder));
}

void health_answer(void *user, const struct http_request *request, struct http_response *response)
{
    const struct observed *observed = user;
    const char *problems[3];
    size_t count = find_problems(observed, problems);
    struct json json;

    (void)request;
    json_init(&json);
    json_begin_object(&json);
    json_put_string(&json, "status", count ? "degraded" : "ok");
    json_key(&json, "problems");
    json_begin_array(&json);
    for (size_t i = 0; i < count; i++)
        json_string(&json, problems[i]);
    json_end_array(&json);
    json_put_string(&json, "version", LINKBANDD_VERSION);
    put_state(&json, observed);
    json_end_object(&json);
    http_reply_text(response, count ? 503 : 200, "application/json", json.text, json.len);
    json_finish(&json);
}
