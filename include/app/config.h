/*
 * The configuration file: `key = value`, one a line; `#` or `;` begins a comment; an option that
 * may be given several times may be given on several lines. Keys are the long options' names.
 * A regular file only: what waits for a writer could not be read again by a running daemon.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/options.h"

/* A longer file is refused. */
#define CONFIG_BYTES_MAX (64 * 1024)

/* Sets what the file says; false, and *failure names file, line and key. */
bool config_read(struct options *options, const char *path, struct failure *failure);

#endif
