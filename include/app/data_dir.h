/* Where recordings go. */
#ifndef APP_DATA_DIR_H
#define APP_DATA_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * `given` (--data-dir), else recordings/ in systemd's $STATE_DIRECTORY, else linkbandd/ in
 * $XDG_DATA_HOME or ~/.local/share. What is missing above it is made, as `mkdir -p` does. False and
 * *failure where that can't be or no such directory is known.
 */
bool data_dir_make(const char *given, char *path, size_t size, struct failure *failure);

#endif
