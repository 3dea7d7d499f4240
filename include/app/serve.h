/* The daemon: makes the rooms, introduces them to each other, runs the loop until it is asked to
 * stop. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/options.h"

/* The exit status: 0 after SIGTERM or SIGINT, 1 after a sentence on stderr. */
int serve_run(const struct options *options);

#endif
