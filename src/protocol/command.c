/* A message in: parsed, checked, dispatched by the table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "event.h"
#include "info.h"
#include "parameters.h"
#include "protocol_internal.h"
#include "reply.h"

#define SAFE_INTEGER 9007199254740992.0

/* Names the parameters that were given and are not known, as many as fit. */
static void note_unknown(struct request *request, const cJSON *parameters)
{
    const cJSON *item;
    size_t len = 0;

    cJSON_ArrayForEach(item, parameters)
    {
        if (parameter_is_known(request->command->parameters, item->string) ||
            len + strlen(item->string) + 3 > sizeof(request->ignored))
            continue;
        len += (size_t)snprintf(request->ignored + len, sizeof(request->ignored) - len, "%s%s",
                                len ? ", " : "", item->string);
    }
    text_blank_controls(request->ignored);
}

static const struct command *find_command(const struct protocol *protocol, const char *name)
{
    for (const struct command *command = protocol->commands; command->name; command++) {
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

    /* Where cJSON's is a key spelled by escapes, another value may be what is found. */
    if (!cJSON_IsNumber(item) || !json_member(sender->text, sender->len, "id", &text, &len) ||
        !strchr("-0123456789", *text))
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

/* `payload` is what some clients call `parameters`. */
static void run(struct request *request, const cJSON *message)
{
    const cJSON *parameters = parameter(message, "parameters");
    const struct command *command = request->command;
    struct value values[PARAMETERS_MAX];
    struct refusal refusal;

    if (!parameters)
        parameters = parameter(message, "payload");
    if (parameters && !cJSON_IsObject(parameters)) {
        request_refuse(request, &(struct refusal){"parameters", parameters, "an object"});
        return;
    }
    note_unknown(request, parameters);
    if (command->needs_recorder && !request->protocol->recorder)
        request_fail(request, &request->protocol->no_recorder);
    else if (parameters_read(command->parameters, parameters, values, &refusal))
        command->run(request, values);
    else
        request_refuse(request, &refusal);
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

/* Whether there is such a command and this client may send it now; false and *failure if not. */
static bool may_send(const struct protocol *protocol, const struct sender *sender, const char *name,
                     const struct command *command, struct failure *failure)
{
    if (!command)
        failure_set(failure, ERROR_UNKNOWN_COMMAND,
                    "There is no command %.64s; get_server_info lists those there are.", name);
    else if (sender->too_fast)
        too_fast(protocol, failure);
    else if (sender->restricted && is_forbidden(protocol, command))
        failure_set(failure, ERROR_NOT_ALLOWED,
                    "A page with the origin null may not do this%s; start linkbandd with "
                    "--allow-origin null, or serve the page from localhost.",
                    command->null_page == NULL_PAGE_NEVER ? "" : " while a recording runs");
    else if (requests_of(protocol, sender->client) >= PROTOCOL_PENDING_MAX)
        failure_set(failure, ERROR_BUSY,
                    "%d commands of this client wait for their outcome; wait "
                    "for replies first.",
                    PROTOCOL_PENDING_MAX);
    else
        return true;
    return false;
}

static void dispatch(struct protocol *protocol, const struct sender *sender, const cJSON *message,
                     const char *name, const char *id)
{
    const struct command *command = find_command(protocol, name);
    const uint64_t client = sender->client;
    struct request *request = NULL;
    struct failure failure;

    if (may_send(protocol, sender, name, command, &failure)) {
        request = request_create(protocol, client, command, id);
        failure_set(&failure, ERROR_INTERNAL, "Out of memory; try again.");
    }
    if (!request) {
        reply_failure(protocol, client, name, id, &failure, "{}");
        return;
    }
    if (strcmp(name, "health_check") == 0)
        reply_health(protocol, client, id);
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
            reply_failure(protocol, client, name, NULL, &failure, details);
        else
            event_error(protocol, client, &failure, details);
    } else if (name) {
        dispatch(protocol, sender, message, name, id);
    } else if (sender->too_fast) {
        event_error(protocol, client, too_fast(protocol, &failure), NULL);
    } else {
        reply_health(protocol, client, id);
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
