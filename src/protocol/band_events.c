#include "band_events.h"

#include <math.h>

#include "bands.h"
#include "info.h"
#include "protocol_internal.h"

enum {
    DEVICE_INFO,
    SCAN_RESULT,
    DEVICE_CONNECTED,
    DEVICE_DISCONNECTED,
    STREAM_STARTED,
    STREAM_STOPPED,
    SENSOR_STATUS,
    CLOCK_STEPPED,
    DEVICE_CONNECTION_FAILED,
    COUNT
};

const struct event_row band_events[COUNT + 1] = {
    [DEVICE_INFO] = {"device_info", MESSAGE_EVENT},
    [SCAN_RESULT] = {"scan_result", MESSAGE_EVENT},
    [DEVICE_CONNECTED] = {"device_connected", MESSAGE_EVENT},
    [DEVICE_DISCONNECTED] = {"device_disconnected", MESSAGE_EVENT},
    [STREAM_STARTED] = {"stream_started", MESSAGE_EVENT},
    [STREAM_STOPPED] = {"stream_stopped", MESSAGE_EVENT},
    [SENSOR_STATUS] = {"sensor_status", MESSAGE_EVENT},
    [CLOCK_STEPPED] = {"clock_stepped", MESSAGE_EVENT},
    [DEVICE_CONNECTION_FAILED] = {"device_connection_failed", MESSAGE_EVENT},
};

static struct json *begin_event(struct protocol *protocol, int event)
{
    return event_begin_row(protocol, &band_events[event]);
}

static const char *name_of(const struct protocol *protocol, unsigned device)
{
    return manager_status(protocol->manager, device)->device.band.name;
}

/* ---- device_info */

void event_device_info(struct protocol *protocol, uint64_t client, unsigned device)
{
    put_device_info(protocol, begin_event(protocol, DEVICE_INFO), device, client);
    event_send_of(protocol, client, name_of(protocol, device));
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

static void device_info_changed(struct protocol *protocol, unsigned device)
{
    protocol->device_info[device].due = true;
    offer_device_info(protocol, device);
}

static void on_device_info(void *user, unsigned device)
{
    device_info_changed(user, device);
}

void device_infos_changed(struct protocol *protocol)
{
    const struct bands bands = bands_or_none(protocol);

    for (size_t i = 0; i < bands.count; i++)
        device_info_changed(protocol, bands.places[i]);
}

void device_infos_second(struct protocol *protocol)
{
    const unsigned places = manager_ground(protocol->manager)->max_bands;

    for (unsigned place = 0; place < places; place++) {
        protocol->device_info[place].age++;
        offer_device_info(protocol, place);
    }
}

/* ---- the scan */

static void on_scan_result(void *user, enum scan_status scan)
{
    struct protocol *protocol = user;
    struct json *json = begin_event(protocol, SCAN_RESULT);

    json_put_string(json, "status", scan_status_name(scan));
    put_devices(protocol, json);
    event_send(protocol, TO_ALL);
}

/* ---- the connection */

void event_device_connected(struct protocol *protocol, uint64_t client, unsigned device,
                            bool resumed, double clock_step_ms)
{
    const struct band_link *link = &manager_status(protocol->manager, device)->device;
    struct json *json = begin_event(protocol, DEVICE_CONNECTED);

    put_band(json, &link->band);
    json_put_string(json, "device_address", link->band.address);
    put_integer_or_null(json, "signal_strength", link->rssi, link->rssi != RSSI_UNKNOWN);
    put_integer_or_null(json, "battery_level", link->battery_level,
                        link->battery_level != BATTERY_UNKNOWN);
    json_put_string_or_null(json, "firmware_version", link->firmware);
    json_put_bool(json, "resumed", resumed);
    json_put_fixed(json, "clock_step_ms", clock_step_ms, 3);
    event_send_of(protocol, client, link->band.name);
}

/* A recording that runs is of a band that comes, too, where none were named. */
static void record_too(struct protocol *protocol, unsigned device)
{
    if (recorded_has(&protocol->recorded, name_of(protocol, device)))
        manager_want_for_recording(protocol->manager, device,
                                   recorder_status(protocol->recorder)->sensors);
}

static void on_device_connected(void *user, unsigned device, bool resumed, double clock_step_ms)
{
    record_too(user, device);
    event_device_connected(user, TO_ALL, device, resumed, clock_step_ms);
}

void event_device_disconnected(struct protocol *protocol, uint64_t client,
                               const struct band_identity *band, enum disconnect_reason reason,
                               bool will_reconnect)
{
    struct json *json = begin_event(protocol, DEVICE_DISCONNECTED);

    put_band(json, band);
    json_put_string_or_null(json, "device_address", band->address);
    json_put_string(json, "reason", disconnect_reason_name(reason));
    json_put_bool(json, "will_reconnect", will_reconnect);
    event_send_of(protocol, client, band->name);
}

static void on_device_disconnected(void *user, unsigned device, const struct band_identity *band,
                                   enum disconnect_reason reason, bool will_reconnect)
{
    struct protocol *protocol = user;

    /* The last band that is let go on a user's word ends the recording; one that is lost does not.
     */
    if (reason == DISCONNECT_USER_REQUEST && protocol->recorder)
        recorder_let_go(protocol->recorder, device);
    /* The next band in its place may be none that is recorded. */
    if (reason == DISCONNECT_USER_REQUEST && protocol->manager)
        manager_want_for_recording(protocol->manager, device, 0);
    event_device_disconnected(protocol, TO_ALL, band, reason, will_reconnect);
}

static void on_connection_failed(void *user, unsigned device, const struct band_identity *band,
                                 const struct failure *failure, bool will_retry)
{
    struct protocol *protocol = user;
    struct json *json = begin_event(protocol, DEVICE_CONNECTION_FAILED);

    (void)device;
    put_band(json, band);
    json_put_string_or_null(json, "device_address", band->address);
    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "error_message", failure->message);
    json_key(json, "details");
    json_raw(json, "{}", 2);
    json_put_bool(json, "will_retry", will_retry);
    event_send_of(protocol, TO_ALL, band->name);
}

