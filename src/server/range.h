/* The Range header of a download: a pure function of its text. */
#ifndef RANGE_H
#define RANGE_H

#include <stddef.h>

enum range { RANGE_NONE, RANGE_PART, RANGE_BEYOND };

/*
 * The one part of `size` bytes that `header` asks for. RANGE_NONE: none is asked for, or in a way
 * that may be answered by the whole (RFC 9110: another unit, several parts, malformed).
 * RANGE_BEYOND: it lies behind the end.
 */
enum range range_parse(const char *header, size_t size, size_t *first, size_t *len);

#endif
