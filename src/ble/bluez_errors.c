#include "bluez_errors.h"

#include <string.h>

#include "base/length.h"

static const struct {
    const char *name;
    const char *text; /* that the error's own text must contain; NULL: any */
    enum bluez_error error;
} meanings[] = {
    {"org.bluez.Error.AlreadyConnected", NULL, BLUEZ_ALREADY},
    {"org.bluez.Error.InProgress", NULL, BLUEZ_IN_PROGRESS},
    {"org.bluez.Error.NotPermitted", "acquired", BLUEZ_LOCKED},
    {"org.bluez.Error.DoesNotExist", NULL, BLUEZ_GONE},
    {DBUS_ERROR_UNKNOWN_OBJECT, NULL, BLUEZ_GONE},
    {DBUS_ERROR_UNKNOWN_METHOD, NULL, BLUEZ_GONE}, /* what older bluetoothd say of a gone object */
    {DBUS_ERROR_UNKNOWN_INTERFACE, NULL, BLUEZ_GONE},
    {DBUS_ERROR_NO_REPLY, NULL, BLUEZ_TIMED_OUT},
    {DBUS_ERROR_TIMEOUT, NULL, BLUEZ_TIMED_OUT},
    {"org.bluez.Error.NotReady", NULL, BLUEZ_OFF},
    {"org.bluez.Error.Failed", "Not Powered", BLUEZ_OFF},
    {"org.bluez.Error.Blocked", NULL, BLUEZ_BLOCKED},
    {"org.bluez.Error.Failed", "rfkill", BLUEZ_BLOCKED},
    {"org.bluez.Error.Failed", "concurrent-connection-limit", BLUEZ_FULL},
    {"org.bluez.Error.Failed", "Too many links", BLUEZ_FULL}, /* of older bluetoothd */
    {"org.bluez.Error.Failed", "Input/output error", BLUEZ_STUCK},
    {DBUS_ERROR_ACCESS_DENIED, NULL, BLUEZ_DENIED},
    {DBUS_ERROR_SERVICE_UNKNOWN, NULL, BLUEZ_ABSENT},
    {DBUS_ERROR_NAME_HAS_NO_OWNER, NULL, BLUEZ_ABSENT},
};

static const char *error_text(DBusMessage *reply)
{
    const char *text;

    return dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ? text
                                                                                          : "";
}

enum bluez_error bluez_error(DBusMessage *reply)
{
    const char *name = dbus_message_get_error_name(reply);

    if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_ERROR)
        return BLUEZ_OK;
    for (size_t i = 0; name && i < LENGTH(meanings); i++) {
        if (strcmp(name, meanings[i].name) == 0 &&
            (!meanings[i].text || strstr(error_text(reply), meanings[i].text)))
            return meanings[i].error;
    }
    return BLUEZ_FAILED;
}

bool bluez_error_is_final(enum bluez_error error)
{
    return error >= BLUEZ_OFF;
}

/* What bluetoothd makes of an ATT error response. */
bool bluez_error_is_the_bands(DBusMessage *reply)
{
    static const char *const names[] = {
        "org.bluez.Error.NotPermitted",
        "org.bluez.Error.NotAuthorized",
        "org.bluez.Error.NotSupported",
        "org.bluez.Error.InvalidOffset",
    };
    const char *name = dbus_message_get_error_name(reply);

    for (size_t i = 0; name && i < LENGTH(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return name && strstr(error_text(reply), "ATT error") != NULL;
}

static const char *advice(enum bluez_error error)
{
    switch (error) {
    case BLUEZ_IN_PROGRESS:
        return "another program is at it. Close other programs that use the band, or try again.";
    case BLUEZ_LOCKED:
        return "another program receives the band's data. Close it, or switch the band off and on.";
    case BLUEZ_GONE:
        return "Bluetooth no longer knows the band. Try again with the band switched on and near.";
    case BLUEZ_TIMED_OUT:
        return "no answer in time. Try again; if it stays so: systemctl restart bluetooth.";
    case BLUEZ_FULL:
        return "the Bluetooth adapter takes no more links.";
    case BLUEZ_STUCK:
        return "the Bluetooth adapter does not let go of a dead link. If it stays so, reset it: "
               "bluetoothctl power off, bluetoothctl power on.";
    case BLUEZ_OFF:
        return BLUEZ_ADVICE_OFF;
    case BLUEZ_BLOCKED:
        return BLUEZ_ADVICE_BLOCKED;
    case BLUEZ_DENIED:
        return BLUEZ_ADVICE_DENIED;
    case BLUEZ_ABSENT:
        return BLUEZ_ADVICE_ABSENT;
    case BLUEZ_OK:
    case BLUEZ_ALREADY:
    case BLUEZ_FAILED:
        break;
    }
    return NULL;
}

struct failure *bluez_failure(struct failure *failure, DBusMessage *reply, enum error_code code,
                              const char *what)
{
    const enum bluez_error error = bluez_error(reply);
    const char *name = dbus_message_get_error_name(reply);

    if (advice(error))
        return failure_set(failure, bluez_error_is_final(error) ? ERROR_BLUETOOTH : code,
                           "%s failed: %s", what, advice(error));
    return failure_set(failure, code, "%s failed (%s: %.80s). Try again with the band near.", what,
                       name ? name : "unreadable reply", error_text(reply));
}
