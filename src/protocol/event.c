/* Events: the frame that all have in common, and those of the host and of faults. */
#include <math.h>
#include <string.h>

#include "base/now.h"
#include "event.h"
#include "info.h"
#include "protocol_internal.h"

static const struct event_row events[EVENT_COUNT] = {
#define HEARD                          MESSAGE_EVENT
#define UNHEARD                        MESSAGE_PRIVATE_EVENT
#define EVENT_ROW(id, name, null_page) [EVENT_##id] = {(name), (null_page)},
    EVENTS(EVENT_ROW)
#undef EVENT_ROW
#undef HEARD
#undef UNHEARD
};

const char *event_name(enum event event)
{
    return events[event].name;
}

struct json *event_begin_row(struct protocol *protocol, const struct event_row *row)
{
    struct json *json = &protocol->json;

    protocol->event = row;
    json_clear(json);
    json_begin_object(json);
    json_put_string(json, "type", "event");
    json_put_string(json, "event_type", row->name);
    json_key(json, "data");
    json_begin_object(json);
    return json;
}

struct json *event_begin(struct protocol *protocol, enum event event)
{
    return event_begin_row(protocol, &events[event]);
}

void event_send_of(struct protocol *protocol, uint64_t client, const char *device_id)
{
    struct json *json = &protocol->json;

    json_end_object(json);
    json_put_iso(json, "timestamp", (double)now_utc_us() / 1000.0);
    json_end_object(json);
    if (client == TO_ALL)
        sinks_message(&protocol->sinks, &(struct message){
                                            .kind = protocol->event->kind,
                                            .name = protocol->event->name,
                                            .device_id = device_id,
                                            .sensor = SENSOR_COUNT,
                                            .text = json->text,
                                            .len = json->len,
                                        });
    else
        protocol->out.reply(protocol->out.user, client, json->text, json->len);
}

void event_send(struct protocol *protocol, uint64_t client)
{
    event_send_of(protocol, client, NULL);
}

void event_bluetooth_status(struct protocol *protocol, uint64_t client)
{
    const struct manager_ground *ground = manager_ground(protocol->manager);
    struct json *json = event_begin(protocol, EVENT_BLUETOOTH_STATUS);

    json_put_bool(json, "available", ground->bluetooth_available);
    json_put_bool(json, "powered", ground->bluetooth_powered);
    json_put_string(json, "message", ground->bluetooth_message ? ground->bluetooth_message : "");
    event_send(protocol, client);
}

void event_error(struct protocol *protocol, uint64_t client, const struct failure *failure,
                 const char *details)
{
    struct json *json = event_begin(protocol, EVENT_ERROR);

    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "error_message", failure->message);
    json_key(json, "details");
    json_raw(json, details ? details : "{}", details ? strlen(details) : 2);
    event_send(protocol, client);
}
