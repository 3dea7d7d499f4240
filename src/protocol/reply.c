/* Requests that wait for their outcome, and the one reply that each gets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/now.h"
#include "base/text.h"
#include "event.h"
#include "protocol_internal.h"
#include "reply.h"

#define COMMAND_ECHO_MAX 256
#define GIVEN_MAX        200 /* bytes of a refused value that are echoed */
#define MESSAGE_MAX      1024

static void put_now(struct json *json)
{
    json_put_iso(json, "timestamp", (double)now_utc_us() / 1000.0);
}

/* ---- requests */

struct request *request_create(struct protocol *protocol, uint64_t client,
                               const struct command *command, const char *id)
{
    struct request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->protocol = protocol;
    request->client = client;
    request->command = command;
    request->id = id ? strdup(id) : NULL;
    request->next = protocol->pending;
    protocol->pending = request;
    return request;
}

void request_destroy(struct request *request)
{
    struct request **link = &request->protocol->pending;

    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    for (size_t i = 0; i < request->part_count; i++)
        json_finish(&request->parts[i].data);
    free(request->parts);
    json_finish(&request->bands);
    free(request->id);
    free(request);
}

/* Nobody is to hear what comes of it. */
static void forget(const struct request *request)
{
    struct manager *manager = request->protocol->manager;

    if (!manager)
        return;
    manager_forget(manager, request);
    for (size_t i = 0; i < request->part_count; i++)
        manager_forget(manager, &request->parts[i]);
}

void requests_abandon(struct protocol *protocol, uint64_t client)
{
    for (struct request *request = protocol->pending; request; request = request->next) {
        if (request->client != client)
            continue;
        request->abandoned = true;
        forget(request);
    }
}

void requests_sweep(struct protocol *protocol)
{
    struct request *next;

    for (struct request *request = protocol->pending; request; request = next) {
        next = request->next;
        if (!request->abandoned || request->lent)
            continue;
        /* It may have been lent to the manager only after its client was gone: what a command
         * answers first may be what ends the client that sent it. */
        forget(request);
        request_destroy(request);
    }
}

int requests_of(const struct protocol *protocol, uint64_t client)
{
    int count = 0;

    for (const struct request *r = protocol->pending; r; r = r->next)
        count += r->client == client;
    return count;
}

/* Begins a reply up to its data's members. */
static struct json *reply_begin(struct protocol *protocol, const char *command, bool success,
                                const char *message)
{
    struct json *json = &protocol->json;

    json_clear(json);
    json_begin_object(json);
    json_put_string(json, "type", "command_response");
    json_put_string(json, "command", command);
    json_put_bool(json, "success", success);
    json_put_string(json, "message", message);
    json_key(json, "data");
    json_begin_object(json);
    return json;
}

/* False, and nothing was sent, where it has become longer than a frame may be. */
static bool reply_send(struct protocol *protocol, uint64_t client, const char *id)
{
    struct json *json = &protocol->json;

    json_end_object(json);
    put_now(json);
    if (id) {
        json_key(json, "id");
        json_raw(json, id, strlen(id));
    }
    json_end_object(json);
    if (json->len > (size_t)protocol->limits.frame_bytes)
        return false;
    protocol->out.reply(protocol->out.user, client, json->text, json->len);
    return true;
}

/* The member "devices", where there is something to be told of bands. */
static void put_parts(struct json *json, const struct json *bands)
{
    if (bands->len == 0)
        return;
    json_key(json, "devices");
    json_raw(json, bands->text, bands->len);
}

/* `command` is echoed to its COMMAND_ECHO_MAX: it may be all that a message can hold. */
static void send_failure(struct protocol *protocol, uint64_t client, const char *command,
                         const char *id, const struct failure *failure, const char *details,
                         const struct json *bands)
{
    char echo[COMMAND_ECHO_MAX];

    snprintf(echo, sizeof(echo), "%s", command);
    text_blank_controls(echo);
    struct json *json = reply_begin(protocol, echo, false, failure->message);

    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "error_message", failure->message);
    json_key(json, "details");
    json_raw(json, details, strlen(details));
    put_parts(json, bands);
    reply_send(protocol, client, id);
    /* Undone by a later command: that one tells what happened. */
    if (failure->code != ERROR_CANCELLED)
        event_error(protocol, client, failure, details);
}

void reply_failure(struct protocol *protocol, uint64_t client, const char *command, const char *id,
                   const struct failure *failure, const char *details)
{
    static const struct json none;

    send_failure(protocol, client, command, id, failure, details, &none);
}

void request_send(struct request *request)
{
    struct failure failure;

    put_parts(&request->protocol->json, &request->bands);

    if (!reply_send(request->protocol, request->client, request->id))
        reply_failure(request->protocol, request->client, request->command->name, request->id,
                      failure_set(&failure, ERROR_INTERNAL,
                                  "It was done, but the answer is over %d bytes, a frame's limit.",
                                  request->protocol->limits.frame_bytes),
                      "{}");
}

struct json *request_begin(struct request *request, const char *refused)
{
    const struct command *command = request->command;
    char message[MESSAGE_MAX];

