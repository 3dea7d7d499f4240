/*
 * The token that every peer has to show where the daemon was given one: pure functions of the
 * request. A header for programs; a parameter for browsers, whose WebSocket can set no header.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "request.h"

/* `Authorization: Bearer TOKEN` or `?token=TOKEN`, percent-encoded or not. */
bool token_is_shown(const char *token, const struct request_head *request);

/* Compares in a time that depends on the length of `given` only. */
bool token_is(const char *token, const char *given);

/*
 * The page's HTML with the token behind the links to its own files; to be freed. NULL: no memory.
 */
char *token_into_page(const char *token, const unsigned char *page, size_t len, size_t *new_len);

#endif