static void on_clock_stepped(void *user, unsigned device, double step_ms)
{
    struct protocol *protocol = user;
    struct json *json = begin_event(protocol, CLOCK_STEPPED);

    json_put_string_or_null(json, "device_id", name_of(protocol, device));
    json_put_fixed(json, "step_ms", step_ms, 3);
    event_send_of(protocol, TO_ALL, name_of(protocol, device));
}

/* ---- the stream */

void event_stream_started(struct protocol *protocol, uint64_t client, unsigned device, bool resumed)
{
    const struct manager_status *status = manager_status(protocol->manager, device);
    struct json *json = begin_event(protocol, STREAM_STARTED);

    json_put_string_or_null(json, "device_id", status->device.band.name);
    put_sensors(json, "sensors", status->sensors);
    json_put_fixed(json, "sample_rate", status->sample_rate, 1);
    json_put_real(json, "duration", status->duration > 0 ? status->duration : (double)NAN);
    json_put_bool(json, "resumed", resumed);
    event_send_of(protocol, client, status->device.band.name);
}

static void on_stream_started(void *user, unsigned device, bool resumed)
{
    event_stream_started(user, TO_ALL, device, resumed);
}

void event_stream_stopped(struct protocol *protocol, uint64_t client,
                          const struct band_identity *band, sensor_set sensors,
                          enum stream_end reason, bool will_resume)
{
    struct json *json = begin_event(protocol, STREAM_STOPPED);

    json_put_string_or_null(json, "device_id", band->name);
    put_sensors(json, "sensors", sensors);
    json_put_string(json, "reason", stream_end_name(reason));
    json_put_bool(json, "will_resume", will_resume);
    event_send_of(protocol, client, band->name);
}

static void on_stream_stopped(void *user, unsigned device, const struct band_identity *band,
                              sensor_set sensors, enum stream_end reason, bool will_resume)
{
    struct protocol *protocol = user;

    feed_flush(&protocol->feed, device);
    event_stream_stopped(protocol, TO_ALL, band, sensors, reason, will_resume);
}

static void on_sensor_status(void *user, unsigned device, enum sensor sensor,
                             enum sensor_state state, double silent_for)
{
    struct protocol *protocol = user;
    struct json *json = begin_event(protocol, SENSOR_STATUS);
    struct failure failure = {.message = ""};
    unsigned bad = manager_bad_packets(protocol->manager, device, sensor, &failure);

    json_put_string_or_null(json, "device_id", name_of(protocol, device));
    json_put_string(json, "sensor_type", sensor_name(sensor));
    json_put_string(json, "state", sensor_state_name(state));
    json_put_fixed(json, "silent_for", silent_for, 3);
    json_put_integer(json, "bad_packets", bad);
    json_put_string_or_null(json, "message", failure.message);
    event_send_of(protocol, TO_ALL, name_of(protocol, device));
}

void band_events_listen(struct manager_listener *listener)
{
    listener->device_info = on_device_info;
    listener->scan_result = on_scan_result;
    listener->device_connected = on_device_connected;
    listener->device_disconnected = on_device_disconnected;
    listener->stream_started = on_stream_started;
    listener->stream_stopped = on_stream_stopped;
    listener->sensor_status = on_sensor_status;
    listener->clock_stepped = on_clock_stepped;
    listener->device_connection_failed = on_connection_failed;
}
