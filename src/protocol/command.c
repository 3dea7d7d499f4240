/* A message in: parsed, checked, dispatched by the table of commands; and a command's one reply. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "base/text.h"
#include "protocol_impl.h"

#define COMMAND_ECHO_MAX 256
#define GIVEN_MAX        200 /* bytes of a refused value that are echoed */
#define SAFE_INTEGER     9007199254740992.0

static void put_now(struct json *json)
{
    json_put_iso(json, "timestamp", (double)now_utc_us() / 1000.0);
}

/* ---- requests */

static void request_destroy(struct request *request)
{
    struct request **link = &request->protocol->pending;

    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    free(request->id);
    free(request);
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
        if (protocol->manager)
            manager_forget(protocol->manager, request);
        request_destroy(request);
    }
}

static int pending_of(const struct protocol *protocol, uint64_t client)
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

static void answer_failure(struct protocol *protocol, uint64_t client, const char *command,
                           const char *id, const struct failure *failure, const char *details);

static void send_success(struct request *request)
{
    struct failure failure;

    if (!reply_send(request->protocol, request->client, request->id))
        answer_failure(request->protocol, request->client, request->command->name, request->id,
                       failure_set(&failure, ERROR_INTERNAL,
                                   "It was done, but the answer is over %d bytes, a frame's limit.",
                                   request->protocol->limits.frame_bytes),
                       "{}");
}

struct json *request_begin(struct request *request)
{
    const struct command *command = request->command;
    char message[320];

    snprintf(message, sizeof(message), "%s%s%s%s", command->done,
             request->already ? ": it was already so" : "",
             request->ignored[0] ? "; ignored unknown parameters: " : "", request->ignored);
    return reply_begin(request->protocol, command->name, true, message);
}

void request_end(struct request *request)
{
    send_success(request);
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
    struct json *json = request_begin(request);
    if (command->put_data)
        command->put_data(protocol, json, outcome);
    send_success(request);
    if (outcome->already && command->tell_already)
        command->tell_already(protocol, request->client, outcome);
    request_destroy(request);
}

/* A failed reply, then the error event with the same code. `details` is an object as JSON text. */
/* `command` is echoed to its COMMAND_ECHO_MAX: it may be all that a message can hold. */
static void answer_failure(struct protocol *protocol, uint64_t client, const char *command,
                           const char *id, const struct failure *failure, const char *details)
{
    char echo[COMMAND_ECHO_MAX];

    snprintf(echo, sizeof(echo), "%s", command);
    text_blank_controls(echo);
    struct json *json = reply_begin(protocol, echo, false, failure->message);

    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "error_message", failure->message);
    json_key(json, "details");
    json_raw(json, details, strlen(details));
    reply_send(protocol, client, id);
    /* Undone by a later command: that one tells what happened. */
    if (failure->code != ERROR_CANCELLED)
        event_error(protocol, client, failure, details);
}

static void fail_with_details(struct request *request, const struct failure *failure,
                              const char *details)
{
    answer_failure(request->protocol, request->client, request->command->name, request->id, failure,
                   details);
    request_destroy(request);
}

void request_fail(struct request *request, const struct failure *failure)
{
    fail_with_details(request, failure, "{}");
}

