/*
 * The manager's own struct, and the brackets of every entry.
 *
 * Every entry (command, backend's word, wake) is bracketed by manager_enter and manager_leave. In
 * between the state is changed and told; at the outermost leave all machines are asked for their
 * next step until none has any. Each is level-triggered: it looks at the state, and names the time
 * at which it wants to look again. So no order of events can leave a step out, and a command given
 * from within a callback needs no care. After a packet only its own device is asked, and whose time
 * has come: the others of eight would cost as much again as the packet.
 */
#ifndef MANAGER_INTERNAL_H
#define MANAGER_INTERNAL_H

#include "base/must.h"
#include "device.h"

struct manager {
    struct ground ground;
    struct device devices[MANAGER_DEVICES_MAX];
    size_t count; /* of these there are: max_bands */
    struct manager_status status[MANAGER_DEVICES_MAX];
    struct manager_ground told_ground;
    int depth;
    int64_t told_us; /* the wish that the host knows */
    bool stirred;    /* every device has to be asked for its next step */
    bool closing, destroying;
    void (*closed)(void *user);
    void *closed_user;
};

/* The device in this place, and to look at. */
static inline const struct device *manager_device_seen(const struct manager *m, unsigned place)
{
    must(place < m->count);
    return &m->devices[place < m->count ? place : 0];
}

static inline struct device *manager_device(struct manager *m, unsigned place)
{
    return (struct device *)manager_device_seen(m, place);
}

/* Within an entry it is the time at which that began, whatever is asked from within: a process that
 * is stopped in the middle of one would else judge by a time at which nothing was read yet. */
void manager_look_at_clock(struct manager *m);

void manager_enter(struct manager *m);
void manager_leave(struct manager *m);

#endif
