/* Members of replies and events that tell of band, sensors and stream. */
#include <math.h>

#include "info.h"
#include "protocol_internal.h"

bool recording_runs(const struct protocol *protocol)
{
    return protocol->recorder && recorder_is_recording(protocol->recorder);
}

bool is_streaming(const struct manager_status *status)
{
    return status->stream == STREAM_STREAMING;
}

/* The device_id of a band is the name it advertised. */
void put_band(struct json *json, const struct band_identity *band)
{
    json_put_string_or_null(json, "device_id", band->name);
    json_put_string_or_null(json, "name", band->name);
    json_put_string_or_null(json, "address", band->address);
}

void put_integer_or_null(struct json *json, const char *key, int64_t value, bool known)
{
    json_key(json, key);
    if (known)
        json_integer(json, value);
    else
        json_null(json);
}

void put_device_info(struct protocol *protocol, struct json *json, unsigned device, uint64_t client)
{
    const struct manager_status *status = manager_status(protocol->manager, device);
    const struct band_link *link = &status->device;
    const bool connected = status->link == LINK_CONNECTED;

    json_put_bool(json, "connected", connected);
    put_band(json, &link->band);
    put_integer_or_null(json, "battery_level", link->battery_level,
                        connected && link->battery_level != BATTERY_UNKNOWN);
    json_put_string_or_null(json, "firmware_version", link->firmware);
    put_integer_or_null(json, "signal_strength", link->rssi,
                        connected && link->rssi != RSSI_UNKNOWN);
    json_put_bool(json, "is_streaming", is_streaming(status));
    json_put_bool(json, "is_recording", recorded_has(&protocol->recorded, link->band.name));
    json_put_integer(json, "clients_connected",
                     (int64_t)protocol->out.client_count(protocol->out.user));
    json_key(json, "server");
    json_begin_object(json);
    json_put_string(json, "name", "linkbandd");
    json_put_string(json, "version", LINKBANDD_VERSION);
    json_put_string(json, "protocol", PROTOCOL_VERSION);
    json_put_string(json, "instance", protocol->instance);
    json_put_string(json, "backend", protocol->backend);
    json_end_object(json);
    json_put_string(json, "link", manager_link_name(status->link));
    if (client != TO_ALL)
        json_put_integer(json, "client_id", (int64_t)client);
}

void put_devices(struct protocol *protocol, struct json *json)
{
    const struct band_sighting *devices;
    size_t count = manager_scan_devices(protocol->manager, &devices);

    json_key(json, "devices");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json);
        put_band(json, &devices[i].band);
        put_integer_or_null(json, "rssi", devices[i].rssi, devices[i].rssi != RSSI_UNKNOWN);
        json_end_object(json);
    }
    json_end_array(json);
}

void put_sensors(struct json *json, const char *key, sensor_set sensors)
{
    json_key(json, key);
    json_begin_array(json);
    for (int s = 0; s < SENSOR_COUNT; s++) {
        if (sensors & SENSOR_BIT(s))
            json_string(json, sensor_name((enum sensor)s));
    }
    json_end_array(json);
}

void put_names(struct json *json, const char *key, const char *const *names, unsigned set)
{
    json_key(json, key);
    json_begin_array(json);
    for (int i = 0; names[i]; i++) {
        if (set & (1u << i))
            json_string(json, names[i]);
    }
    json_end_array(json);
}

void put_counts(struct json *json, const char *key, const uint64_t counts[SENSOR_COUNT],
                sensor_set sensors)
{
    json_key(json, key);
    json_begin_object(json);
    for (int s = 0; s < SENSOR_COUNT; s++) {
        if (sensors & SENSOR_BIT(s))
            json_put_integer(json, sensor_name((enum sensor)s), (int64_t)counts[s]);
    }
    json_end_object(json);
}

static void put_sensor_status(struct protocol *protocol, struct json *json, unsigned device,
                              enum sensor sensor, double silent_for)
{
    const struct pipeline_counts *counts = manager_counts(protocol->manager, device, sensor);

    json_key(json, sensor_name(sensor));
    json_begin_object(json);
    json_put_integer(json, "received", (int64_t)counts->received);
    json_put_integer(json, "skipped_by_band", (int64_t)counts->skipped_by_band);
    json_put_integer(json, "lost_link", (int64_t)counts->lost_link);
    json_put_fixed(json, "sample_rate_measured", counts->rate_measured, 4);
    json_put_fixed(json, "silent_for", silent_for, 3);
    json_end_object(json);
}

void put_streaming_status(struct protocol *protocol, struct json *json, unsigned device)
{
    const struct manager_status *status = manager_status(protocol->manager, device);
    const bool active = status->stream != STREAM_IDLE;

    json_put_string(json, "state", manager_stream_name(status->stream));
    json_put_bool(json, "is_streaming", is_streaming(status));
    json_put_string_or_null(json, "device_id", status->device.band.name);
    put_sensors(json, "sensors", status->sensors);
    json_put_fixed(json, "sample_rate",
                   active && status->sample_rate > 0 ? status->sample_rate : (double)NAN, 1);
    json_put_real(json, "duration",
                  active && status->duration > 0 ? status->duration : (double)NAN);
    json_put_iso(json, "since",
                 active && status->since_utc_us ? (double)status->since_utc_us / 1000.0
                                                : (double)NAN);
    json_put_fixed(json, "remaining", status->remaining, 3);
    json_key(json, "sensor");
    json_begin_object(json);
    for (int s = 0; s < SENSOR_COUNT; s++) {
        if (status->sensors & SENSOR_BIT(s))
            put_sensor_status(protocol, json, device, (enum sensor)s, status->silent_for[s]);
    }
    json_end_object(json);
    json_put_fixed(json, "utc_error_ms", status->utc_error_ms, 3);
    json_put_integer(json, "clients_connected",
                     (int64_t)protocol->out.client_count(protocol->out.user));
}
