#include "bluez_lookup.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "band/model.h"

/* The n-th of all that a kind of band has; NULL behind the last. */
static const struct model_characteristic *nth(const struct band_model *model, size_t n)
{
    const struct model_characteristic *others[] = {&model->battery, &model->firmware,
                                                   &model->control.at, NULL};

    return n < model->source_count ? &model->sources[n].at : others[n - model->source_count];
}

static bool has_service(const struct band_model *model, const char *uuid)
{
    const struct model_characteristic *at;

    for (size_t n = 0; (at = nth(model, n)); n++) {
        if (at->uuid && strcasecmp(at->service, uuid) == 0)
            return true;
    }
    return false;
}

static bool has_characteristic(const struct band_model *model, const char *uuid)
{
    const struct model_characteristic *at;

    for (size_t n = 0; (at = nth(model, n)); n++) {
        if (at->uuid && strcasecmp(at->uuid, uuid) == 0)
            return true;
    }
    return false;
}

bool band_has_service(const char *uuid)
{
    for (size_t i = 0; models[i]; i++) {
        if (has_service(models[i], uuid))
            return true;
    }
    return false;
}

bool band_has_characteristic(const char *uuid)
{
    for (size_t i = 0; models[i]; i++) {
        if (has_characteristic(models[i], uuid))
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
                                   const struct model_characteristic *at)
{
    for (size_t i = 0; at->uuid && i < objects->characteristic_count; i++) {
        const struct bluez_characteristic *characteristic = &objects->characteristics[i];
        if (strcasecmp(characteristic->uuid, at->uuid) == 0 &&
            service_fits(objects, characteristic->service, device, at->service))
            return characteristic->path;
    }
    return NULL;
}

/* By its first source; NULL: it has none of any. */
static const struct band_model *model_of_gatt(const struct objects *objects, const char *device)
{
    for (size_t i = 0; models[i]; i++) {
        if (objects_characteristic(objects, device, &models[i]->sources[0].at))
            return models[i];
    }
    return NULL;
}

const struct band_model *objects_model(const struct objects *objects,
                                       const struct bluez_device *device)
{
    const struct band_model *model = model_of_band(device->name);

    if (!model)
        model = model_of_gatt(objects, device->path);
    return model ? model : model_default();
}

bool objects_is_stranger(const struct objects *objects, const struct bluez_device *device)
{
    if (device->name[0] || device->offers || model_of_gatt(objects, device->path))
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

static bool is_better_adapter(const struct bluez_adapter *a, const struct bluez_adapter *b,
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
        if (is_wished(adapter, wish) && (!best || is_better_adapter(adapter, best, current)))
            best = adapter;
    }
    return best;
}
