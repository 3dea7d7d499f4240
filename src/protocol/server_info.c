/* get_server_info: what a client can find out of this daemon instead of taking it for granted. */
#include <math.h>

#include "band_events.h"
#include "command_row.h"
#include "event.h"
#include "info.h"
#include "protocol/message.h"
#include "protocol_internal.h"

static void put_events(struct json *json)
{
    json_key(json, "events");
    json_begin_array(json);
    for (const struct event_row *row = band_events; row->name; row++)
        json_string(json, row->name);
    for (int event = 0; event < EVENT_COUNT; event++)
        json_string(json, event_name((enum event)event));
    json_end_array(json);
}

static void put_limits(struct json *json, const struct protocol *protocol)
{
    const struct protocol_limits *limits = &protocol->limits;

    json_key(json, "limits");
    json_begin_object(json);
    json_put_integer(json, "clients", limits->clients);
    json_put_integer(json, "waiting_clients", limits->waiting);
    json_put_integer(json, "null_origin_clients", limits->null_origin);
    json_put_integer(json, "own_page_clients", limits->own_page);
    json_put_integer(json, "page_clients", limits->pages);
    json_put_integer(json, "connections", limits->connections);
    json_put_integer(json, "message_bytes", limits->message_bytes);
    json_put_integer(json, "frame_bytes", limits->frame_bytes);
    json_put_integer(json, "data_queue_bytes", limits->data_queue_bytes);
    json_put_integer(json, "reply_queue_bytes", limits->reply_queue_bytes);
    json_put_integer(json, "pending_commands", PROTOCOL_PENDING_MAX);
    json_put_integer(json, "pending_lists", PROTOCOL_ASIDE_MAX);
    json_put_integer(json, "commands_per_second", limits->messages_a_second);
    json_put_integer(json, "commands_burst", limits->messages_at_once);
    json_put_integer(json, "nesting", PROTOCOL_NESTING_MAX);
    json_put_integer(json, "heartbeat_seconds", limits->heartbeat_seconds);
    json_put_integer(json, "silent_seconds", limits->silent_seconds);
    json_put_integer(json, "handshake_seconds", limits->handshake_seconds);
    json_put_integer(json, "stuck_seconds", limits->stuck_seconds);
    json_put_integer(json, "keep_minutes",
                     protocol->recorder ? recorder_keep_minutes(protocol->recorder) : 0);
    json_put_integer(json, "bands", manager_ground(protocol->manager)->max_bands);
    json_end_object(json);
}

static void put_parameter_names(struct json *json, const struct command *command)
{
    json_key(json, command->name);
    json_begin_array(json);
    for (const struct parameter *row = command->parameters; row && row->name; row++)
        json_string(json, row->name);
    json_end_array(json);
}

static void put_names_or_null(struct json *json, const char *key, const struct parameter *row,
                              unsigned set)
{
    if (set)
        put_names(json, key, row->names, set);
    else
        json_put_string_or_null(json, key, NULL);
}

static void put_row(struct json *json, const struct parameter *row)
{
    const bool ranged = row->max > 0;

    json_key(json, row->name);
    json_begin_object(json);
    json_put_string(json, "type", parameter_type_name(row->type));
    json_put_bool(json, "required", row->required);
    json_put_real(json, "min", ranged ? row->min : (double)NAN);
    json_put_real(json, "max", ranged ? row->max : (double)NAN);
    json_put_string_or_null(json, "unit", row->unit);
    put_names_or_null(json, "values", row, row->names ? ~0u : 0);
    if (row->number > 0)
        json_put_real(json, "default", row->number);
    else
        put_names_or_null(json, "default", row, row->set);
    json_put_string(json, "allowed", row->allowed);
    json_end_object(json);
}

static void put_rows(struct json *json, const struct command *command)
{
    json_key(json, command->name);
    json_begin_object(json);
    for (const struct parameter *row = command->parameters; row && row->name; row++)
        put_row(json, row);
    json_end_object(json);
}

static void put_of_commands(struct protocol *protocol, struct json *json, const char *key,
                            void (*put)(struct json *json, const struct command *command))
{
    json_key(json, key);
    json_begin_object(json);
    for (const struct command *command = protocol->commands; command->name; command++)
        put(json, command);
    json_end_object(json);
}

void put_server_info(struct protocol *protocol, struct json *json)
{
    json_put_string(json, "version", LINKBANDD_VERSION);
    json_put_string(json, "protocol", PROTOCOL_VERSION);
    json_put_string(json, "instance", protocol->instance);
    json_put_integer(json, "mains", manager_mains_hz(protocol->manager));
    put_limits(json, protocol);
    message_put_fields(json);
    json_key(json, "commands");
    json_begin_array(json);
    for (const struct command *command = protocol->commands; command->name; command++)
        json_string(json, command->name);
    json_end_array(json);
    put_of_commands(protocol, json, "parameters", put_parameter_names);
    put_of_commands(protocol, json, "parameter_rows", put_rows);
    put_events(json);
}
