/*
 * A device: one band's life. What it decides stands in machines that know nobody; it asks them for
 * their next step and carries that out. It is owned by the manager, which hands it the ground.
 */
#ifndef MANAGER_DEVICE_H
#define MANAGER_DEVICE_H

#include "parts.h"

/* `d` is zeroed. The listener is copied. */
void device_init(struct device *d, unsigned place, struct ground *ground,
                 const struct link_listener *listener);
/* To be called before it is given a band. False: there is no memory for it. */
bool device_provide(struct device *d);
void device_destroy(struct device *d);
/* What is open is answered and told. */
void device_shutdown(struct device *d);

/* Each of its machines takes its next step; false: none had any. */
bool device_settle(struct device *d);
/* What changed without an event of its own. */
void device_tell_changes(struct device *d);
/* Replies to `user` are owed no longer. */
void device_forget(struct device *d, const void *user);

/* What it hears: of the host, of the backend, of its link. */
void device_forgive(struct device *d); /* the host slept or starved: silence proves nothing */
void device_bluetooth_changed(struct device *d);
void device_up(struct device *d, const struct band_link *made);
void device_up_taken(struct device *d, const struct band_link *made);
void device_down(struct device *d, enum link_end end, const struct failure *failure);
void device_notified(struct device *d, enum sensor sensor, bool on, const struct failure *failure);
void device_written(struct device *d, const struct failure *failure);
void device_probed(struct device *d, bool alive);
void device_packet(struct device *d, const struct packet *packet);

/* Looks whether UTC was stepped: tells it, and has samples' times follow where they may. */
void device_look_at_utc(struct device *d);

#endif
