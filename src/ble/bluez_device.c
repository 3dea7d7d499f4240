/* What the properties of a Device1 and its Battery1 say of a device. */
#include "bluez_device.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "band/model.h"
#include "base/length.h"
#include "base/text.h"

/* Other devices choose their names: one with a line break in it is no band's, and would be a line
 * of its own wherever names are told a line each; nor is one with a terminal's command in it. */
bool is_band_name(const char *name)
{
    return model_of_band(name) && !text_has_control(name);
}

bool address_copy(char out[BAND_ADDRESS_SIZE], const char *in)
{
    char address[BAND_ADDRESS_SIZE] = "";

    if (strlen(in) != BAND_ADDRESS_SIZE - 1)
        return false;
    for (size_t i = 0; i < BAND_ADDRESS_SIZE - 1; i++) {
        const unsigned char c = (unsigned char)in[i];
        if (i % 3 == 2 ? c != ':' : !isxdigit(c))
            return false;
        address[i] = (char)toupper(c);
    }
    memcpy(out, address, sizeof(address));
    return true;
}

/* After connecting, Name is what GATT calls the band; only what it advertised is its name here. */
static void take_name(struct bluez_device *device, const char *name)
{
    device->named = name[0];
    if (is_band_name(name) && (!device->connected || !device->name[0]))
        copy_whole(device->name, sizeof(device->name), name);
}

static void look_for_band_service(void *user, const char *uuid)
{
    bool *offers = user;

    for (size_t i = 0; models[i]; i++) {
        if (strcasecmp(uuid, models[i]->sources[0].at.service) == 0)
            *offers = true;
    }
}

static bool flag_property(struct bluez_device *device, const struct property *property)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"Connected", &device->connected}, {"ServicesResolved", &device->resolved},
        {"Paired", &device->paired},       {"Bonded", &device->bonded},
        {"Trusted", &device->trusted},
    };

    for (size_t i = 0; i < LENGTH(flags); i++) {
        if (strcmp(property->name, flags[i].name) == 0)
            return property_bool(property, flags[i].flag);
    }
    return false;
}

void device_hear(struct bluez_device *device)
{
    device->sighted = device->in_air = true;
}

static void text_property(struct bluez_device *device, const char *name, const char *text)
{
    if (strcmp(name, "Address") == 0)
        address_copy(device->address, text);
    else if (strcmp(name, "Adapter") == 0)
        copy_whole(device->adapter, sizeof(device->adapter), text);
    else if (strcmp(name, "Name") == 0)
        take_name(device, text);
}

/* BlueZ has room for 16 bits; what a byte of HCI can't hold no radio has measured. */
static bool take_rssi(struct bluez_device *device, const struct property *property)
{
    if (!property_int16(property, &device->rssi))
        return false;
    if (device->rssi < RSSI_LEAST || device->rssi > RSSI_UNKNOWN)
        device->rssi = RSSI_UNKNOWN;
    return true;
}

/* ManufacturerData is told anew with each advertisement. */
static bool is_heard(struct bluez_device *device, const struct property *property)
{
    if (strcmp(property->name, "RSSI") == 0)
        return take_rssi(device, property);
    return strcmp(property->name, "ManufacturerData") == 0;
}

void device_property(void *user, const struct property *property)
{
    struct bluez_device *device = user;
    const char *text;

    if (flag_property(device, property))
        return;
    if (property_string(property, &text))
        text_property(device, property->name, text);
    else if (strcmp(property->name, "UUIDs") == 0)
        property_strings(property, look_for_band_service, &device->offers);
    else if (is_heard(device, property))
        device_hear(device);
}

void battery_property(void *user, const struct property *property)
{
    struct bluez_device *device = user;
    int level;

    if (strcmp(property->name, "Percentage") == 0 && property_byte(property, &level) &&
        level <= 100)
        device->battery = level;
}
