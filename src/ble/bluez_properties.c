#include "bluez_properties.h"

#include <string.h>

void properties_each(DBusMessageIter *dictionary, property_fn each, void *user)
{
    DBusMessageIter entry;

    dbus_message_iter_recurse(dictionary, &entry);
    for (; dbus_message_iter_get_arg_type(&entry) == DBUS_TYPE_DICT_ENTRY;
         dbus_message_iter_next(&entry)) {
        struct property property;
        DBusMessageIter field;

        dbus_message_iter_recurse(&entry, &field);
        dbus_message_iter_get_basic(&field, &property.name);
        dbus_message_iter_next(&field);
        dbus_message_iter_recurse(&field, &property.value);
        each(user, &property);
    }
}

void strings_each(DBusMessageIter *array, string_fn each, void *user)
{
    DBusMessageIter item;

    dbus_message_iter_recurse(array, &item);
    for (; dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_STRING;
         dbus_message_iter_next(&item)) {
        const char *string;

        dbus_message_iter_get_basic(&item, &string);
        each(user, string);
    }
}

static bool read_basic(const struct property *property, int type, void *out)
{
    DBusMessageIter value = property->value;

    if (dbus_message_iter_get_arg_type(&value) != type)
        return false;
    dbus_message_iter_get_basic(&value, out);
    return true;
}

bool property_string(const struct property *property, const char **out)
{
    return read_basic(property, DBUS_TYPE_STRING, out) ||
           read_basic(property, DBUS_TYPE_OBJECT_PATH, out);
}

bool property_bool(const struct property *property, bool *out)
{
    dbus_bool_t value;

    if (!read_basic(property, DBUS_TYPE_BOOLEAN, &value))
        return false;
    *out = value;
    return true;
}

bool property_int16(const struct property *property, int *out)
{
    dbus_int16_t value;

    if (!read_basic(property, DBUS_TYPE_INT16, &value))
        return false;
    *out = value;
    return true;
}

bool property_byte(const struct property *property, int *out)
{
    uint8_t value;

    if (!read_basic(property, DBUS_TYPE_BYTE, &value))
        return false;
    *out = value;
    return true;
}

bool property_strings(const struct property *property, string_fn each, void *user)
{
    DBusMessageIter array = property->value;

    if (dbus_message_iter_get_arg_type(&array) != DBUS_TYPE_ARRAY ||
        dbus_message_iter_get_element_type(&array) != DBUS_TYPE_STRING)
        return false;
    strings_each(&array, each, user);
    return true;
}

bool bytes_read(DBusMessageIter *array, const uint8_t **bytes, size_t *len)
{
    DBusMessageIter item;
    int count;

    if (dbus_message_iter_get_arg_type(array) != DBUS_TYPE_ARRAY ||
        dbus_message_iter_get_element_type(array) != DBUS_TYPE_BYTE)
        return false;
    dbus_message_iter_recurse(array, &item);
    dbus_message_iter_get_fixed_array(&item, bytes, &count);
    *len = (size_t)count;
    return true;
}

bool copy_whole(char *out, size_t size, const char *in)
{
    const size_t len = strlen(in);

    if (len >= size)
        return false;
    memcpy(out, in, len + 1);
    return true;
}
