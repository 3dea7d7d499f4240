/* The command line. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

#define OPTIONS_LIST_MAX 16

/* A list of an option that may be given several times; borrowed from argv. */
struct option_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t count;
};

enum options_action { ACTION_SERVE, ACTION_PROCESS, ACTION_HELP, ACTION_VERSION };

struct options {
    enum options_action action;
    const char *backend;                         /* "bluez", "sim" or "replay" */
    const char *adapter, *notify, *auto_connect; /* NULL: not given */
    const char *sim;                             /* key=value,… or NULL */
    const char *capture;                         /* replay's or process's file, or NULL */
    const char *start;                           /* process: ISO time, or NULL */
    bool loop;
    struct option_list listen, allow_host, allow_origin, deny_origin;
    enum log_level log_level;
};

/* False, and *failure says which option is wrong and what it may be. */
bool options_parse(struct options *options, int argc, char **argv, struct failure *failure);

/* The whole text of --help, on stdout. */
void options_print_help(void);

#endif
