#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. */
bool utf8_is_valid(const char *text, size_t len);

/* Bytes of the character at `text`, at most `left`; 0: none begins there, or it is cut. A zero ends
 * what is looked at. */
size_t utf8_character(const char *text, size_t left);

#endif
