/*
 * The configuration file: `key = value`, one a line; `#` or `;` begins a comment; an option that
 * may be given several times may be given on several lines. Keys are the long options' names.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/options.h"

/* Sets what the file says; false, and *failure names file, line and key. */
bool config_read(struct options *options, const char *path, struct failure *failure);

#endif
