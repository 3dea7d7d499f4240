#include "bluez_lookup.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "band/model.h"

static const struct model_characteristic *characteristic_of(enum band_characteristic which)
{
    const struct band_model *model = model_default();

    if (which == CHARACTERISTIC_FIRMWARE)
        return &model->firmware;
    if (which == CHARACTERISTIC_CONTROL)
        return &model->control.at;
    return &model->sources[model_source(model, (enum sensor)which, 0)].at;
}

static const char *service_uuid(enum band_characteristic which)
{
    return characteristic_of(which)->service;
}

static const char *characteristic_uuid(enum band_characteristic which)
{
    return characteristic_of(which)->uuid;
}

const char *characteristic_name(enum band_characteristic which)
{
    static const char *const names[] = {"EEG",     "PPG",         "accelerometer",
                                        "battery", "EEG control", "firmware"};
    return names[which];
}

bool band_has_service(const char *uuid)
{
    for (int which = 0; which < CHARACTERISTIC_COUNT; which++) {
        if (strcasecmp(uuid, service_uuid((enum band_characteristic)which)) == 0)
            return true;
    }
    return false;
}

bool band_has_characteristic(const char *uuid)
{
    for (int which = 0; which < CHARACTERISTIC_COUNT; which++) {
        if (strcasecmp(uuid, characteristic_uuid((enum band_characteristic)which)) == 0)
            return true;
    }
    return false;
}

struct bluez_adapter *objects_adapter(struct objects *objects, const char *path)
{
    for (size_t i = 0; i < objects->adapter_count; i++) {
        if (strcmp(objects->adapters[i].path, path) == 0)
            return &objects->adapters[i];
    }
    return NULL;
}

struct bluez_device *objects_device(struct objects *objects, const char *path)
{
    for (size_t i = 0; i < objects->device_count; i++) {
        if (strcmp(objects->devices[i].path, path) == 0)
            return &objects->devices[i];
    }
    return NULL;
}

static bool is_band(const struct bluez_device *device, const struct band_identity *band)
{
    if (band->address[0])
        return strcasecmp(device->address, band->address) == 0;
    return device->name[0] && strcasecmp(device->name, band->name) == 0;
}

static int strength(const struct bluez_device *device)
{
    return device->rssi == RSSI_UNKNOWN ? INT_MIN : device->rssi;
}

/* Several objects can have one name: of bands long gone, or of one band under a former address. */
static bool is_likelier(const struct bluez_device *a, const struct bluez_device *b)
{
    if (a->connected != b->connected)
        return a->connected;
    if (a->in_air != b->in_air)
        return a->in_air;
    if (strength(a) != strength(b))
        return strength(a) > strength(b);
    return a->used > b->used;
}

struct bluez_device *objects_band(struct objects *objects, const char *adapter,
                                  const struct band_identity *band)
{
    struct bluez_device *best = NULL;

    for (size_t i = 0; i < objects->device_count; i++) {
        struct bluez_device *device = &objects->devices[i];
        if (strcmp(device->adapter, adapter) == 0 && is_band(device, band) &&
            (!best || is_likelier(device, best)))
            best = device;
    }
    return best;
}

static bool service_fits(const struct objects *objects, const char *path, const char *device,
                         const char *uuid)
{
    for (size_t i = 0; i < objects->service_count; i++) {
        const struct bluez_service *service = &objects->services[i];
        if (strcmp(service->path, path) == 0)
            return strcmp(service->device, device) == 0 && strcasecmp(service->uuid, uuid) == 0;
    }
    return false;
}

const char *objects_characteristic(const struct objects *objects, const char *device,
                                   enum band_characteristic which)
{
    for (size_t i = 0; i < objects->characteristic_count; i++) {
        const struct bluez_characteristic *characteristic = &objects->characteristics[i];
        if (strcasecmp(characteristic->uuid, characteristic_uuid(which)) == 0 &&
            service_fits(objects, characteristic->service, device, service_uuid(which)))
            return characteristic->path;
    }
    return NULL;
}

bool objects_is_stranger(const struct objects *objects, const struct bluez_device *device)
{
    if (device->name[0] || device->offers ||
        objects_characteristic(objects, device->path, CHARACTERISTIC_EEG))
        return false;
    return device->paired || device->bonded || (device->resolved && device->named);
}

/* The whole last part is compared: hci1 must not find hci10. */
const char *adapter_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* hci2 before hci10. */
static bool path_is_before(const char *a, const char *b)
{
    const size_t a_len = strlen(a);
    const size_t b_len = strlen(b);

    return a_len != b_len ? a_len < b_len : strcmp(a, b) < 0;
}

static bool is_wished(const struct bluez_adapter *adapter, const char *wish)
{
    return !wish || strcasecmp(adapter->address, wish) == 0 ||
           strcmp(adapter_name(adapter->path), wish) == 0;
}

static bool is_better(const struct bluez_adapter *a, const struct bluez_adapter *b,
                      const char *current)
{
    const bool a_current = strcmp(a->path, current) == 0;
    const bool b_current = strcmp(b->path, current) == 0;

    if (a->powered != b->powered)
        return a->powered;
    if (a_current != b_current)
        return a_current;
    return path_is_before(a->path, b->path);
}

const struct bluez_adapter *objects_choose_adapter(const struct objects *objects, const char *wish,
                                                   const char *current)
{
    const struct bluez_adapter *best = NULL;

    for (size_t i = 0; i < objects->adapter_count; i++) {
        const struct bluez_adapter *adapter = &objects->adapters[i];
        if (is_wished(adapter, wish) && (!best || is_better(adapter, best, current)))
            best = adapter;
    }
    return best;
}