/* The refused value as it came, or its beginning where it is long. */
static void put_given(struct json *json, const cJSON *given)
{
    char *text = given ? cJSON_PrintUnformatted(given) : NULL;

    json_key(json, "given");
    if (!text) {
        json_null(json);
    } else if (strlen(text) <= GIVEN_MAX) {
        json_raw(json, text, strlen(text));
    } else {
        text[GIVEN_MAX] = '\0';
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
    fail_with_details(request, &failure, details.text);
    json_finish(&details);
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
    fail_with_details(request, &outcome->failure, details.text);
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

/* ---- from text to a command */

static bool knows(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; len > 0 && (at = strstr(at, name)); at += len) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* Names the parameters that were given and are not known, as many as fit. */
static void note_unknown(struct request *request, const cJSON *parameters)
{
    const cJSON *item;
    size_t len = 0;

    cJSON_ArrayForEach(item, parameters)
    {
        if (knows(request->command->parameters, item->string) ||
            len + strlen(item->string) + 3 > sizeof(request->ignored))
            continue;
        len += (size_t)snprintf(request->ignored + len, sizeof(request->ignored) - len, "%s%s",
                                len ? ", " : "", item->string);
    }
    text_blank_controls(request->ignored);
}

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}

/* Who sent a message, and its text. */
struct sender {
    uint64_t client;
    bool restricted, too_fast;
    const char *text;
    size_t len;
};

/* A number as it came: neither cJSON's 15 digits nor a double's 53 bits must change it. */
static char *print_id(const struct sender *sender, const cJSON *item)
{
    const char *text;
    size_t len;

    if (!cJSON_IsNumber(item) || !json_member(sender->text, sender->len, "id", &text, &len))
        return cJSON_PrintUnformatted(item);
    return strndup(text, len);
}

/* The id as JSON text, to be freed; false if there is one that may not be. */
static bool read_id(const struct sender *sender, const cJSON *message, char **id)
{
    const cJSON *item = parameter(message, "id");

    *id = NULL;
    if (!item)
        return true;
    bool number = cJSON_IsNumber(item) && item->valuedouble >= -SAFE_INTEGER &&
                  item->valuedouble <= SAFE_INTEGER;
    if (!number && !cJSON_IsString(item))
        return false;
    *id = print_id(sender, item);
    if (*id && strlen(*id) <= ID_MAX)
        return true;
    free(*id);
    *id = NULL;
    return false;
}

static void health_check(struct protocol *protocol, uint64_t client, const char *id)
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

static void refuse_command(struct protocol *protocol, uint64_t client, const char *name,
                           const char *id, enum error_code code, const char *sentence)
{
    struct failure failure;

    failure_set(&failure, code, "%s", sentence);
    answer_failure(protocol, client, name, id, &failure, "{}");
}

static struct request *request_create(struct protocol *protocol, uint64_t client,
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

/* `payload` is what some clients call `parameters`. */
static void run(struct request *request, const cJSON *message)
{
    const cJSON *parameters = parameter(message, "parameters");

    if (!parameters)
        parameters = parameter(message, "payload");
    if (parameters && !cJSON_IsObject(parameters)) {
        request_refuse(request, &(struct refusal){"parameters", parameters, "an object"});
        return;
    }
    note_unknown(request, parameters);
    request->command->run(request, parameters);
}

static void unknown_command(struct protocol *protocol, uint64_t client, const char *name,
                            const char *id)
{
    struct failure failure;

    failure_set(&failure, ERROR_UNKNOWN_COMMAND,
                "There is no command %.64s; get_server_info lists those there are.", name);
    answer_failure(protocol, client, name, id, &failure, "{}");
}

static bool is_forbidden(const struct protocol *protocol, const struct command *command)
{
    return command->null_page == NULL_PAGE_NEVER ||
           (command->null_page == NULL_PAGE_NOT_WHILE_RECORDING && recording_runs(protocol));
}

static struct failure *too_fast(const struct protocol *protocol, struct failure *failure)
{
    return failure_set(failure, ERROR_BUSY,
                       "A client may send %d commands a second, %d at once after a rest; wait, "
                       "then send this one again.",
                       protocol->limits.messages_a_second, protocol->limits.messages_at_once);
}

static void dispatch(struct protocol *protocol, const struct sender *sender, const cJSON *message,
                     const char *name, const char *id)
{
    const struct command *command = find_command(name);
    const uint64_t client = sender->client;
    struct failure failure;

    if (!command) {
        unknown_command(protocol, client, name, id);
        return;
    }
    if (sender->too_fast) {
        answer_failure(protocol, client, name, id, too_fast(protocol, &failure), "{}");
        return;
    }
    if (sender->restricted && is_forbidden(protocol, command)) {
        failure_set(&failure, ERROR_NOT_ALLOWED,
                    "A page with the origin null may not do this%s; start linkbandd with "
                    "--allow-origin null, or serve the page from localhost.",
                    command->null_page == NULL_PAGE_NEVER ? "" : " while a recording runs");
        answer_failure(protocol, client, name, id, &failure, "{}");
        return;
    }
    if (pending_of(protocol, client) >= PROTOCOL_PENDING_MAX) {
        refuse_command(
            protocol, client, name, id, ERROR_BUSY,
            "32 commands of this client wait for their outcome; wait for replies first.");
        return;
    }
    struct request *request = request_create(protocol, client, command, id);
    if (!request) {
        refuse_command(protocol, client, name, id, ERROR_INTERNAL, "Out of memory; try again.");
        return;
    }
    if (strcmp(name, "health_check") == 0)
        health_check(protocol, client, id);
    run(request, message);
}

static void invalid_message(struct protocol *protocol, uint64_t client, const char *why)
{
    struct failure failure;

    failure_set(&failure, ERROR_INVALID_MESSAGE,
                "%s. Send one JSON object with a string \"command\".", why);
    event_error(protocol, client, &failure, NULL);
}

static void object(struct protocol *protocol, const struct sender *sender, const cJSON *message)
{
    const uint64_t client = sender->client;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "command"));
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    struct failure failure;
    char *id;
    bool valid_id = read_id(sender, message, &id);

    if (!name && (!type || strcmp(type, "health_check") != 0)) {
        invalid_message(protocol, client, "The message has no command");
    } else if (!valid_id) {
        failure_set(&failure, ERROR_INVALID_PARAMETERS,
                    "id must be a string of at most 1000 bytes or a number within 2^53.");
        static const char details[] =
            "{\"parameter\":\"id\",\"allowed\":\"a string of at most 1000 bytes or a number "
            "within 2^53\"}";
        if (name)
            answer_failure(protocol, client, name, NULL, &failure, details);
        else
            event_error(protocol, client, &failure, details);
    } else if (name) {
        dispatch(protocol, sender, message, name, id);
    } else if (sender->too_fast) {
        event_error(protocol, client, too_fast(protocol, &failure), NULL);
    } else {
        health_check(protocol, client, id);
    }
    free(id);
}

void protocol_text(struct protocol *protocol, uint64_t client, bool restricted, const char *text,
                   size_t len)
{
    const struct sender sender = {
        .client = client,
        .restricted = restricted,
        .too_fast = !protocol->out.may_send(protocol->out.user, client),
        .text = text,
        .len = len,
    };
    char why[128];
    const char *fault = json_check(text, len, PROTOCOL_NESTING_MAX);

    if (fault) {
        snprintf(why, sizeof(why), "The message is not valid JSON: %s", fault);
        invalid_message(protocol, client, why);
        return;
    }
    cJSON *message = cJSON_ParseWithLength(text, len);
    if (cJSON_IsObject(message))
        object(protocol, &sender, message);
    else
        invalid_message(protocol, client, "The message is not a JSON object");
    cJSON_Delete(message);
}

void protocol_binary(struct protocol *protocol, uint64_t client)
{
    invalid_message(protocol, client, "Binary messages are not understood");
}
