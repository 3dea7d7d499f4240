#include "bands.h"

#include <stdio.h>
#include <strings.h>

#include "info.h"
#include "protocol_internal.h"

_Static_assert(PARAMETER_DEVICES_MAX == MANAGER_DEVICES_MAX, "each may be named");

struct bands bands_all(const struct protocol *protocol)
{
    struct bands all;

    all.count = manager_devices(protocol->manager, all.places);
    return all;
}

struct bands bands_or_none(const struct protocol *protocol)
{
    struct bands bands = bands_all(protocol);

    if (bands.count == 0)
        bands = (struct bands){.count = 1};
    return bands;
}

static void add(struct bands *bands, unsigned place)
{
    for (size_t i = 0; i < bands->count; i++) {
        if (bands->places[i] == place)
            return;
    }
    bands->places[bands->count++] = place;
}

static bool is_called(const struct protocol *protocol, unsigned place, const char *name)
{
    const struct band_identity *band = &manager_status(protocol->manager, place)->device.band;

    return strcasecmp(name, band->name) == 0 || strcasecmp(name, band->address) == 0;
}

/* Adds the one of that name; false: there is none. One of which only the name is known may be
 * meant by any address, but stands behind the one that has it. */
static bool add_named(const struct protocol *protocol, const struct bands *all, const char *name,
                      struct bands *bands)
{
    size_t i = 0;

    while (i < all->count && !is_called(protocol, all->places[i], name))
        i++;
    for (size_t j = 0; i == all->count && j < all->count; j++)
        i = manager_is_named(protocol->manager, all->places[j], name) ? j : i;
    if (i < all->count)
        add(bands, all->places[i]);
    return i < all->count;
}

const char *bands_named(const struct protocol *protocol, const struct value *device_id,
                        struct bands *bands)
{
    const struct bands all = bands_all(protocol);

    *bands = (struct bands){.count = 0};
    for (size_t i = 0; i < device_id->device_count; i++) {
        if (!add_named(protocol, &all, device_id->devices[i], bands))
            return device_id->devices[i];
    }
    if (device_id->device_count == 0)
        *bands = bands_or_none(protocol);
    return NULL;
}

void bands_text(const struct protocol *protocol, char text[BANDS_TEXT_SIZE])
{
    const struct bands all = bands_all(protocol);
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < all.count; i++) {
        const struct band_identity *band =
            &manager_status(protocol->manager, all.places[i])->device.band;
        len += (size_t)snprintf(text + len, BANDS_TEXT_SIZE - len, "%s%s", i ? ", " : "",
                                band->name[0] ? band->name : band->address);
    }
}

void put_listed(struct protocol *protocol, struct json *json, unsigned device)
{
    const struct manager_status *status = manager_status(protocol->manager, device);
    const struct band_link *link = &status->device;
    const bool connected = status->link == LINK_CONNECTED;

    put_band(json, &link->band);
    json_put_string(json, "link", manager_link_name(status->link));
    json_put_bool(json, "is_streaming", is_streaming(status));
    put_integer_or_null(json, "battery_level", link->battery_level,
                        connected && link->battery_level != BATTERY_UNKNOWN);
    put_integer_or_null(json, "signal_strength", link->rssi,
                        connected && link->rssi != RSSI_UNKNOWN);
    json_put_string_or_null(json, "adapter", connected ? link->adapter : NULL);
}

void put_all_bands(struct protocol *protocol, struct json *json)
{
    const struct bands all = bands_all(protocol);

    json_key(json, "devices");
    json_begin_array(json);
    for (size_t i = 0; i < all.count; i++) {
        json_begin_object(json);
        put_listed(protocol, json, all.places[i]);
        json_end_object(json);
    }
    json_end_array(json);
}
