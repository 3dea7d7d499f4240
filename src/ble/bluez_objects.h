/*
 * A mirror of org.bluez's objects, as its ObjectManager and PropertiesChanged tell them.
 *
 * Pure: messages in, state out. A full table of devices forgets the one that was quiet longest,
 * others turn newcomers away.
 */
#ifndef BLUEZ_OBJECTS_H
#define BLUEZ_OBJECTS_H

#include <dbus/dbus.h>

#include "bluez_lookup.h"

void objects_clear(struct objects *objects);

/*
 * The reply of GetManagedObjects: replaces everything, but keeps the names that bands advertised.
 * Each of these is false, and changes nothing, if the message is not of its signature.
 */
bool objects_load(struct objects *objects, DBusMessage *reply);
bool objects_added(struct objects *objects, DBusMessage *interfaces_added);
bool objects_removed(struct objects *objects, DBusMessage *interfaces_removed);
bool objects_changed(struct objects *objects, DBusMessage *properties_changed);

/* Whether it is PropertiesChanged of a characteristic's Value; bytes borrowed from the message. */
bool objects_value(DBusMessage *properties_changed, const uint8_t **bytes, size_t *len);

#endif
