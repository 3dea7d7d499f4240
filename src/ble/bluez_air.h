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

struct air;

struct air_listener {
    void *user;
    /* A step of somebody's may have become possible. */
    void (*changed)(void *user);
    /* A device was heard, before `seen` tells of it. */
    void (*heard)(void *user, const struct air *air, const struct bluez_device *device);
    void (*seen)(void *user, const struct band_sighting *sighting);
    /* Discovery can't be had: its part of a scan is over, and who else needs it is to know. */
    void (*failed)(void *user, struct air *air, const struct failure *failure);
};

struct air {
    struct air_listener listener;
    struct watch *watch;
    struct discovery discovery;
    const char *wish;               /* an adapter's name or address, or NULL; borrowed */
    char adapter[OBJECT_PATH_SIZE]; /* in use; "" if there is none */
    bool usable;                    /* it is powered */
    bool doubled;                   /* the adapter is another air's */
    bool scan;                      /* it has a part in a scan */
    struct air_user *users;
};

void air_init(struct air *air, struct watch *watch, struct handles *handles, const char *wish,
              const struct air_listener *listener);
void air_stop(struct air *air); /* nothing more is told */
void air_close(struct air *air);

/* Its steps, as the mirror has it now: the adapter first, discovery after all users. True: the one
 * that was in use is off or gone, with all links on it. */
bool air_choose(struct air *air);
void air_give_up(struct air *air); /* its adapter is another air's */
void air_listen(struct air *air);
void air_discover(struct air *air);

/* What keeps it from being used, as a sentence; NULL if nothing does. */
const char *air_trouble(const struct air *air);

/* Who asks for a turn comes last; who already has or awaits one keeps its place. */
void air_need(struct air *air, struct air_user *user, enum air_need need);
/* Whether its turn has come, and, if it is a quiet one, nothing is discovered. */
bool air_is_free_for(const struct air *air, const struct air_user *user);
/* Whether somebody else waits for its turn, or for discovery while this one's is quiet. */
bool air_is_awaited_by_others(const struct air *air, const struct air_user *user);
bool air_can_discover_for(const struct air *air, const struct air_user *user);

/* As what ended something; where all is well again: that the adapter has changed. */
struct failure *air_failure(const struct air *air, struct failure *failure);

#endif
