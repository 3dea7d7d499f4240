/*
 * The manager inside: its state, and what its files offer each other.
 *
 * Every entry (command, backend's word, wake) is bracketed by manager_enter and manager_leave. In
 * between the state is changed and told; at the outermost leave manager_settle drives whatever does
 * not yet match the state: the radio, the subscriptions, the start that is owed, the silence watch.
 * Each of these is level-triggered: it looks at the state, takes at most the next step, and names
 * through due() the time at which it wants to look again. So no event order can leave a step out,
 * and a command given from within a callback needs no care.
 */
#ifndef MANAGER_INTERNAL_H
#define MANAGER_INTERNAL_H

#include "data.h"
#include "told.h"

struct manager {
    struct ground ground;
    struct device devices[MANAGER_DEVICES_MAX];
    struct manager_status status;
    int depth;
    int64_t told_us; /* the wish that the host knows */
    bool again;      /* settle once more */
    bool closing, destroying;
    void (*closed)(void *user);
    void *closed_user;
};

/* manager.c */
void manager_enter(struct manager *m);
void manager_leave(struct manager *m);

/* device.c */
bool device_create(struct device *d, struct ground *ground);
void device_destroy(struct device *d);
/* Each of its parts takes its next step; false: there was none. */
bool device_settle(struct device *d);
/* What changed without an event of its own. */
void device_tell_changes(struct device *d);
/* The host slept or starved: what was not heard meanwhile proves nothing. */
void device_forgive(struct device *d);
void device_notified(struct device *d, enum sensor sensor, bool on, const struct failure *failure);
void device_written(struct device *d, const struct failure *failure);
void device_probed(struct device *d, bool alive);
void device_packet(struct device *d, const struct packet *packet);
void device_forget(struct device *d, const void *user);
void device_shutdown(struct device *d, const struct manager_outcome *cancelled);
/* Whether the time has come; if not, the manager will be woken at it. */
bool due(struct device *d, int64_t at_us);

/* connect.c, disconnect.c, stream.c, wants.c: commands in each state of the device */
void device_connect(struct device *d, const struct band_identity *band, struct manager_reply reply);
void device_disconnect(struct device *d, const char *device_id, struct manager_reply reply);
void device_start(struct device *d, const struct demand *demand, struct manager_reply reply);
void device_stop(struct device *d, struct manager_reply reply);
bool device_rate_fits(const struct device *d, const struct demand *demand,
                      struct manager_outcome *outcome);
void device_expect(struct device *d, const struct manager_wants *wants, bool resumes);

/* radio.c: the backend's one link */
void radio_settle(struct device *d);
bool radio_let_go(const struct device *d); /* or is not waited for any longer */
void radio_up(struct device *d, const struct band_link *made);
void radio_down(struct device *d, enum link_end end, const struct failure *failure);

/* link.c */
const char *band_label(const struct band_identity *band);
/* Of a device_id that came with an address. */
#define LINK_NAME_ALLOWED "the name of the band at that address; or give the address alone"
/* The band as the events name it. */
void link_connect(struct device *d, const struct band_identity *band, int64_t deadline);
/* Tells whoever waits for this band to be connected, and all who look on, that it will not be. */
void link_cancel_connects(struct device *d, const struct band_identity *band,
                          const struct manager_outcome *cancelled);
/* The next try in the background is now, and the back-off begins anew. */
void link_try_now(struct device *d);
bool link_wants_attempt(struct device *d);
void link_up(struct device *d, const struct band_link *device);
void link_attempt_failed(struct device *d, const struct failure *failure);
void link_lost(struct device *d, enum disconnect_reason reason);
void link_wait_for(struct device *d, const struct band_identity *band, bool resumes);
void link_seen(struct device *d, const struct band_identity *band);
void link_bluetooth_changed(struct device *d);
/* What to say of a band that was not reached in time. */
struct failure link_not_reached(const struct device *d);
void link_settle(struct device *d);

/* disconnect.c */
void link_disconnected(struct device *d);

/* wants.c */
struct manager_wants wants_now(const struct device *d);

/* device.c */
/* Tells a step of UTC, and sees to it that samples' times follow where they may. */
void device_look_at_utc(struct device *d);

#endif
