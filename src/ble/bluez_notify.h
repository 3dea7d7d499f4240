/* The notifications of one characteristic: on and off, and the lock that a dead client left. */
#ifndef BLUEZ_NOTIFY_H
#define BLUEZ_NOTIFY_H

#include "band/model.h"
#include "bluez_acquire.h"
#include "bluez_watch.h"

enum notify_state { NOTIFY_OFF, NOTIFY_STARTING, NOTIFY_ON, NOTIFY_STOPPING };

struct notify;

/* What those of one link have in common; they outlive none of it. */
struct notify_ground {
    struct watch *watch;
    struct handles *handles;
    const char *band;               /* for the log */
    const struct link_listener *up; /* told `packet` */
    bool acquire;                   /* over sockets, not as signals */
    void *user;
    /* Another, or a program that died, holds them. */
    void (*locked)(void *user);
    void (*worked)(void *user);
    /* Completion of notify_turn(). */
    void *sources;
    void (*turned)(void *sources, const struct notify *notify, bool on,
                   const struct failure *failure);
};

struct notify {
    const struct notify_ground *ground;
    const struct model_source *source; /* NULL before notify_begin() */
    enum notify_state state;
    char path[OBJECT_PATH_SIZE]; /* of the characteristic; "" where there is none */
    unsigned tries;
    bool resuming; /* its socket ended: nobody waits for an answer */
    bool on;       /* what the alarm answers, where there is nothing to be done */
    bool locked;   /* refused, for another holds the notifications */
    struct failure refusal;
    struct acquired *acquired;
    struct bus_call *call;
    struct alarm alarm;
};

void notify_init(struct notify *notify, const struct notify_ground *ground);
/* Of a link just made; NULL: the band has no such characteristic. */
void notify_begin(struct notify *notify, const struct model_source *source, const char *path);
void notify_turn(struct notify *notify, bool on);
void notify_turn_off_quietly(struct notify *notify); /* nobody is told */
/* What came as a signal; it may come before StartNotify's reply, and after StopNotify was asked
 * for.
 */
void notify_value(struct notify *notify, const uint8_t *bytes, size_t len, int64_t arrival_us);
void notify_void(struct notify *notify); /* the band is gone: what is pending is not told */
void notify_end(struct notify *notify);
void notify_close(struct notify *notify);

#endif
