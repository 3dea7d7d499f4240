/* A link's struct, its one entry to a state, and its end. */
#ifndef BLUEZ_STATE_H
#define BLUEZ_STATE_H

#include "bluez_airs.h"
#include "bluez_gatt.h"
#include "bluez_sources.h"

/*
 *  SEEK ▸ TURN ▸ CONNECT ▸ RESOLVE ▸ CHECK ▸ READ ▸ UP ▸ ENDING ▸ DOWN
 *    ▴      any of these, whatever goes wrong ──┐    │
 *    └─ PAUSE ◂─ REMOVE ◂─ DROP ◂───────────────┘    └▸ CLOSING ▸ DOWN
 *
 * CLOSING is open to all. BUSY is what a link is that has no chance from the start.
 */
enum bluez_link_state {
    BLUEZ_LINK_SEEK,    /* until the band is seen */
    BLUEZ_LINK_TURN,    /* until the air is free for it */
    BLUEZ_LINK_CONNECT, /* Connect is under way */
    BLUEZ_LINK_RESOLVE, /* connected, until its services are resolved */
    BLUEZ_LINK_CHECK,   /* all objects are being read anew */
    BLUEZ_LINK_READ,    /* firmware and battery level are */
    BLUEZ_LINK_UP,
    BLUEZ_LINK_ENDING,  /* the band is gone; whether by Bluetooth going shows in a moment */
    BLUEZ_LINK_DROP,    /* Disconnect is under way, to try again after it */
    BLUEZ_LINK_REMOVE,  /* RemoveDevice is */
    BLUEZ_LINK_PAUSE,   /* before the next try */
    BLUEZ_LINK_CLOSING, /* by close(): Disconnect is under way, or there is nothing to wait for */
    BLUEZ_LINK_BUSY,    /* another has the band: to be told */
    BLUEZ_LINK_DOWN,    /* its handles are being closed, then it is freed */
};

/* What all links stand on. */
struct link_ground {
    struct watch *watch;
    struct airs *airs;
    unsigned most; /* links that an adapter may carry */
    bool acquire;
    /* Links to these that we find are of a run of ours that crashed; "" when that is over. */
    char known[BLUEZ_KNOWN_MAX][BAND_ADDRESS_SIZE];
    /* The band whose lock on notifications was last tried to be broken by a Disconnect. */
    char unlocked_address[BAND_ADDRESS_SIZE];
    void *user;
    /* Whether a link has the band of this address for its own. */
    bool (*is_taken)(void *user, const char *address);
    /* How many links have their band by this air, or are about to. */
    unsigned (*carried)(void *user, const struct air *air);
    /* Everyone is to look at what holds now. */
    void (*digest)(void *user);
};

struct bluez_link {
    struct ble_link link; /* first: the two are one address */
    struct bluez_link *next;
    struct link_ground *ground;
    struct handles handles;
    enum bluez_link_state state;
    alarm_fn on_limit;           /* of a state's time */
    struct band_identity wanted; /* as asked for */
    struct band_identity band;   /* and as it is known */
    char label[BAND_NAME_SIZE];
    char device[OBJECT_PATH_SIZE];
    struct air *air; /* that it goes by; NULL while it seeks */
    struct air_user users[AIRS_MAX];
    /* Of the airs, a bit each: */
    unsigned sighted; /* the band was heard there */
    unsigned full;    /* its adapter has said that it takes no more */
    unsigned deaf;    /* it can't discover, for now */
    bool patient;     /* SEEK has waited: an object that isn't heard will do too */
    bool asked;       /* our Connect is under way: bluetoothd has not answered it */
    bool owned;       /* our Connect made the link */
    bool replied;     /* what DROP or CLOSING called has answered */
    bool remove;      /* after DROP */
    bool was_up;
    unsigned tries, waits, in_progress, incomplete, hangs, stuck;
    struct bus_call *connect_call;    /* whatever comes of the state meanwhile */
    struct bus_call *disconnect_call; /* while it is up */
    struct bus_call *call;            /* of the state */
    struct alarm alarm;               /* of the state */
    struct gatt gatt;
    struct sources sources;
};

/* `limit_ms` 0: it may last. */
void bluez_enter(struct bluez_link *link, enum bluez_link_state state, unsigned limit_ms);
/* Ends it in any state: nothing of it is left but its handles, which close. */
void bluez_discard(struct bluez_link *link);
/* And tells that, as the last. */
void bluez_down(struct bluez_link *link, enum link_end end, const struct failure *failure);
void bluez_fail(struct bluez_link *link, const struct failure *failure);

void bluez_digest(struct bluez_link *link);
struct bluez_device *bluez_device_of(const struct bluez_link *link); /* NULL: it has no object */
/* Whether the band's link is ours, or becomes so unless it is given up. */
bool bluez_holds(const struct bluez_link *link);
bool bluez_may_cut(const struct bluez_link *link);
/* Whether its band is carried by its air, or is about to be. */
bool bluez_is_carried(const struct bluez_link *link);
unsigned bluez_bit(const struct bluez_link *link, const struct air *air);
/* Whose place in `known` it is; NULL: nobody's. */
char *bluez_known(struct link_ground *ground, const char *address);
void bluez_disown(struct bluez_link *link);
void bluez_call(struct bluez_link *link, struct bus_call **call, const char *interface,
                const char *method, int limit_ms, bus_reply_fn reply);

#endif
