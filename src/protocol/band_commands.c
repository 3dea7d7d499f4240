#include "band_commands.h"

#include <math.h>
#include <stdio.h>

#include "band_events.h"
#include "bands.h"
#include "by_band.h"
#include "info.h"
#include "protocol_internal.h"

static void ask_nothing(struct manager *manager, unsigned device, const void *what,
                        struct manager_reply reply)
{
    static const struct manager_outcome done = {.sensor = -1};

    (void)manager;
    (void)device;
    (void)what;
    reply.done(reply.user, &done);
}

/* ---- connection */

/* Which bands a connect is for: by name, by address, or one by both. */
struct meant {
    const char *address;
    const char *const *names;
    size_t count;
};

static void connect_each(struct request *request, const struct meant *meant)
{
    struct manager *manager = request->protocol->manager;
    struct part *parts = by_band_begin(request, meant->count ? meant->count : 1);

    if (!parts)
        return;
    for (size_t i = 0; i < meant->count || i == 0; i++)
        snprintf(parts[i].device_id, sizeof(parts[i].device_id), "%s",
                 meant->count ? meant->names[i] : meant->address);
    for (size_t i = 0; i < meant->count || i == 0; i++)
        manager_connect(manager, meant->address, meant->count ? meant->names[i] : NULL,
                        by_band_reply(&parts[i]));
}

void connect_device(struct request *request, const struct value *values)
{
    static const struct refusal neither = {
        "address", NULL, "a Bluetooth address, or device_id the name of a band that a scan told"};
    const struct value *device_id = value_of(values, "device_id");
    const struct meant meant = {.address = value_of(values, "address")->text,
                                .names = device_id->devices,
                                .count = device_id->device_count};

    if (meant.address && meant.count > 1)
        request_refuse(request, &(struct refusal){"device_id", device_id->given,
                                                  "one name, where an address is given"});
    else if (meant.address || meant.count > 0)
        connect_each(request, &meant);
    else
        request_refuse(request, &neither);
}

void put_connect(struct protocol *protocol, struct json *json,
                 const struct manager_outcome *outcome)
{
    const struct band_link *link = &manager_status(protocol->manager, outcome->device)->device;

    put_band(json, &link->band);
    put_integer_or_null(json, "battery_level", link->battery_level,
                        link->battery_level != BATTERY_UNKNOWN);
    json_put_string_or_null(json, "firmware_version", link->firmware);
}

void tell_connected(struct protocol *protocol, uint64_t client,
                    const struct manager_outcome *outcome)
{
    event_device_connected(protocol, client, outcome->device, false, 0);
}

static void ask_disconnect(struct manager *manager, unsigned device, const void *what,
                           struct manager_reply reply)
{
    (void)what;
    manager_disconnect(manager, device, reply);
}

/* Where there is no band any name is that of one that is not connected: it is so already. */
void disconnect_device(struct request *request, const struct value *values)
{
    static const struct value none;
    const bool any = bands_all(request->protocol).count > 0;

    by_band(request, any ? value_of(values, "device_id") : &none, ask_disconnect, NULL);
}

void put_disconnect(struct protocol *protocol, struct json *json,
                    const struct manager_outcome *outcome)
{
    (void)protocol;
    json_put_string_or_null(json, "device_id", outcome->band.name);
    json_put_string_or_null(json, "address", outcome->band.address);
}

void tell_disconnected(struct protocol *protocol, uint64_t client,
                       const struct manager_outcome *outcome)
{
    event_device_disconnected(protocol, client, &outcome->band, DISCONNECT_USER_REQUEST, false);
}

/* The guide's clients act on the event only: it comes after the reply. */
void check_device_connection(struct request *request, const struct value *values)
{
    struct protocol *protocol = request->protocol;
    const uint64_t client = request->client;
    const struct value *device_id = value_of(values, "device_id");
    struct bands bands;

    if (bands_named(protocol, device_id, &bands))
        bands.count = 0;
    by_band(request, device_id, ask_nothing, NULL);
    for (size_t i = 0; i < bands.count; i++)
        event_device_info(protocol, client, bands.places[i]);
}

void put_check(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome)
{
    put_device_info(protocol, json, outcome->device, TO_ALL);
}

void put_list(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome)
{
    (void)outcome;
    put_all_bands(protocol, json);
}

/* ---- streaming */

struct stream_wish {
    sensor_set sensors;
    double rate, seconds;
};

static void ask_start(struct manager *manager, unsigned device, const void *what,
                      struct manager_reply reply)
{
    const struct stream_wish *wish = what;

    manager_start_streaming(manager, device, wish->sensors, wish->rate, wish->seconds, reply);
}

void start_streaming(struct request *request, const struct value *values)
{
    const struct stream_wish wish = {.sensors = value_of(values, "sensors")->set,
                                     .rate = value_of(values, "sample_rate")->number,
                                     .seconds = value_of(values, "duration")->number};

    by_band(request, value_of(values, "device_id"), ask_start, &wish);
}

void put_start(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome)
{
    const struct manager_status *status = manager_status(protocol->manager, outcome->device);

    json_put_string(json, "state", manager_stream_name(status->stream));
    put_sensors(json, "sensors", status->sensors);
    json_put_fixed(json, "sample_rate", status->sample_rate, 1);
    json_put_real(json, "duration", status->duration > 0 ? status->duration : (double)NAN);
}

void tell_started(struct protocol *protocol, uint64_t client, const struct manager_outcome *outcome)
{
    event_stream_started(protocol, client, outcome->device, false);
}

static void ask_stop(struct manager *manager, unsigned device, const void *what,
                     struct manager_reply reply)
{
    (void)what;
    manager_stop_streaming(manager, device, reply);
}

void stop_streaming(struct request *request, const struct value *values)
{
    by_band(request, value_of(values, "device_id"), ask_stop, NULL);
}

void put_stop(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome)
{
    (void)protocol;
    put_sensors(json, "sensors", outcome->sensors);
    put_counts(json, "samples", outcome->received, outcome->sensors);
    put_counts(json, "lost", outcome->lost, outcome->sensors);
}

void tell_stopped(struct protocol *protocol, uint64_t client, const struct manager_outcome *outcome)
{
    event_stream_stopped(protocol, client, &outcome->band, outcome->sensors,
                         STREAM_END_USER_REQUEST, false);
}

void get_streaming_status(struct request *request, const struct value *values)
{
    by_band(request, value_of(values, "device_id"), ask_nothing, NULL);
}

void put_status(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome)
{
    put_streaming_status(protocol, json, outcome->device);
}
