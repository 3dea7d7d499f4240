/* The last part of an attempt: the band's characteristics, firmware and battery level. */
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"
#include "bluez_properties.h"

static void read_battery(struct bluez *bluez);

/* The first that a band must have and this one hasn't; COUNT if none is missing. */
static enum band_characteristic missing(const struct bluez *bluez)
{
    static const enum band_characteristic needed[] = {CHARACTERISTIC_EEG, CHARACTERISTIC_PPG,
                                                      CHARACTERISTIC_ACC};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!objects_characteristic(&bluez->objects, bluez->attempt.device, needed[i]))
            return needed[i];
    }
    return CHARACTERISTIC_COUNT;
}

static void no_band(struct bluez *bluez, enum band_characteristic which)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED,
                "%s has no %s characteristic: it is no Link Band, or its services could not be "
                "read. Switch the band off and on and try again.",
                attempt_label(&bluez->attempt), characteristic_name(which));
    attempt_fail(bluez, &failure);
}

/*
 * BlueZ keeps services in a cache that can be empty or of an older firmware: connect anew, then
 * clear the cache, then believe it.
 */
static void incomplete(struct bluez *bluez, enum band_characteristic which)
{
    struct attempt *attempt = &bluez->attempt;

    log_info("%s: no %s characteristic", attempt_label(attempt), characteristic_name(which));
    attempt->incomplete++;
    if (attempt->incomplete > 2 ||
        !may_disconnect(bluez, attempt_holds(attempt), attempt->band.address))
        no_band(bluez, which);
    else
        attempt_retry(bluez, attempt->incomplete == 2);
}

static void finish(struct bluez *bluez)
{
    const struct bluez_device *device = objects_device(&bluez->objects, bluez->attempt.device);

    if (device && device->connected)
        link_begin(bluez, device);
    bluez_digest(bluez);
}

static bool read_bytes(DBusMessage *reply, const uint8_t **bytes, size_t *len)
{
    DBusMessageIter iter;

    return bluez_error(reply) == BLUEZ_OK && dbus_message_iter_init(reply, &iter) &&
           bytes_read(&iter, bytes, len);
}

static void on_battery(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    const uint8_t *bytes;
    size_t len;

    if (read_bytes(reply, &bytes, &len) && len == 1 && bytes[0] <= 100)
        bluez->attempt.battery = bytes[0];
    finish(bluez);
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
    struct bluez *bluez = user;
    const uint8_t *bytes;
    size_t len;

    if (read_bytes(reply, &bytes, &len))
        take_firmware(bluez->attempt.firmware, bytes, len);
    read_battery(bluez);
}

/* Both are nice to know, neither is worth losing the link for: an error is as if it had none. */
static bool read_characteristic(struct bluez *bluez, enum band_characteristic which,
                                enum attempt_state state, bus_reply_fn reply)
{
    const char *path = objects_characteristic(&bluez->objects, bluez->attempt.device, which);
    DBusMessage *message;

    if (!path)
        return false;
    attempt_set(bluez, state, 0);
    message = bluez_method(path, BLUEZ_CHARACTERISTIC, "ReadValue");
    append_no_options(message);
    bus_call(bluez->bus, &bluez->attempt.call, message, CALL_LIMIT_MS, reply, bluez);
    return true;
}

/* BlueZ's battery plugin takes the service for itself and offers Battery1 in its place. */
static void read_battery(struct bluez *bluez)
{
    const struct bluez_device *device = objects_device(&bluez->objects, bluez->attempt.device);

    bluez->attempt.battery = device ? device->battery : BATTERY_UNKNOWN;
    if (!read_characteristic(bluez, CHARACTERISTIC_BAT, ATTEMPT_BATTERY, on_battery))
        finish(bluez);
}

void gatt_check(struct bluez *bluez)
{
    const struct bluez_device *device = objects_device(&bluez->objects, bluez->attempt.device);
    const enum band_characteristic which = missing(bluez);

    if (!device || !device->connected)
        return; /* attempt_advance() sees to it */
    if (which != CHARACTERISTIC_COUNT && objects_is_stranger(&bluez->objects, device)) {
        no_band(bluez, which);
        return;
    }
    if (which != CHARACTERISTIC_COUNT) {
        incomplete(bluez, which);
        return;
    }
    bluez->attempt.firmware[0] = '\0';
    if (!read_characteristic(bluez, CHARACTERISTIC_FIRMWARE, ATTEMPT_FIRMWARE, on_firmware))
        read_battery(bluez);
}
