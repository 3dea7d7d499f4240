#include "bluez_objects.h"

#include <string.h>

#include "base/length.h"
#include "bluez_device.h"

void objects_clear(struct objects *objects)
{
    memset(objects, 0, sizeof(*objects));
}

/* ---- adapters */

static void adapter_property(void *user, const struct property *property)
{
    struct bluez_adapter *adapter = user;
    const char *text;

    if (strcmp(property->name, "Powered") == 0)
        property_bool(property, &adapter->powered);
    else if (strcmp(property->name, "Discovering") == 0)
        property_bool(property, &adapter->discovering);
    else if (strcmp(property->name, "Address") == 0 && property_string(property, &text))
        address_copy(adapter->address, text);
    else if (strcmp(property->name, "PowerState") == 0 && property_string(property, &text))
        adapter->blocked = strcmp(text, "off-blocked") == 0;
}

static void add_adapter(struct objects *objects, const char *path, DBusMessageIter *properties)
{
    struct bluez_adapter *adapter = objects_adapter(objects, path);

    if (!adapter) {
        if (objects->adapter_count == ADAPTERS_MAX)
            return;
        adapter = &objects->adapters[objects->adapter_count];
        memset(adapter, 0, sizeof(*adapter));
        if (!copy_whole(adapter->path, sizeof(adapter->path), path))
            return;
        objects->adapter_count++;
    }
    properties_each(properties, adapter_property, adapter);
}

/* ---- devices */

/* How much it would be missed. */
static int rank(const struct bluez_device *device)
{
    return device->connected ? 2 : device->name[0] ? 1 : 0;
}

/* The one to forget: of the lowest rank the longest quiet. */
static struct bluez_device *device_to_forget(struct objects *objects)
{
    struct bluez_device *least = &objects->devices[0];

    for (size_t i = 1; i < objects->device_count; i++) {
        struct bluez_device *device = &objects->devices[i];

        if (rank(device) < rank(least) ||
            (rank(device) == rank(least) && device->used < least->used))
            least = device;
    }
    return least;
}

static void put_device(struct objects *objects, const struct bluez_device *device)
{
    struct bluez_device *place = objects_device(objects, device->path);

    if (!place)
        place = objects->device_count < DEVICES_MAX ? &objects->devices[objects->device_count++]
                                                    : device_to_forget(objects);
    *place = *device;
}

static void add_device(struct objects *objects, const char *path, DBusMessageIter *properties)
{
    const struct bluez_device *known = objects_device(objects, path);
    struct bluez_device device = {.rssi = RSSI_UNKNOWN, .battery = BATTERY_UNKNOWN};

    if (known)
        device = *known;
    if (!copy_whole(device.path, sizeof(device.path), path))
        return;
    properties_each(properties, device_property, &device);
    objects->heard += device.sighted;
    device.used = objects->clock;
    if (device.address[0])
        put_device(objects, &device);
}

static void add_battery(struct objects *objects, const char *path, DBusMessageIter *properties)
{
    struct bluez_device *device = objects_device(objects, path);

    if (device)
        properties_each(properties, battery_property, device);
}

/* ---- services and characteristics */

static void service_property(void *user, const struct property *property)
{
    struct bluez_service *service = user;
    const char *text;

    if (!property_string(property, &text))
        return;
    if (strcmp(property->name, "UUID") == 0)
        copy_whole(service->uuid, sizeof(service->uuid), text);
    else if (strcmp(property->name, "Device") == 0)
        copy_whole(service->device, sizeof(service->device), text);
}

static void remove_service(struct objects *objects, const char *path)
{
    for (size_t i = 0; i < objects->service_count; i++) {
        if (strcmp(objects->services[i].path, path) == 0) {
            objects->services[i] = objects->services[--objects->service_count];
            return;
        }
    }
}

static void add_service(struct objects *objects, const char *path, DBusMessageIter *properties)
{
    struct bluez_service service = {.uuid = ""};

    properties_each(properties, service_property, &service);
    remove_service(objects, path);
    if (objects->service_count < SERVICES_MAX && band_has_service(service.uuid) &&
        copy_whole(service.path, sizeof(service.path), path))
        objects->services[objects->service_count++] = service;
}

static void characteristic_property(void *user, const struct property *property)
{
    struct bluez_characteristic *characteristic = user;
    const char *text;

    if (!property_string(property, &text))
        return;
    if (strcmp(property->name, "UUID") == 0)
        copy_whole(characteristic->uuid, sizeof(characteristic->uuid), text);
    else if (strcmp(property->name, "Service") == 0)
        copy_whole(characteristic->service, sizeof(characteristic->service), text);
}

