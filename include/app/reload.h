/* SIGHUP: the configuration file is read again, and what may change in a running daemon changes. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include <uv.h>

#include "app/options.h"

struct reload {
    uv_signal_t hangup;
    int argc;
    char **argv;
    const struct options *started; /* with these the daemon was started */
    struct options now;            /* what was read since then; empty before the first SIGHUP */
    void (*apply)(void *user, const struct options *options);
    void *user;
};

/*
 * All is borrowed for as long as it lives. Without a configuration file SIGHUP keeps its own
 * meaning: a daemon on a terminal ends with it.
 */
void reload_init(struct reload *reload, uv_loop_t *loop, const struct options *started, int argc,
                 char **argv);
/* `apply` gets each new set of options; the one it got before goes when it returns. */
void reload_start(struct reload *reload, void (*apply)(void *user, const struct options *options),
                  void *user);
/* After the handle was closed. */
void reload_finish(struct reload *reload);

#endif
