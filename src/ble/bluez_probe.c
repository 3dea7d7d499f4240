/* Whether the band answers: a reading of something that bluetoothd does not know by itself. */
#include "base/log.h"
#include "bluez_internal.h"

static void tell(struct bluez *bluez, bool alive)
{
    if (bluez->handle)
        bluez_listener(bluez)->probed(bluez_listener(bluez)->user, alive);
}

/* The band's own refusal is an answer as good as any. */
static void on_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK)
        log_info("%s", bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Asking the band")->message);
    tell(bluez, bluez_error(reply) == BLUEZ_OK || bluez_error_is_the_bands(reply));
}

static void on_no_link(struct bluez *bluez, int which)
{
    (void)which;
    tell(bluez, false);
}

/* EEG's own characteristic is always there: where it can't be read the band says so. */
static const char *path_to_read(const struct bluez *bluez)
{
    static const enum band_characteristic readable[] = {CHARACTERISTIC_FIRMWARE, CHARACTERISTIC_BAT,
                                                        CHARACTERISTIC_EEG};
    const char *path = NULL;

    for (size_t i = 0; !path && i < sizeof(readable) / sizeof(readable[0]); i++)
        path = objects_characteristic(&bluez->objects, bluez->link.device, readable[i]);
    return path;
}

void bluez_probe(struct ble_link *handle)
{
    struct bluez *bluez = ((struct bluez_link *)handle)->bluez;
    const char *path = bluez->link.up ? path_to_read(bluez) : NULL;
    DBusMessage *message;

    if (&bluez->handle->link != handle)
        return;
    bus_cancel(&bluez->link.probe_call);
    if (!path) {
        alarm_set(&bluez->probe_alarm, 0, on_no_link);
        return;
    }
    message = bluez_method(path, BLUEZ_CHARACTERISTIC, "ReadValue");
    append_no_options(message);
    bus_call(bluez->bus, &bluez->link.probe_call, message, CALL_LIMIT_MS, on_reply, bluez);
}
