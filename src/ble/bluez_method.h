/* Methods of org.bluez's objects as messages. NULL is no memory, and bus_call() takes that. */
#ifndef BLUEZ_METHOD_H
#define BLUEZ_METHOD_H

#include <dbus/dbus.h>
#include <stddef.h>

/* How long a method may take. A Connect to an absent band would take BlueZ 41.6 s. */
#define CALL_LIMIT_MS       5000
#define CONNECT_LIMIT_MS    15000
#define NOTIFY_LIMIT_MS     8000
#define WRITE_LIMIT_MS      8000
#define DISCONNECT_LIMIT_MS 5000 /* it takes some 2 s */

/* What comes of a band that goes is known this much later: its adapter's Powered=false comes after
 * its own Connected=false, which in turn may come after the errors that its requests are answered
 * with. */
#define VERDICT_MS 200

DBusMessage *bluez_method(const char *path, const char *interface, const char *name);

/* An entry of an a{sv}; `value` points at what a message of its basic `type` is given. */
struct method_option {
    const char *key;
    int type;
    const void *value;
};

/* Appends them, and returns the message. */
DBusMessage *method_options(DBusMessage *message, const struct method_option *options,
                            size_t count);

#endif
