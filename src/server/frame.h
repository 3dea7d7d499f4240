/* A frame: one message's text, serialised once and shared by every queue it waits in. */
#ifndef FRAME_H
#define FRAME_H

#include "server/server.h"

struct frame {
    unsigned references;
    enum frame_kind kind;
    enum sensor sensor;
    int64_t arrival_us; /* boot time, 0: none */
    bool more;          /* it may wait for the next */
    size_t len;
    size_t head; /* bytes of the WebSocket header, which stands before the text */
    unsigned char *text;
};

/* Copies the text; the caller owns one reference. NULL: no memory. */
struct frame *frame_create(enum frame_kind kind, enum sensor sensor, const char *text, size_t len);
struct frame *frame_ref(struct frame *frame);
/* NULL is fine. */
void frame_unref(struct frame *frame);

/* Data may be dropped, replies and events never. */
bool frame_kind_is_data(enum frame_kind kind);

#endif
