/*
 * An adapter: which one is in use, its power, and whose turn it is. Its users look for bands, all
 * at once, or connect, one after the other: some adapters can't make two links at a time, and some
 * not even one while they discover. So a turn is loud, beside discovery, or quiet, without it.
 */
#ifndef BLUEZ_AIR_H
#define BLUEZ_AIR_H

#include "bluez_discovery.h"

enum air_need { AIR_NOTHING, AIR_SEEK, AIR_LOUD_TURN, AIR_QUIET_TURN };

/* One who may need it; a part of its own struct. */
struct air_user {
    struct air_user *next; /* those that need something, in the order in which they came */
    enum air_need need;
};

struct air_listener {
    void *user;
    /* A step of somebody's may have become possible. */
    void (*changed)(void *user);
    /* A device was heard, before `seen` tells of it. */
    void (*heard)(void *user, const struct bluez_device *device);
    /* The adapter in use is off or gone, with all links on it. */
    void (*lost)(void *user);
    /* Discovery can't be had: it is for who needs it, other than a scan. */
    void (*failed)(void *user, const struct failure *failure);
};

struct air {
    struct air_listener listener;
    const struct backend_listener *up; /* told of Bluetooth, sightings, the scan's end */
    struct watch *watch;
    struct discovery discovery;
    const char *wish;               /* an adapter's name or address, or NULL; borrowed */
    char adapter[OBJECT_PATH_SIZE]; /* in use; "" if there is none */
    bool usable;                    /* it is powered */
    bool told, told_available, told_powered;
    char told_message[240];
    bool scan;  /* wanted by air_scan() */
    bool begun; /* that scan has been on: an adapter that goes only interrupts it */
    struct failure scan_failure; /* what the alarm tells */
    struct alarm alarm;          /* the scan ended in air_scan() itself */
    struct air_user *users;
};

void air_init(struct air *air, struct watch *watch, struct handles *handles, const char *wish,
              const struct air_listener *listener, const struct backend_listener *up);
void air_stop(struct air *air); /* nothing more is told */
void air_close(struct air *air);

/* Its steps, as the mirror has it now: the adapter first, discovery after all users. */
void air_advance(struct air *air);
void air_listen(struct air *air);
void air_discover(struct air *air);

void air_scan(struct air *air, bool on);
/* What was heard before is no sighting: a scan or an attempt begins. */
void air_look_anew(struct air *air);

/* Who asks for a turn comes last; who already has or awaits one keeps its place. */
void air_need(struct air *air, struct air_user *user, enum air_need need);
/* Whether its turn has come, and, if it is a quiet one, nothing is discovered. */
bool air_is_free_for(const struct air *air, const struct air_user *user);
/* Whether somebody else waits for its turn. */
bool air_is_awaited_by_others(const struct air *air, const struct air_user *user);
bool air_can_discover_for(const struct air *air, const struct air_user *user);

/* As what ended something; where all is well again: that the adapter has changed. */
struct failure *air_failure(const struct air *air, struct failure *failure);

#endif
