/* Whether what a path is to be on is mounted. */
#ifndef APP_MOUNTED_H
#define APP_MOUNTED_H

#include <stdbool.h>
#include <stddef.h>

/* The place that /etc/fstab names above `path`, or at it, where nothing is mounted now, into
 * `place`; false: there is none. Bind mounts are passed over: they can't be told from what is
 * beneath. */
bool mounted_is_missing(const char *path, char *place, size_t size);

/* Whether it lies below /mnt, /media or /run/media and yet, as far as it is there, on the file
 * system of /: perhaps what should be mounted there isn't. */
bool mounted_seems_missing(const char *path);

#endif
