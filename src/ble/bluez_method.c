#include "bluez_method.h"

/* A bluetoothd that was stopped on purpose is not started by our asking. */
DBusMessage *bluez_method(const char *path, const char *interface, const char *name)
{
    DBusMessage *message = dbus_message_new_method_call("org.bluez", path, interface, name);

    if (message)
        dbus_message_set_auto_start(message, FALSE);
    return message;
}

static void append_option(DBusMessageIter *dictionary, const struct method_option *option)
{
    const char signature[] = {(char)option->type, '\0'};
    DBusMessageIter entry;
    DBusMessageIter variant;

    dbus_message_iter_open_container(dictionary, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
    dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &option->key);
    dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
    dbus_message_iter_append_basic(&variant, option->type, option->value);
    dbus_message_iter_close_container(&entry, &variant);
    dbus_message_iter_close_container(dictionary, &entry);
}

DBusMessage *method_options(DBusMessage *message, const struct method_option *options, size_t count)
{
    DBusMessageIter iter;
    DBusMessageIter dictionary;

    if (!message)
        return NULL;
    dbus_message_iter_init_append(message, &iter);
    if (!dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dictionary))
        return message;
    for (size_t i = 0; i < count; i++)
        append_option(&dictionary, &options[i]);
    dbus_message_iter_close_container(&iter, &dictionary);
    return message;
}
