/* Events: the frame that all have in common, those of band, stream and faults; when device_info. */
#include <math.h>
#include <string.h>

#include "bands.h"
#include "base/now.h"
#include "event.h"
#include "info.h"
#include "protocol_internal.h"

static const struct event_row {
    const char *name;
    enum message_kind kind;
} events[EVENT_COUNT] = {
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

struct json *event_begin(struct protocol *protocol, enum event event)
{
    struct json *json = &protocol->json;

    protocol->event = &events[event];

    json_clear(json);
    json_begin_object(json);
    json_put_string(json, "type", "event");
    json_put_string(json, "event_type", event_name(event));
    json_key(json, "data");
    json_begin_object(json);
    return json;
}

void event_send(struct protocol *protocol, uint64_t client)
{
    struct json *json = &protocol->json;

    json_end_object(json);
    json_put_iso(json, "timestamp", (double)now_utc_us() / 1000.0);
    json_end_object(json);
    if (client == TO_ALL)
        sinks_message(&protocol->sinks, &(struct message){
                                            .kind = protocol->event->kind,
                                            .name = protocol->event->name,
                                            .sensor = SENSOR_COUNT,
                                            .text = json->text,
                                            .len = json->len,
                                        });
    else
        protocol->out.reply(protocol->out.user, client, json->text, json->len);
}

void event_device_info(struct protocol *protocol, uint64_t client, unsigned device)
{
    put_device_info(protocol, event_begin(protocol, EVENT_DEVICE_INFO), device, client);
    event_send(protocol, client);
}

static bool is_idle(const struct protocol *protocol, unsigned device)
{
    return manager_status(protocol->manager, device)->link == LINK_IDLE;
}

/* One of nulls is for all places that nobody has: only where nobody has any, for else it would say
 * of the others that they are gone. Of the one that went device_disconnected tells. */
static void tell_nobody(struct protocol *protocol, unsigned device)
{
    const unsigned places = manager_ground(protocol->manager)->max_bands;

    for (unsigned place = 0; place < places; place++) {
        if (is_idle(protocol, place))
            protocol->device_info[place] = (struct told_info){.age = 0};
    }
    if (bands_all(protocol).count == 0)
        event_device_info(protocol, TO_ALL, device);
}

/* At most one broadcast of device_info a second and band, the newest state in it. */
static void offer_device_info(struct protocol *protocol, unsigned device)
{
    struct told_info *told = &protocol->device_info[device];

    if (!told->due || told->age < 1)
        return;
    told->due = false;
    told->age = 0;
    if (is_idle(protocol, device))
        tell_nobody(protocol, device);
    else
        event_device_info(protocol, TO_ALL, device);
}

void device_info_changed(struct protocol *protocol, unsigned device)
{
    protocol->device_info[device].due = true;
    offer_device_info(protocol, device);
}

void device_infos_changed(struct protocol *protocol)
{
    const struct bands bands = bands_or_none(protocol);

    for (size_t i = 0; i < bands.count; i++)
        device_info_changed(protocol, bands.places[i]);
}

void event_second(struct protocol *protocol)
{
    const unsigned places = manager_ground(protocol->manager)->max_bands;

    for (unsigned place = 0; place < places; place++) {
        protocol->device_info[place].age++;
        offer_device_info(protocol, place);
    }
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

void event_device_connected(struct protocol *protocol, uint64_t client, unsigned device,
                            bool resumed, double clock_step_ms)
{
    const struct band_link *link = &manager_status(protocol->manager, device)->device;
    struct json *json = event_begin(protocol, EVENT_DEVICE_CONNECTED);

    put_band(json, &link->band);
    json_put_string(json, "device_address", link->band.address);
    put_integer_or_null(json, "signal_strength", link->rssi, link->rssi != RSSI_UNKNOWN);
    put_integer_or_null(json, "battery_level", link->battery_level,
                        link->battery_level != BATTERY_UNKNOWN);
    json_put_string_or_null(json, "firmware_version", link->firmware);
    json_put_bool(json, "resumed", resumed);
    json_put_fixed(json, "clock_step_ms", clock_step_ms, 3);
    event_send(protocol, client);
}

void event_device_disconnected(struct protocol *protocol, uint64_t client,
                               const struct band_identity *band, enum disconnect_reason reason,
                               bool will_reconnect)
{
    struct json *json = event_begin(protocol, EVENT_DEVICE_DISCONNECTED);

    put_band(json, band);
    json_put_string_or_null(json, "device_address", band->address);
    json_put_string(json, "reason", disconnect_reason_name(reason));
    json_put_bool(json, "will_reconnect", will_reconnect);
    event_send(protocol, client);
}

void event_stream_started(struct protocol *protocol, uint64_t client, unsigned device, bool resumed)
{
    const struct manager_status *status = manager_status(protocol->manager, device);
    struct json *json = event_begin(protocol, EVENT_STREAM_STARTED);

    json_put_string_or_null(json, "device_id", status->device.band.name);
    put_sensors(json, "sensors", status->sensors);
    json_put_fixed(json, "sample_rate", status->sample_rate, 1);
    json_put_real(json, "duration", status->duration > 0 ? status->duration : (double)NAN);
    json_put_bool(json, "resumed", resumed);
    event_send(protocol, client);
}

void event_stream_stopped(struct protocol *protocol, uint64_t client,
                          const struct band_identity *band, sensor_set sensors,
                          enum stream_end reason, bool will_resume)
{
    struct json *json = event_begin(protocol, EVENT_STREAM_STOPPED);

    json_put_string_or_null(json, "device_id", band->name);
    put_sensors(json, "sensors", sensors);
    json_put_string(json, "reason", stream_end_name(reason));
    json_put_bool(json, "will_resume", will_resume);
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

void event_scan_result(struct protocol *protocol, enum scan_status scan)
{
    struct json *json = event_begin(protocol, EVENT_SCAN_RESULT);

    json_put_string(json, "status", scan_status_name(scan));
    put_devices(protocol, json);
    event_send(protocol, TO_ALL);
}
