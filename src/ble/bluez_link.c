/* The link: what arrives over it, its control characteristic, and its end. */
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "bluez_internal.h"
#include "bluez_properties.h"

#define ASKED_MS (DISCONNECT_LIMIT_MS + 1000)

static void take_path(const struct bluez *bluez, char out[OBJECT_PATH_SIZE], const char *device,
                      enum band_characteristic which)
{
    const char *path = objects_characteristic(&bluez->objects, device, which);

    copy_whole(out, OBJECT_PATH_SIZE, path ? path : "");
}

static void fill(struct bluez *bluez, const struct bluez_device *device)
{
    struct link *link = &bluez->link;
    const struct attempt *attempt = &bluez->attempt;

    if (strcmp(link->band.address, device->address) != 0)
        link->unlocked_once = false;
    link->asked = link->ending = link->controlling = false;
    link->owned = attempt_holds(attempt);
    link->battery = attempt->battery;
    memcpy(link->device, device->path, sizeof(link->device));
    link->band = attempt->band;
    /* Never advertised to us, nor known to the caller: the address is all there is to call it. */
    if (!link->band.name[0])
        memcpy(link->band.name, device->address, sizeof(device->address));
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        link->sensors[sensor].state = NOTIFY_OFF;
        take_path(bluez, link->sensors[sensor].path, device->path,
                  (enum band_characteristic)sensor);
    }
    take_path(bluez, link->control, device->path, CHARACTERISTIC_CONTROL);
}

void link_begin(struct bluez *bluez, const struct bluez_device *device)
{
    struct link *link = &bluez->link;
    struct band_link made = {.rssi = device->rssi, .battery_level = bluez->attempt.battery};

    fill(bluez, device);
    made.band = link->band;
    memcpy(made.firmware, bluez->attempt.firmware, sizeof(made.firmware));
    made.anchor = (struct clock_anchor){now_boot_us(), now_utc_us()};
    attempt_set(bluez, ATTEMPT_NONE, 0);
    link->up = true;
    log_info("%s (%s) is connected", link->band.name, link->band.address);
    bluez_listener(bluez)->up(bluez_listener(bluez)->user, &made);
}

static void answer_control(struct bluez *bluez, const struct failure *failure)
{
    if (!bluez->link.controlling)
        return;
    bluez->link.controlling = false;
    bluez_listener(bluez)->written(bluez_listener(bluez)->user, failure);
}

void link_end(struct bluez *bluez, enum link_end end)
{
    struct link *link = &bluez->link;

    if (!link->up)
        return;
    link->up = link->ending = link->controlling = false;
    bluez->known_address[0] = '\0'; /* what a crash left is over: a next link is of who makes it */
    bus_cancel(&link->control_call);
    bus_cancel(&link->disconnect_call);
    bus_cancel(&link->probe_call);
    alarm_clear(&link->alarm);
    subscriptions_end(bluez);
    bluez_down(bluez->handle, link->asked ? LINK_END_ASKED : end, NULL);
}

static void on_verdict(struct bluez *bluez, int which)
{
    (void)which;
    link_end(bluez, LINK_END_LOST);
    bluez_digest(bluez);
}

void link_packet(struct bluez *bluez, enum sensor sensor, const uint8_t *bytes, size_t len,
                 int64_t arrival_us)
{
    const struct packet packet = {sensor, arrival_us, bytes, len, 0};

    bluez_listener(bluez)->packet(bluez_listener(bluez)->user, &packet);
}

/* Battery1 stands in for the characteristic where BlueZ hides that. */
static void advance_battery(struct bluez *bluez, const struct bluez_device *device)
{
    struct link *link = &bluez->link;
    const struct subscription *battery = &link->sensors[SENSOR_BAT];
    const uint8_t level = (uint8_t)device->battery;

    if (battery->path[0] || battery->state != NOTIFY_ON || device->battery == BATTERY_UNKNOWN ||
        device->battery == link->battery)
        return;
    link->battery = device->battery;
    link_packet(bluez, SENSOR_BAT, &level, 1, now_boot_us());
}

void link_advance(struct bluez *bluez)
{
    struct link *link = &bluez->link;
    const struct bluez_device *device = objects_device(&bluez->objects, link->device);

    if (!link->up || link->ending)
        return;
    if (device && device->connected) {
        advance_battery(bluez, device);
    } else if (link->asked) {
        link_end(bluez, LINK_END_ASKED);
    } else {
        link->ending = true;
        bus_cancel(&link->control_call);
        subscriptions_void(bluez);
        alarm_set(&link->alarm, VERDICT_MS, on_verdict);
    }
}

