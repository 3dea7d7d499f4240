/* Discovery on one adapter at a time, driven to what is wanted; begun anew where it stalls. */
#ifndef BLUEZ_DISCOVERY_H
#define BLUEZ_DISCOVERY_H

#include "bluez_watch.h"

enum discovery_state {
    DISCOVERY_OFF,
    DISCOVERY_FILTER,   /* SetDiscoveryFilter is under way */
    DISCOVERY_STARTING, /* StartDiscovery is */
    DISCOVERY_ON,
    DISCOVERY_PAUSE, /* off, until the alarm */
    DISCOVERY_STOPPING,
};

struct discovery_listener {
    void *user;
    /* It may want its next step. */
    void (*changed)(void *user);
    /* It can't be had, for now: whoever waits for it should be told. */
    void (*failed)(void *user, const struct failure *failure);
};

struct discovery {
    struct discovery_listener listener;
    struct watch *watch;
    enum discovery_state state;
    char adapter[OBJECT_PATH_SIZE]; /* that it was begun on */
    bool seen_on;                   /* the adapter has said Discovering since we started */
    unsigned failures;              /* in a row */
    uint64_t heard;                 /* the mirror's, when last looked at */
    struct bus_call *call;
    struct alarm alarm;
};

void discovery_init(struct discovery *discovery, struct watch *watch, struct handles *handles,
                    const struct discovery_listener *listener);
void discovery_advance(struct discovery *discovery, const char *adapter, bool wanted);
/* The mirror may have heard something: a sign of life. */
void discovery_listen(struct discovery *discovery);
/* bluetoothd has forgotten it, or we leave it. */
void discovery_reset(struct discovery *discovery);
void discovery_close(struct discovery *discovery);

#endif
