#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. */
bool utf8_is_valid(const char *text, size_t len);

#endif
