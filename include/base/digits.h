#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdbool.h>

/* Of ASCII, whatever the locale. */
static inline bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit of either case, -1: it is none. */
static inline int hex_digit(int c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
