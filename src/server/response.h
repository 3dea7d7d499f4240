/* An answer to plain HTTP, before its head is written. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/server.h"

struct http_response {
    int status;
    const char *content_type;
    const char *body;          /* NULL: a file, or nothing */
    char *owned;               /* what of `body` is to be freed */
    size_t len;                /* of the body, of what is sent of the file, of the source or 0 */
    int fd;                    /* -1: no file */
    struct http_source source; /* `next` NULL: none */
    size_t first;              /* byte of the file */
    char name[128];            /* of the attachment */
    char tag[64];         /* of the file as it is now, quoted; without a file: of the body, or "" */
    const char *encoding; /* of the body; NULL: none */
    char range[80];       /* the line Content-Range, with its end, or "" */
    const char *extra;    /* header lines, each with its end */
    bool later;           /* put off */
    bool in_chunks;       /* of a source of no known length: each piece tells its own (HTTP/1.1) */
};

#endif
