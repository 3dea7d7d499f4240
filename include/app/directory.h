/* The daemon's own directories. */
#ifndef APP_DIRECTORY_H
#define APP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define DIRECTORY_PATH_MAX 4096

/*
 * Finds the directory; with `make` makes what is missing of it, as `mkdir -p` does, with mode 0750.
 * `given` is what an option says, or NULL. False and *failure where it can't be made, or none is
 * known.
 */

/*
 * Of recordings: `given`, else recordings/ in systemd's $STATE_DIRECTORY, else linkbandd/ in
 * $XDG_DATA_HOME or ~/.local/share. With `make` a `given` one is refused whose place is on a file
 * system that is not mounted: by /etc/fstab, or nothing of it is there below /mnt, /media or
 * /run/media. Else a stick that isn't plugged in would be recorded onto the disk beneath.
 */
bool directory_for_data(const char *given, bool make, char path[DIRECTORY_PATH_MAX],
                        struct failure *failure);

/* Of what outlives the process: `given`, else $STATE_DIRECTORY, else linkbandd/ in $XDG_STATE_HOME
 * or ~/.local/state. */
bool directory_for_state(const char *given, bool make, char path[DIRECTORY_PATH_MAX],
                         struct failure *failure);

#endif
