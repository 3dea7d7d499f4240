/* get_server_info: what a client can find out of this daemon instead of taking it for granted. */
#include "protocol_impl.h"

static void put_events(struct json *json)
{
    json_key(json, "events");
    json_begin_array(json);
    for (int event = 0; event < EVENT_COUNT; event++)
        json_string(json, event_name((enum event)event));
    json_end_array(json);
}

static void put_limits(struct json *json, const struct protocol_limits *limits)
{
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

void put_server_info(struct protocol *protocol, struct json *json)
{
    json_put_string(json, "version", LINKBANDD_VERSION);
    json_put_string(json, "protocol", PROTOCOL_VERSION);
    json_put_string(json, "instance", protocol->instance);
    put_limits(json, &protocol->limits);
    put_sensor_fields(json);
    json_key(json, "commands");
    json_begin_array(json);
    for (const struct command *command = protocol->commands; command->name; command++)
        json_string(json, command->name);
    json_end_array(json);
    json_key(json, "parameters");
    json_begin_object(json);
    for (const struct command *command = protocol->commands; command->name; command++)
        put_parameter_names(json, command);
    json_end_object(json);
    put_events(json);
}
