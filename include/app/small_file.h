/* A whole small file, read at once and without waiting for a writer: a pipe, a socket or a device
 * in its place is refused. On a disk that stalls it blocks: in a running daemon the pool is its
 * place.
 */
#ifndef APP_SMALL_FILE_H
#define APP_SMALL_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads all of it into `text` and ends that with a zero. Its length, or a negative errno: -EINVAL
 * where it is no regular file, -EFBIG where it has `size` bytes or more. `mode` may be NULL. */
ssize_t small_file_read(const char *path, char *text, size_t size, mode_t *mode);

/* What a negative result means, for a sentence: "it is no regular file". */
const char *small_file_trouble(ssize_t result);

#endif
