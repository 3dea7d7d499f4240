/* The text message that is coming in, piece by piece. */
#ifndef INCOMING_H
#define INCOMING_H

#include <stdbool.h>
#include <stddef.h>

struct incoming {
    char *text; /* zero-terminated once there is a piece */
    size_t len, capacity;
    bool begun, ignored;
};

/* A piece comes. Whether it is to be passed over, as the first of its message was said to be. */
bool incoming_begins(struct incoming *incoming, bool ignored);
/* A whole message may have SERVER_MESSAGE_MAX bytes, which the caller sees to. False: no memory. */
bool incoming_append(struct incoming *incoming, const void *bytes, size_t len);
/* The message is done with; a small buffer is kept for the next. */
void incoming_clear(struct incoming *incoming);
void incoming_finish(struct incoming *incoming);

#endif
