#include "bluez_gatt.h"

#include <stdio.h>
#include <string.h>

#include "base/length.h"
#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_method.h"
#include "bluez_properties.h"

static const char *path_of(const struct gatt *gatt, const struct model_characteristic *at)
{
    return objects_characteristic(&gatt->watch->objects, gatt->device, at);
}

/* All but the battery's: BlueZ may take that for itself. */
const struct model_source *gatt_missing(const struct gatt *gatt)
{
    for (size_t i = 0; i < gatt->model->source_count; i++) {
        const struct model_source *source = &gatt->model->sources[i];
        if (source->sensor != SENSOR_BAT && !path_of(gatt, &source->at))
            return source;
    }
    return NULL;
}

/* ---- Reading */

static void read_value(struct gatt *gatt, const char *path, struct bus_call **call,
                       bus_reply_fn reply)
{
    bus_cancel(call);
    bus_call(gatt->watch->bus, call,
             method_options(bluez_method(path, BLUEZ_CHARACTERISTIC, "ReadValue"), NULL, 0),
             CALL_LIMIT_MS, reply, gatt);
}

/* Both are nice to know, neither is worth losing the link for: an error is as if it had none. */
static bool read_bytes(DBusMessage *reply, const uint8_t **bytes, size_t *len)
{
    DBusMessageIter iter;

    return bluez_error(reply) == BLUEZ_OK && dbus_message_iter_init(reply, &iter) &&
           bytes_read(&iter, bytes, len);
}

static void on_battery(void *user, DBusMessage *reply)
{
    struct gatt *gatt = user;
    const uint8_t *bytes;
    size_t len;

    if (read_bytes(reply, &bytes, &len) && len == 1 && bytes[0] <= 100)
        gatt->battery = bytes[0];
    gatt->read(gatt->user);
}

/* BlueZ's battery plugin takes the service for itself and offers Battery1 in its place. */
static void read_battery(struct gatt *gatt)
{
    const struct bluez_device *device = objects_device(&gatt->watch->objects, gatt->device);
    const char *path = path_of(gatt, &gatt->model->battery);

    gatt->battery = device ? device->battery : BATTERY_UNKNOWN;
    if (path)
        read_value(gatt, path, &gatt->read_call, on_battery);
    else
        gatt->read(gatt->user);
}

/* Printable ASCII only: the text goes into messages and file names. */
static void take_firmware(char out[BAND_FIRMWARE_SIZE], const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n < BAND_FIRMWARE_SIZE - 1; i++) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f)
            out[n++] = (char)bytes[i];
    }
    out[n] = '\0';
}

static void on_firmware(void *user, DBusMessage *reply)
{
    struct gatt *gatt = user;
    const uint8_t *bytes;
    size_t len;

    if (read_bytes(reply, &bytes, &len))
        take_firmware(gatt->firmware, bytes, len);
    read_battery(gatt);
}

void gatt_read(struct gatt *gatt, void (*read)(void *user), void *user)
{
    const char *path = path_of(gatt, &gatt->model->firmware);

    gatt->read = read;
    gatt->user = user;
    gatt->firmware[0] = '\0';
    if (path)
        read_value(gatt, path, &gatt->read_call, on_firmware);
    else
        read_battery(gatt);
}

/* ---- Writing */

static void tell_written(struct gatt *gatt, const struct failure *failure)
{
    gatt->up->written(gatt->up->user, failure);
}

static void on_written(void *user, DBusMessage *reply)
{
    const struct gatt *gatt = user;
    struct failure failure;
    char what[64];

    snprintf(what, sizeof(what), "Writing to the band's %s", gatt->model->control.label);
    tell_written(user, bluez_error(reply) == BLUEZ_OK
                           ? NULL
                           : bluez_failure(&failure, reply, ERROR_STREAMING, what));
}

/* With response: {"type": "request"}. */
static DBusMessage *write_method(const char *path, const char *text)
{
    DBusMessage *message = bluez_method(path, BLUEZ_CHARACTERISTIC, "WriteValue");
    const char *request = "request";
    const struct method_option option = {"type", DBUS_TYPE_STRING, &request};

    if (message)
        dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &text, (int)strlen(text),
                                 DBUS_TYPE_INVALID);
    return method_options(message, &option, 1);
}

static void on_no_control(void *user)
{
    const struct gatt *gatt = user;
    struct failure failure;

    tell_written(user,
                 failure_set(&failure, ERROR_STREAMING, "The band has no %s characteristic.",
                             gatt->model->control.label ? gatt->model->control.label : "control"));
}

void gatt_write(struct gatt *gatt, const char *text)
{
    const char *path = path_of(gatt, &gatt->model->control.at);

    bus_cancel(&gatt->write_call); /* at most one at a time is the caller's promise */
    if (path)
        bus_call(gatt->watch->bus, &gatt->write_call, write_method(path, text), WRITE_LIMIT_MS,
                 on_written, gatt);
    else
        alarm_set(&gatt->alarm, 0, on_no_control);
}

/* ---- Whether the band answers */

/* The band's own refusal is an answer as good as any. */
static void on_probed(void *user, DBusMessage *reply)
{
    const struct gatt *gatt = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK)
        log_info("%s: %s", gatt->device,
                 bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Asking the band")->message);
    gatt->up->probed(gatt->up->user,
                     bluez_error(reply) == BLUEZ_OK || bluez_error_is_the_bands(reply));
}

/* The first source's characteristic is always there: where it can't be read the band says so. */
void gatt_probe(struct gatt *gatt)
{
    const struct model_characteristic *readable[] = {&gatt->model->firmware, &gatt->model->battery,
                                                     &gatt->model->sources[0].at};
    const char *path = NULL;

    for (size_t i = 0; !path && i < LENGTH(readable); i++)
        path = path_of(gatt, readable[i]);
    read_value(gatt, path ? path : gatt->device, &gatt->probe_call, on_probed);
}

/* ---- Its life */

void gatt_init(struct gatt *gatt, struct watch *watch, struct handles *handles,
               const struct link_listener *up, const char *device)
{
    gatt->watch = watch;
    gatt->up = up;
    gatt->device = device;
    alarm_init(&gatt->alarm, handles, gatt);
}

void gatt_void(struct gatt *gatt)
{
    alarm_clear(&gatt->alarm);
    bus_cancel(&gatt->read_call);
    bus_cancel(&gatt->write_call);
    bus_cancel(&gatt->probe_call);
}

void gatt_close(struct gatt *gatt)
{
    gatt_void(gatt);
    alarm_close(&gatt->alarm);
}
