/* SIGHUP: the configuration file is read again, and what may change in a running daemon changes. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include <uv.h>

#include "app/options.h"
#include "server/server.h"

struct reload {
    uv_signal_t hangup;
    uv_loop_t *loop;
    int argc;
    char **argv;
    const struct options *started; /* with these the daemon was started */
    struct options now;            /* what was read since then; empty before the first SIGHUP */
    void (*apply)(void *user, const struct options *options, const char *token);
    void *user;
    bool reading;
    bool again; /* another SIGHUP came while it read */
    uv_work_t work;
    /* The pool's while it reads: */
    struct options fresh;
    bool good, has_token;
    char token[SERVER_TOKEN_MAX + 1];
    struct failure failure, no_token;
};

/*
 * All is borrowed for as long as it lives. Without a configuration file SIGHUP keeps its own
 * meaning: a daemon on a terminal ends with it.
 */
void reload_init(struct reload *reload, uv_loop_t *loop, const struct options *started, int argc,
                 char **argv);
/* Files are read in libuv's pool: a disk that stalls stops nothing but the reload. `apply` gets
 * each new set of options; the one it got before goes when it returns. `token` is what the token
 * file that the daemon was started with holds by now, or NULL: as it was. */
void reload_start(struct reload *reload,
                  void (*apply)(void *user, const struct options *options, const char *token),
                  void *user);
/* After the handle was closed and the loop has nothing more to do. */
void reload_finish(struct reload *reload);

#endif
