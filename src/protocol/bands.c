#include "bands.h"

#include "info.h"
#include "protocol_internal.h"

static void put_one(struct json *json, const struct manager_status *status)
{
    const struct band_link *device = &status->device;
    const bool connected = status->link == LINK_CONNECTED;

    json_begin_object(json);
    put_band(json, &device->band);
    json_put_string(json, "link", link_name(status->link));
    json_put_bool(json, "is_streaming", is_streaming(status));
    put_integer_or_null(json, "battery_level", device->battery_level,
                        connected && device->battery_level != BATTERY_UNKNOWN);
    put_integer_or_null(json, "signal_strength", device->rssi,
                        connected && device->rssi != RSSI_UNKNOWN);
    json_put_string_or_null(json, "adapter", NULL);
    json_end_object(json);
}

void put_bands(struct protocol *protocol, struct json *json)
{
    unsigned places[MANAGER_DEVICES_MAX];
    const size_t count = manager_devices(protocol->manager, places);

    json_key(json, "devices");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++)
        put_one(json, manager_status(protocol->manager, places[i]));
    json_end_array(json);
}