static void remove_characteristic(struct objects *objects, const char *path)
{
    for (size_t i = 0; i < objects->characteristic_count; i++) {
        if (strcmp(objects->characteristics[i].path, path) == 0) {
            objects->characteristics[i] = objects->characteristics[--objects->characteristic_count];
            return;
        }
    }
}

static void add_characteristic(struct objects *objects, const char *path,
                               DBusMessageIter *properties)
{
    struct bluez_characteristic characteristic = {.uuid = ""};

    properties_each(properties, characteristic_property, &characteristic);
    remove_characteristic(objects, path);
    if (objects->characteristic_count < CHARACTERISTICS_MAX &&
        band_has_characteristic(characteristic.uuid) &&
        copy_whole(characteristic.path, sizeof(characteristic.path), path))
        objects->characteristics[objects->characteristic_count++] = characteristic;
}

/* ---- messages */

static void add_interface(struct objects *objects, const char *path, const char *interface,
                          DBusMessageIter *properties)
{
    static const struct {
        const char *interface;
        void (*add)(struct objects *objects, const char *path, DBusMessageIter *properties);
    } kinds[] = {
        {BLUEZ_ADAPTER, add_adapter},
        {BLUEZ_DEVICE, add_device},
        {BLUEZ_BATTERY, add_battery},
        {BLUEZ_SERVICE, add_service},
        {BLUEZ_CHARACTERISTIC, add_characteristic},
    };

    for (size_t i = 0; i < LENGTH(kinds); i++) {
        if (strcmp(interface, kinds[i].interface) == 0)
            kinds[i].add(objects, path, properties);
    }
}

/* One object: the a{sa{sv}} that `interfaces` stands on. */
static void add_object(struct objects *objects, const char *path, DBusMessageIter *interfaces)
{
    /* A Battery1 told before its Device1 would have no device yet: two rounds, devices first. */
    for (int round = 0; round < 2; round++) {
        DBusMessageIter entry;

        dbus_message_iter_recurse(interfaces, &entry);
        for (; dbus_message_iter_get_arg_type(&entry) == DBUS_TYPE_DICT_ENTRY;
             dbus_message_iter_next(&entry)) {
            DBusMessageIter field;
            const char *interface;

            dbus_message_iter_recurse(&entry, &field);
            dbus_message_iter_get_basic(&field, &interface);
            dbus_message_iter_next(&field);
            if ((strcmp(interface, BLUEZ_DEVICE) == 0) == (round == 0))
                add_interface(objects, path, interface, &field);
        }
    }
}

static void keep_names(struct objects *objects, const struct objects *before)
{
    for (size_t i = 0; i < objects->device_count; i++) {
        struct bluez_device *device = &objects->devices[i];

        for (size_t j = 0; j < before->device_count; j++) {
            const struct bluez_device *known = &before->devices[j];
            if (known->name[0] && strcmp(device->path, known->path) == 0 &&
                strcmp(device->address, known->address) == 0)
                memcpy(device->name, known->name, sizeof(device->name));
        }
    }
}

bool objects_load(struct objects *objects, DBusMessage *reply)
{
    DBusMessageIter iter;
    DBusMessageIter entry;
    const struct objects before = *objects;

    if (!dbus_message_has_signature(reply, "a{oa{sa{sv}}}"))
        return false;
    objects_clear(objects);
    objects->clock = before.clock + 1;
    objects->heard = before.heard;
    dbus_message_iter_init(reply, &iter);
    dbus_message_iter_recurse(&iter, &entry);
    for (; dbus_message_iter_get_arg_type(&entry) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entry)) {
        DBusMessageIter field;
        const char *path;

        dbus_message_iter_recurse(&entry, &field);
        dbus_message_iter_get_basic(&field, &path);
        dbus_message_iter_next(&field);
        add_object(objects, path, &field);
    }
    keep_names(objects, &before);
    return true;
}

bool objects_added(struct objects *objects, DBusMessage *interfaces_added)
{
    DBusMessageIter iter;
    struct bluez_device *device;
    const char *path;
    bool was_known;

    if (!dbus_message_has_signature(interfaces_added, "oa{sa{sv}}"))
        return false;
    objects->clock++;
    dbus_message_iter_init(interfaces_added, &iter);
    dbus_message_iter_get_basic(&iter, &path);
    dbus_message_iter_next(&iter);
    was_known = objects_device(objects, path) != NULL;
    add_object(objects, path, &iter);
    device = objects_device(objects, path);
    if (device && !was_known) {
        device_hear(device); /* bluetoothd makes a device when it first hears it */
        objects->heard++;
    }
    return true;
}

