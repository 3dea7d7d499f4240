#include "incoming.h"

#include <stdlib.h>
#include <string.h>

/* A buffer this small is kept between messages. */
#define TEXT_KEPT 4096

bool incoming_begins(struct incoming *incoming, bool ignored)
{
    if (!incoming->begun)
        incoming->ignored = ignored;
    incoming->begun = true;
    return incoming->ignored;
}

bool incoming_append(struct incoming *incoming, const void *bytes, size_t len)
{
    const size_t need = incoming->len + len + 1;

    if (need > incoming->capacity) {
        size_t capacity = need < TEXT_KEPT ? TEXT_KEPT : need;
        if (incoming->capacity && capacity < 2 * incoming->capacity)
            capacity = 2 * incoming->capacity;
        char *text = realloc(incoming->text, capacity);
        if (!text)
            return false;
        incoming->text = text;
        incoming->capacity = capacity;
    }
    memcpy(incoming->text + incoming->len, bytes, len);
    incoming->len += len;
    incoming->text[incoming->len] = '\0';
    return true;
}

void incoming_clear(struct incoming *incoming)
{
    incoming->len = 0;
    incoming->begun = false;
    if (incoming->capacity > TEXT_KEPT)
        incoming_finish(incoming);
}

void incoming_finish(struct incoming *incoming)
{
    free(incoming->text);
    *incoming = (struct incoming){0};
}