static const struct subscription *subscribed(const struct bluez *bluez, const char *path,
                                             enum sensor *sensor)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        const struct subscription *subscription = &bluez->link.sensors[i];
        if (subscription->path[0] && strcmp(subscription->path, path) == 0) {
            *sensor = (enum sensor)i;
            return subscription;
        }
    }
    return NULL;
}

/* Values may come before StartNotify's reply, and after StopNotify was asked for. */
void link_value(struct bluez *bluez, DBusMessage *changed, int64_t arrival_us)
{
    const char *path = dbus_message_get_path(changed);
    const struct subscription *subscription;
    enum sensor sensor;
    const uint8_t *bytes;
    size_t len;

    if (!bluez->link.up || !path)
        return;
    subscription = subscribed(bluez, path, &sensor);
    if (!subscription || subscription->acquired ||
        (subscription->state != NOTIFY_STARTING && subscription->state != NOTIFY_ON))
        return;
    if (objects_value(changed, &bytes, &len))
        link_packet(bluez, sensor, bytes, len, arrival_us);
}

static void on_disconnect_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK)
        log_info("%s", bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Disconnecting")->message);
    bluez_digest(bluez);
}

static void disconnect_call(struct bluez *bluez)
{
    bus_call(bluez->bus, &bluez->link.disconnect_call,
             bluez_method(bluez->link.device, BLUEZ_DEVICE, "Disconnect"), DISCONNECT_LIMIT_MS,
             on_disconnect_reply, bluez);
}

void link_drop(struct bluez *bluez)
{
    if (!bluez->link.disconnect_call && !bluez->link.ending)
        disconnect_call(bluez);
}

void bluez_close(struct ble_link *handle)
{
    struct bluez *bluez = ((struct bluez_link *)handle)->bluez;
    struct link *link = &bluez->link;

    if (&bluez->handle->link != handle)
        return; /* its refusal is to be told yet */
    if (bluez->attempt.state != ATTEMPT_NONE) {
        attempt_cancel(bluez);
    } else if (link->up && !link->asked) {
        link->asked = true;
        alarm_set(&link->alarm, link->ending ? 0 : ASKED_MS, on_verdict);
        if (!link->ending && !link->disconnect_call)
            disconnect_call(bluez);
    }
}

static void on_control_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    struct failure failure;

    answer_control(bluez, bluez_error(reply) == BLUEZ_OK
                              ? NULL
                              : bluez_failure(&failure, reply, ERROR_STREAMING,
                                              "Writing to the band's EEG control"));
}

/* With response: {"type": "request"}. */
static DBusMessage *write_method(const char *path, const char *text)
{
    DBusMessage *message = bluez_method(path, BLUEZ_CHARACTERISTIC, "WriteValue");
    const char *key = "type";
    const char *request = "request";
    DBusMessageIter iter;
    DBusMessageIter options;
    DBusMessageIter entry;
    DBusMessageIter variant;

    if (!message)
        return NULL;
    dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &text, (int)strlen(text),
                             DBUS_TYPE_INVALID);
    dbus_message_iter_init_append(message, &iter);
    dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &options);
    dbus_message_iter_open_container(&options, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
    dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
    dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "s", &variant);
    dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &request);
    dbus_message_iter_close_container(&entry, &variant);
    dbus_message_iter_close_container(&options, &entry);
    dbus_message_iter_close_container(&iter, &options);
    return message;
}

void bluez_write(struct ble_link *handle, const char *text)
{
    struct bluez *bluez = ((struct bluez_link *)handle)->bluez;
    struct link *link = &bluez->link;

    if (&bluez->handle->link != handle)
        return;
    if (!link->up || !link->control[0] || link->controlling) {
        struct answer *answer = answer_later(bluez, (struct bluez_link *)handle, ANSWER_WRITE);
        failure_set(&answer->failure, link->up ? ERROR_STREAMING : ERROR_NOT_CONNECTED,
                    !link->up           ? "No band is connected."
                    : !link->control[0] ? "The band has no EEG control characteristic."
                                        : "The last write to EEG control isn't answered yet.");
        return;
    }
    link->controlling = true;
    if (link->ending)
        return;
    bus_call(bluez->bus, &link->control_call, write_method(link->control, text), CONTROL_LIMIT_MS,
             on_control_reply, bluez);
}