static void forget_device(struct objects *objects, const char *path)
{
    struct bluez_device *device = objects_device(objects, path);

    if (device)
        *device = objects->devices[--objects->device_count];
}

static void remove_adapter(struct objects *objects, const char *path)
{
    struct bluez_adapter *adapter = objects_adapter(objects, path);

    if (adapter)
        *adapter = objects->adapters[--objects->adapter_count];
}

struct removal {
    struct objects *objects;
    const char *path;
};

static void remove_interface(void *user, const char *interface)
{
    const struct removal *removal = user;
    struct bluez_device *device = objects_device(removal->objects, removal->path);

    if (strcmp(interface, BLUEZ_ADAPTER) == 0)
        remove_adapter(removal->objects, removal->path);
    else if (strcmp(interface, BLUEZ_DEVICE) == 0)
        forget_device(removal->objects, removal->path);
    else if (strcmp(interface, BLUEZ_BATTERY) == 0 && device)
        device->battery = BATTERY_UNKNOWN;
    else if (strcmp(interface, BLUEZ_SERVICE) == 0)
        remove_service(removal->objects, removal->path);
    else if (strcmp(interface, BLUEZ_CHARACTERISTIC) == 0)
        remove_characteristic(removal->objects, removal->path);
}

bool objects_removed(struct objects *objects, DBusMessage *interfaces_removed)
{
    DBusMessageIter iter;
    struct removal removal = {.objects = objects};

    if (!dbus_message_has_signature(interfaces_removed, "oas"))
        return false;
    dbus_message_iter_init(interfaces_removed, &iter);
    dbus_message_iter_get_basic(&iter, &removal.path);
    dbus_message_iter_next(&iter);
    strings_each(&iter, remove_interface, &removal);
    return true;
}

static void look_for_band_name(void *user, const struct property *property)
{
    bool *stale = user;
    const char *text;

    if (strcmp(property->name, "Name") == 0 && property_string(property, &text) &&
        is_band_name(text))
        *stale = true;
}

static void invalidate(void *user, const char *name)
{
    struct bluez_device *device = user;

    if (strcmp(name, "RSSI") != 0)
        return;
    device->rssi = RSSI_UNKNOWN;
    device->in_air = false;
}

static void change_device(struct objects *objects, const char *path, DBusMessageIter *iter)
{
    struct bluez_device *device = objects_device(objects, path);

    if (!device) {
        properties_each(iter, look_for_band_name, &objects->stale);
        return;
    }
    const bool was_sighted = device->sighted;
    device->used = objects->clock;
    device->sighted = false;
    properties_each(iter, device_property, device);
    objects->heard += device->sighted;
    device->sighted = device->sighted || was_sighted;
    dbus_message_iter_next(iter);
    strings_each(iter, invalidate, device);
}

bool objects_changed(struct objects *objects, DBusMessage *properties_changed)
{
    const char *path = dbus_message_get_path(properties_changed);
    DBusMessageIter iter;
    const char *interface;

    if (!path || !dbus_message_has_signature(properties_changed, "sa{sv}as"))
        return false;
    objects->clock++;
    dbus_message_iter_init(properties_changed, &iter);
    dbus_message_iter_get_basic(&iter, &interface);
    dbus_message_iter_next(&iter);
    if (strcmp(interface, BLUEZ_DEVICE) == 0)
        change_device(objects, path, &iter);
    else if (strcmp(interface, BLUEZ_BATTERY) == 0)
        add_battery(objects, path, &iter);
    else if (strcmp(interface, BLUEZ_ADAPTER) == 0 && objects_adapter(objects, path))
        add_adapter(objects, path, &iter);
    return true;
}

struct object_value {
    const uint8_t **bytes;
    size_t *len;
    bool found;
};

static void value_property(void *user, const struct property *property)
{
    struct object_value *value = user;
    DBusMessageIter array = property->value;

    if (strcmp(property->name, "Value") == 0)
        value->found = bytes_read(&array, value->bytes, value->len);
}

bool objects_value(DBusMessage *properties_changed, const uint8_t **bytes, size_t *len)
{
    struct object_value value = {bytes, len, false};
    DBusMessageIter iter;
    const char *interface;

    if (!dbus_message_has_signature(properties_changed, "sa{sv}as"))
        return false;
    dbus_message_iter_init(properties_changed, &iter);
    dbus_message_iter_get_basic(&iter, &interface);
    if (strcmp(interface, BLUEZ_CHARACTERISTIC) != 0)
        return false;
    dbus_message_iter_next(&iter);
    properties_each(&iter, value_property, &value);
    return value.found;
}
