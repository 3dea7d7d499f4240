/* An attempt's steps back: Disconnect, and RemoveDevice where BlueZ's cache is at fault. */
#include "base/log.h"
#include "bluez_internal.h"

static void on_removed(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply; /* refused: it is gone already */
    bluez->attempt.sighted = false;
    attempt_disown(&bluez->attempt);
    attempt_pause(bluez);
    bluez_digest(bluez);
}

/* A pairing, or a person's word, that would be lost for good: no band needs one. */
static bool may_remove(struct bluez *bluez, const char *path)
{
    const struct bluez_device *device = objects_device(&bluez->objects, path);

    return device && !device->paired && !device->bonded && !device->trusted;
}

/* RemoveDevice also empties BlueZ's cache of the band's services. */
static void remove_device(struct bluez *bluez)
{
    const char *path = bluez->attempt.device;
    DBusMessage *message;

    if (!may_remove(bluez, path)) {
        attempt_pause(bluez);
        return;
    }
    message = bluez_method(bluez->adapter, BLUEZ_ADAPTER, "RemoveDevice");
    log_info("removing %s from BlueZ's cache, to begin anew", adapter_name(path));
    attempt_set(bluez, ATTEMPT_REMOVE, 0);
    if (message)
        dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
    bus_call(bluez->bus, &bluez->attempt.call, message, CALL_LIMIT_MS, on_removed, bluez);
}

void attempt_dropped(struct bluez *bluez)
{
    const struct bluez_device *device = objects_device(&bluez->objects, bluez->attempt.device);

    if (!device || !device->connected)
        attempt_disown(&bluez->attempt);
    if (bluez->attempt.remove)
        remove_device(bluez);
    else
        attempt_pause(bluez);
}

static void on_drop_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply; /* refused: it isn't connected, and that is seen in the mirror */
    bluez->attempt.replied = true;
    bluez_digest(bluez);
}

void attempt_drop(struct bluez *bluez, enum attempt_state state)
{
    struct attempt *attempt = &bluez->attempt;

    attempt->replied = false;
    attempt_set(bluez, state, DISCONNECT_LIMIT_MS);
    bus_call(bluez->bus, &attempt->call, bluez_method(attempt->device, BLUEZ_DEVICE, "Disconnect"),
             DISCONNECT_LIMIT_MS, on_drop_reply, bluez);
}

void attempt_retry(struct bluez *bluez, bool remove)
{
    bluez->attempt.remove = remove;
    attempt_drop(bluez, ATTEMPT_DROP);
}
