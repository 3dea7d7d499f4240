/*
 * The service manager, systemd: sockets it hands down, what it is told, its watchdog. Without one
 * all of this does nothing.
 */
#ifndef APP_SUPERVISOR_H
#define APP_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/error.h"
#include "manager/manager.h"

#define SUPERVISOR_SOCKETS_MAX 16

struct supervisor {
    uv_timer_t watchdog;
    int sockets[SUPERVISOR_SOCKETS_MAX];
    size_t socket_count;
    char socket_unit[64]; /* "linkbandd.socket" */
    char status[720];     /* as last told: a band of 80 each, and the clients */
};

/* Takes what was passed, once: children see nothing of it. False: too many sockets, or
 * variables that make no sense. */
bool supervisor_init(struct supervisor *supervisor, uv_loop_t *loop, struct failure *failure);

/*
 * All is set up: the loop runs from here on. It alone feeds the watchdog: a worker that is stuck in
 * a file, or a bus that is silent, is none of its business.
 */
void supervisor_ready(struct supervisor *supervisor);
void supervisor_reloading(void);
void supervisor_reloaded(void);
void supervisor_stopping(void);

/* What `systemctl status` shows; told when it has changed. */
void supervisor_tell(struct supervisor *supervisor, struct manager *manager, size_t clients);

#endif
