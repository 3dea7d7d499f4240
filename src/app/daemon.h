/* The daemon: what its parts are, and what the files that make, run and stop it share. */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <uv.h>

#include "app/observed.h"
#include "app/options.h"
#include "app/reload.h"
#include "app/supervisor.h"
#include "app/wants_file.h"
#include "manager/manager.h"
#include "protocol/protocol.h"
#include "record/recorder.h"
#include "server/server.h"
#include "spool/spool.h"

struct daemon {
    uv_loop_t loop;
    uv_signal_t sigterm, sigint, sighup;
    uv_timer_t wake;     /* the manager's */
    uv_timer_t second;   /* lagging clients, battery, suspend */
    uv_timer_t shutdown; /* bounds it */
    uv_timer_t farewell; /* bounds how long the clients wait for the recording's end */
    struct supervisor supervisor;
    struct reload reload;
    struct server_config server_config;
    struct observed observed;
    char token[SERVER_TOKEN_MAX + 1]; /* "": none is wanted */
    struct server *server;
    struct protocol *protocol;
    struct manager *manager;
    struct recorder *recorder;                      /* NULL: nothing can be recorded */
    struct spool *spool;                            /* NULL: nothing is spooled */
    struct wants_file *wants;                       /* NULL: nothing outlives a crash */
    struct manager_wants left[MANAGER_DEVICES_MAX]; /* by a run that died, its first `left_count` */
    size_t left_count;
    int64_t suspended_us; /* boot time − monotonic time at the last look */
    int unfinished;       /* of server, manager and recorder, while shutting down */
    bool stopping;
};

/* wiring.c: what the parts are to each other */
struct protocol_out wiring_protocol_out(struct daemon *daemon);
struct sink wiring_server_sink(struct daemon *daemon);
struct server_listener wiring_server_listener(struct daemon *daemon);
struct manager_host wiring_manager_host(struct daemon *daemon);

/* opening.c */
void opening_handles(struct daemon *daemon);
/* What of the server's rules can be changed at a reload. */
void opening_access(struct server_config *config, const struct options *options);
/* False after a failed step; what was made before it is unmade. */
bool opening_all(struct daemon *daemon, const struct options *options, struct failure *failure);

/* spooling.c: where --spool is given */
void spooling_open(struct daemon *daemon, const struct options *options);

/* stopping.c: the handler of SIGTERM and SIGINT; and what ends the loop */
void stopping_on_signal(uv_signal_t *signal, int number);
void stopping_close_handles(struct daemon *daemon);

#endif
