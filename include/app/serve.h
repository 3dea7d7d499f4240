/* The daemon: makes the rooms, introduces them to each other, runs the loop until it is asked to
 * stop. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

#include "app/options.h"

/*
 * argc and argv are where the options came from, for reading them again. The exit status: 0 after
 * SIGTERM or SIGINT; after a sentence on stderr OPTIONS_EXIT_STATUS if an option is wrong, else 1.
 */
int serve_run(const struct options *options, int argc, char **argv);

#endif
