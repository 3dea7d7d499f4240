/*
 * The manager's own struct, and the brackets of every entry.
 *
 * Every entry (command, backend's word, wake) is bracketed by manager_enter and manager_leave. In
 * between the state is changed and told; at the outermost leave all machines are asked for their
 * next step until none has any. Each is level-triggered: it looks at the state, and names the time
 * at which it wants to look again. So no order of events can leave a step out, and a command given
 * from within a callback needs no care.
 */
#ifndef MANAGER_INTERNAL_H
#define MANAGER_INTERNAL_H

#include "device.h"

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

/* The device that is meant where none is named. */
static inline struct device *manager_device(struct manager *m)
{
    return &m->devices[0];
}

void manager_enter(struct manager *m);
void manager_leave(struct manager *m);

#endif
