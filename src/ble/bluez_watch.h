/*
 * What all of the BlueZ backend stands on: the bus, bluetoothd's coming and going on it, and the
 * mirror of its objects.
 */
#ifndef BLUEZ_WATCH_H
#define BLUEZ_WATCH_H

#include "bluez_alarm.h"
#include "bluez_objects.h"
#include "bus.h"

struct watch_listener {
    void *user;
    /* The mirror, or what it is of, may have changed. */
    void (*changed)(void *user);
    /* All objects were read anew; `changed` follows. */
    void (*loaded)(void *user);
    /* PropertiesChanged, before the mirror has taken it: of a Value that keeps nothing. */
    void (*value)(void *user, DBusMessage *changed, int64_t arrival_us);
};

struct watch {
    struct watch_listener listener;
    struct bus *bus;
    struct objects objects; /* others read it */
    bool stopped;
    bool bus_up;
    bool loaded;    /* the mirror is what bluetoothd has */
    char owner[64]; /* of org.bluez: its unique name, "" while there is none */
    char bus_trouble[160];
    char load_trouble[240];
    struct bus_call *owner_call, *load_call;
    struct alarm alarm; /* to ask again for the owner, or for its objects */
};

/* False: no memory; nothing is left then. Nothing is told before this has returned. */
bool watch_init(struct watch *watch, struct handles *handles, const char *bus_address,
                const struct watch_listener *listener);
/* Asks for all objects; `loaded` tells of those that were there from now on. */
void watch_reload(struct watch *watch);
/* The same, where the mirror has noticed that it isn't whole. */
void watch_mend(struct watch *watch);
/* Whether there is a bluetoothd, and what it has, isn't known yet. */
bool watch_is_awaited(const struct watch *watch);
/* What is in the way, as a sentence; NULL if nothing is. */
const char *watch_trouble(const struct watch *watch);
/* Nothing more is told. Calls may still be made, until it is closed. */
void watch_stop(struct watch *watch);
void watch_close(struct watch *watch);

#endif
