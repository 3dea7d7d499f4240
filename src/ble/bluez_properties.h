/*
 * Reading what arrives from D-Bus: any type may stand anywhere, so each read names the type it
 * wants and is false for another. Pure.
 */
#ifndef BLUEZ_PROPERTIES_H
#define BLUEZ_PROPERTIES_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One property of an a{sv}; the iterator stands on the value inside the variant. */
struct property {
    const char *name;
    DBusMessageIter value;
};

typedef void (*property_fn)(void *user, const struct property *property);
typedef void (*string_fn)(void *user, const char *string);

/* Calls `each` for every property of the a{sv} that `dictionary` stands on. */
void properties_each(DBusMessageIter *dictionary, property_fn each, void *user);

/* Calls `each` for every string of the as that `array` stands on. */
void strings_each(DBusMessageIter *array, string_fn each, void *user);

/* s or o; borrowed from the message. */
bool property_string(const struct property *property, const char **out);
bool property_bool(const struct property *property, bool *out);
bool property_int16(const struct property *property, int *out);
bool property_byte(const struct property *property, int *out);
/* Each string of an as; false if it is none. */
bool property_strings(const struct property *property, string_fn each, void *user);

/* The ay that `array` stands on; borrowed from the message. */
bool bytes_read(DBusMessageIter *array, const uint8_t **bytes, size_t *len);

/* Copies if it fits whole, terminated; a part of a path or a name would name something else. */
bool copy_whole(char *out, size_t size, const char *in);

#endif