    snprintf(message, sizeof(message), "%s%s%s%s%s", command->done,
             request->already ? ": it was already so" : "", refused,
             request->ignored[0] ? "; ignored unknown parameters: " : "", request->ignored);
    return reply_begin(request->protocol, command->name, true, message);
}

void request_end(struct request *request)
{
    request_send(request);
    request_destroy(request);
}

void request_succeed(struct request *request, const struct manager_outcome *outcome)
{
    static const struct manager_outcome nothing = {.sensor = -1};
    struct protocol *protocol = request->protocol;
    const struct command *command = request->command;

    if (!outcome)
        outcome = &nothing;
    request->already = outcome->already;
    struct json *json = request_begin(request, "");
    if (command->put_data)
        command->put_data(protocol, json, outcome);
    request_send(request);
    if (outcome->already && command->tell_already)
        command->tell_already(protocol, request->client, outcome);
    request_destroy(request);
}

void request_fail_with(struct request *request, const struct failure *failure, const char *details)
{
    send_failure(request->protocol, request->client, request->command->name, request->id, failure,
                 details, &request->bands);
    request_destroy(request);
}

void request_fail(struct request *request, const struct failure *failure)
{
    request_fail_with(request, failure, "{}");
}

/* By as few digits as tell it from all others: cJSON's own may be another number. */
static void put_number(struct json *json, double number)
{
    char text[32];
    int len = 0;

    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    json_raw(json, text, (size_t)len);
}

/* The refused value as it came, or its beginning where it is long. */
static void put_given(struct json *json, const cJSON *given)
{
    char *text = given ? cJSON_PrintUnformatted(given) : NULL;

    json_key(json, "given");
    if (given && cJSON_IsNumber(given) && isfinite(given->valuedouble)) {
        put_number(json, given->valuedouble);
    } else if (!text) {
        json_null(json);
    } else if (strlen(text) <= GIVEN_MAX) {
        json_raw(json, text, strlen(text));
    } else {
        size_t len = GIVEN_MAX; /* where a character begins */
        while (((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
        text[len] = '\0';
        json_string(json, text);
    }
    cJSON_free(text);
}

static void put_refusal(struct json *json, const struct refusal *refusal)
{
    json_begin_object(json);
    json_put_string(json, "parameter", refusal->parameter);
    put_given(json, refusal->given);
    json_put_string(json, "allowed", refusal->allowed);
    json_end_object(json);
}

void request_refuse(struct request *request, const struct refusal *refusal)
{
    struct failure failure;
    struct json details;

    json_init(&details);
    put_refusal(&details, refusal);
    failure_set(&failure, ERROR_INVALID_PARAMETERS, "%s %s: it must be %s", refusal->parameter,
                refusal->given ? "is not allowed as given" : "is missing", refusal->allowed);
    request_fail_with(request, &failure, details.text);
    json_finish(&details);
}

void reply_health(struct protocol *protocol, uint64_t client, const char *id)
{
    struct json *json = &protocol->json;

    json_clear(json);
    json_begin_object(json);
    json_put_string(json, "type", "health_check_response");
    if (id) {
        json_key(json, "id");
        json_raw(json, id, strlen(id));
    }
    put_now(json);
    json_key(json, "data");
    json_begin_object(json);
    protocol_put_health(protocol, json);
    json_end_object(json);
    json_end_object(json);
    protocol->out.reply(protocol->out.user, client, json->text, json->len);
}

/* ---- the manager's outcomes */

static void put_rates(struct json *json, const double rates[4])
{
    json_key(json, "allowed");
    json_begin_array(json);
    for (int i = 0; i < 4 && rates[i] > 0; i++)
        json_fixed(json, rates[i], 1);
    json_end_array(json);
}

static void put_outcome_details(struct json *json, const struct manager_outcome *outcome)
{
    json_begin_object(json);
    if (outcome->parameter) {
        json_put_string(json, "parameter", outcome->parameter);
        if (outcome->rates[0] > 0) {
            json_put_fixed(json, "given", outcome->rate, 3);
            put_rates(json, outcome->rates);
        } else if (outcome->allowed) {
            json_put_string(json, "given", outcome->band.name);
            json_put_string(json, "allowed", outcome->allowed);
        }
    }
    if (outcome->sensor >= 0 && outcome->sensor < SENSOR_COUNT) {
        json_put_string(json, "sensor_type", sensor_name((enum sensor)outcome->sensor));
        json_put_string(json, "message", outcome->failure.message);
    }
    json_end_object(json);
}

void request_done(struct request *request, const struct manager_outcome *outcome)
{
    struct json details;

    if (outcome->failure.code == ERROR_NONE) {
        request_succeed(request, outcome);
        return;
    }
    json_init(&details);
    put_outcome_details(&details, outcome);
    request_fail_with(request, &outcome->failure, details.text);
    json_finish(&details);
}

static void manager_done(void *user, const struct manager_outcome *outcome)
{
    request_done(user, outcome);
}

struct manager_reply request_reply(struct request *request)
{
    return (struct manager_reply){manager_done, request};
}
