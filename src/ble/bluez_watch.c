/* The bus, bluetoothd's coming and going on it, and the mirror of its objects. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"
#include "bluez_properties.h"

/* While GetManagedObjects is refused. */
#define LOAD_RETRY_MS 5000

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"

/* All there ever are: they are in force before anything is asked, so no signal can be missed. */
static const char *const match_rules[] = {
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.bluez'",
    "type='signal',sender='org.bluez',interface='" OBJECT_MANAGER "'",
    "type='signal',sender='org.bluez',interface='" PROPERTIES "',member='PropertiesChanged'",
    NULL,
};

void bluez_digest(struct bluez *bluez)
{
    if (bluez->destroying)
        return;
    adapter_advance(bluez);
    if (bluez->objects.stale) {
        bluez->objects.stale = false;
        if (!bluez->load_call)
            bluez_reload(bluez);
    }
    discovery_sightings(bluez);
    attempt_advance(bluez);
    discovery_advance(bluez);
    attempt_advance(bluez); /* it may have waited for discovery to be off */
    link_advance(bluez);
}

static void on_load_alarm(struct bluez *bluez, int which)
{
    (void)which;
    bluez_reload(bluez);
}

static void on_loaded(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK || !objects_load(&bluez->objects, reply)) {
        bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Asking for Bluetooth's state");
        copy_whole(bluez->load_trouble, sizeof(bluez->load_trouble), failure.message);
        log_warning("%s", failure.message);
        alarm_set(&bluez->load_alarm, LOAD_RETRY_MS, on_load_alarm);
        bluez_digest(bluez);
        return;
    }
    bluez->loaded = true;
    bluez->load_trouble[0] = '\0';
    if (bluez->attempt.state == ATTEMPT_CHECK)
        gatt_check(bluez);
    bluez_digest(bluez);
}

/* Anew, also where one is under way: its answer may be older than what made us ask. */
void bluez_reload(struct bluez *bluez)
{
    bus_cancel(&bluez->load_call);
    alarm_clear(&bluez->load_alarm);
    bus_call(bluez->bus, &bluez->load_call, bluez_method("/", OBJECT_MANAGER, "GetManagedObjects"),
             CALL_LIMIT_MS, on_loaded, bluez);
}

/* What bluetoothd told is no more; also where another takes its place in one step. */
static void lose_owner(struct bluez *bluez)
{
    log_info("bluetoothd is gone");
    bus_cancel(&bluez->load_call);
    alarm_clear(&bluez->load_alarm);
    bluez->loaded = false;
    bluez->load_trouble[0] = '\0';
    bluez->owner[0] = '\0';
    objects_clear(&bluez->objects);
    bluez_digest(bluez);
}

static void set_owner(struct bluez *bluez, const char *owner)
{
    if (strcmp(bluez->owner, owner) == 0)
        return;
    if (bluez->owner[0])
        lose_owner(bluez);
    if (!owner[0] || !copy_whole(bluez->owner, sizeof(bluez->owner), owner))
        return;
    log_info("bluetoothd is there");
    bluez_reload(bluez);
}

static void ask_owner(struct bluez *bluez);

static void on_owner_alarm(struct bluez *bluez, int which)
{
    (void)which;
    ask_owner(bluez);
}

/* A bus that gives no answer in time says nothing of bluetoothd: it is asked again. */
static void on_owner(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    const char *owner;

    if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID) &&
        bluez_error(reply) == BLUEZ_OK) {
        set_owner(bluez, owner);
        return;
    }
    if (!dbus_message_is_error(reply, DBUS_ERROR_NAME_HAS_NO_OWNER))
        alarm_set(&bluez->load_alarm, LOAD_RETRY_MS, on_owner_alarm);
    bluez_digest(bluez);
}

static void ask_owner(struct bluez *bluez)
{
    const char *name = "org.bluez";
    DBusMessage *message = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                        DBUS_INTERFACE_DBUS, "GetNameOwner");

    if (message)
        dbus_message_append_args(message, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
    bus_call(bluez->bus, &bluez->owner_call, message, CALL_LIMIT_MS, on_owner, bluez);
}

static void on_bus_up(void *user)
{
    struct bluez *bluez = user;

    bluez->bus_up = true;
    bluez->bus_trouble[0] = '\0';
    ask_owner(bluez);
}

static void on_bus_down(void *user, const char *why)
{
    struct bluez *bluez = user;

    bluez->bus_up = false;
    copy_whole(bluez->bus_trouble, sizeof(bluez->bus_trouble), why);
    set_owner(bluez, "");
    bluez_digest(bluez);
}

static void on_name_owner_changed(struct bluez *bluez, DBusMessage *signal)
{
    const char *name;
    const char *before;
    const char *owner;

    if (!dbus_message_has_sender(signal, DBUS_SERVICE_DBUS) ||
        !dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                               DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID) ||
        strcmp(name, "org.bluez") != 0)
        return;
    bus_cancel(&bluez->owner_call);
    alarm_clear(&bluez->load_alarm);
    set_owner(bluez, owner);
}

/* A signal can be sent to us by anyone on the bus; only the owner of org.bluez is believed. */
static void on_signal(void *user, DBusMessage *signal, int64_t arrival_us)
{
    struct bluez *bluez = user;
    bool changed = false;

    if (bluez->destroying)
        return;
    if (dbus_message_is_signal(signal, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
        on_name_owner_changed(bluez, signal);
        return;
    }
    if (!bluez->owner[0] || !dbus_message_has_sender(signal, bluez->owner))
        return;
    if (dbus_message_is_signal(signal, PROPERTIES, "PropertiesChanged")) {
        link_value(bluez, signal, arrival_us);
        changed = objects_changed(&bluez->objects, signal);
    } else if (dbus_message_is_signal(signal, OBJECT_MANAGER, "InterfacesAdded")) {
        changed = objects_added(&bluez->objects, signal);
    } else if (dbus_message_is_signal(signal, OBJECT_MANAGER, "InterfacesRemoved")) {
        changed = objects_removed(&bluez->objects, signal);
    }
    if (changed)
        bluez_digest(bluez);
}

struct bus *bluez_watch(struct bluez *bluez, const char *bus_address)
{
    const struct bus_listener listener = {bluez, on_bus_up, on_bus_down, on_signal};

    return bus_create(bluez->loop, bus_address, match_rules, &listener);
}
