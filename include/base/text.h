/*
 * Control characters in text of others: C0 (U+0000 to U+001F), DEL, and C1 (U+0080 to U+009F, two
 * bytes of UTF-8). A terminal takes them for commands, a line's end for another line.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes, 1 or 2, of the control character at `text`, 0 where there is none or the text has ended.
 * One byte is looked at beyond it, if it is the first of two. */
size_t text_control(const char *text);

bool text_has_control(const char *text);

/* Each becomes one space, in place. */
void text_blank_controls(char *text);

#endif
