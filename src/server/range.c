#include "range.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits only; what is too big for the type counts as its greatest value. */
static bool read_number(const char **text, size_t *value)
{
    const size_t len = strspn(*text, "0123456789");

    *value = len > 0 ? strtoul(*text, NULL, 10) : 0;
    *text += len;
    return len > 0;
}

enum range range_parse(const char *header, size_t size, size_t *first, size_t *len)
{
    size_t from = 0, to = 0;

    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return RANGE_NONE;
    header += 6;
    const bool has_from = read_number(&header, &from);
    if (*header++ != '-')
        return RANGE_NONE;
    const bool has_to = read_number(&header, &to);
    if (*header || (!has_from && !has_to) || (has_from && has_to && to < from))
        return RANGE_NONE;
    if (!has_from) /* the last `to` bytes */
        from = to < size ? size - to : 0;
    if (from >= size)
        return RANGE_BEYOND;
    *first = from;
    *len = (has_from && has_to && to < size ? to + 1 : size) - from;
    return RANGE_PART;
}
