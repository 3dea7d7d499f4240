#include "bluez_watch.h"

#include <string.h>

#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_method.h"
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

static void tell_object(struct watch *watch)
{
    if (!watch->stopped)
        watch->listener.changed(watch->listener.user);
}

static void on_load_alarm(void *user)
{
    watch_reload(user);
}

static void on_managed(void *user, DBusMessage *reply)
{
    struct watch *watch = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK || !objects_load(&watch->objects, reply)) {
        bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Asking for Bluetooth's state");
        copy_whole(watch->load_trouble, sizeof(watch->load_trouble), failure.message);
        log_warning("bluetooth: %s", failure.message);
        alarm_set(&watch->alarm, LOAD_RETRY_MS, on_load_alarm);
    } else {
        watch->loaded = true;
        watch->load_trouble[0] = '\0';
        watch->listener.loaded(watch->listener.user);
    }
    tell_object(watch);
}

/* Anew, also where one is under way: its answer may be older than what made us ask. */
void watch_reload(struct watch *watch)
{
    bus_cancel(&watch->load_call);
    alarm_clear(&watch->alarm);
    bus_call(watch->bus, &watch->load_call, bluez_method("/", OBJECT_MANAGER, "GetManagedObjects"),
             CALL_LIMIT_MS, on_managed, watch);
}

void watch_mend(struct watch *watch)
{
    if (watch->objects.stale && !watch->load_call)
        watch_reload(watch);
    watch->objects.stale = false;
}

/* What bluetoothd told is no more; also where another takes its place in one step. */
static void lose_owner(struct watch *watch)
{
    log_info("bluetooth: bluetoothd is gone");
    bus_cancel(&watch->load_call);
    alarm_clear(&watch->alarm);
    watch->loaded = false;
    watch->load_trouble[0] = '\0';
    watch->owner[0] = '\0';
    objects_clear(&watch->objects);
    tell_object(watch);
}

static void set_owner(struct watch *watch, const char *owner)
{
    if (strcmp(watch->owner, owner) == 0)
        return;
    if (watch->owner[0])
        lose_owner(watch);
    if (!owner[0] || !copy_whole(watch->owner, sizeof(watch->owner), owner))
        return;
    log_info("bluetooth: bluetoothd is there");
    if (!watch->stopped)
        watch_reload(watch);
}

static void ask_owner(void *user);

/* A bus that gives no answer in time says nothing of bluetoothd: it is asked again. */
static void on_owner(void *user, DBusMessage *reply)
{
    struct watch *watch = user;
    const char *owner;

    if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID) &&
        bluez_error(reply) == BLUEZ_OK) {
        set_owner(watch, owner);
        return;
    }
    if (!dbus_message_is_error(reply, DBUS_ERROR_NAME_HAS_NO_OWNER))
        alarm_set(&watch->alarm, LOAD_RETRY_MS, ask_owner);
    tell_object(watch);
}

static void ask_owner(void *user)
{
    struct watch *watch = user;
    const char *name = "org.bluez";
    DBusMessage *message = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
                                                        DBUS_INTERFACE_DBUS, "GetNameOwner");

    if (message)
        dbus_message_append_args(message, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
    bus_call(watch->bus, &watch->owner_call, message, CALL_LIMIT_MS, on_owner, watch);
}

static void on_bus_up(void *user)
{
    struct watch *watch = user;

    watch->bus_up = true;
    watch->bus_trouble[0] = '\0';
    if (!watch->stopped)
        ask_owner(watch);
}

static void on_bus_down(void *user, const char *why)
{
    struct watch *watch = user;

    watch->bus_up = false;
    copy_whole(watch->bus_trouble, sizeof(watch->bus_trouble), why);
    set_owner(watch, "");
    tell_object(watch);
}

static void on_name_owner_changed(struct watch *watch, DBusMessage *signal)
{
    const char *name;
    const char *before;
    const char *owner;

    if (!dbus_message_has_sender(signal, DBUS_SERVICE_DBUS) ||
        !dbus_message_get_args(signal, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before,
                               DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID) ||
        strcmp(name, "org.bluez") != 0)
        return;
    bus_cancel(&watch->owner_call);
    alarm_clear(&watch->alarm);
    set_owner(watch, owner);
}

/* A signal can be sent to us by anyone on the bus; only the owner of org.bluez is believed. */
static void on_signal(void *user, DBusMessage *signal, int64_t arrival_us)
{
    struct watch *watch = user;
    bool changed = false;

    if (dbus_message_is_signal(signal, DBUS_INTERFACE_DBUS, "NameOwnerChanged")) {
        on_name_owner_changed(watch, signal);
        return;
    }
    if (watch->stopped || !watch->owner[0] || !dbus_message_has_sender(signal, watch->owner))
        return;
    if (dbus_message_is_signal(signal, PROPERTIES, "PropertiesChanged")) {
        watch->listener.value(watch->listener.user, signal, arrival_us);
        changed = objects_changed(&watch->objects, signal);
    } else if (dbus_message_is_signal(signal, OBJECT_MANAGER, "InterfacesAdded")) {
        changed = objects_added(&watch->objects, signal);
    } else if (dbus_message_is_signal(signal, OBJECT_MANAGER, "InterfacesRemoved")) {
        changed = objects_removed(&watch->objects, signal);
    }
    if (changed)
        tell_object(watch);
}

/* Nothing is known yet, and nothing is to be said, until the bus and bluetoothd have answered. */
bool watch_is_awaited(const struct watch *watch)
{
    if (!watch->bus_up)
        return !watch->bus_trouble[0];
    if (!watch->owner[0])
        return watch->owner_call != NULL;
    return !watch->loaded && !watch->load_trouble[0];
}

const char *watch_trouble(const struct watch *watch)
{
    if (!watch->bus_up)
        return watch->bus_trouble[0] ? watch->bus_trouble : "Connecting to the message bus.";
    if (!watch->owner[0])
        return BLUEZ_ADVICE_ABSENT;
    return watch->load_trouble[0] ? watch->load_trouble : NULL;
}

bool watch_init(struct watch *watch, struct handles *handles, const char *bus_address,
                const struct watch_listener *listener)
{
    const struct bus_listener bus_listener = {watch, on_bus_up, on_bus_down, on_signal};

    watch->bus = bus_create(handles->loop, bus_address, match_rules, &bus_listener);
    if (!watch->bus)
        return false;
    handles->open++;
    watch->listener = *listener;
    alarm_init(&watch->alarm, handles, watch);
    return true;
}

void watch_stop(struct watch *watch)
{
    watch->stopped = true;
    bus_cancel(&watch->owner_call);
    bus_cancel(&watch->load_call);
    alarm_clear(&watch->alarm);
}

static void on_bus_closed(void *user)
{
    handles_close_one(user);
}

void watch_close(struct watch *watch)
{
    bus_destroy(watch->bus, on_bus_closed, watch->alarm.handles);
    alarm_close(&watch->alarm);
}
