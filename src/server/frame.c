#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#include "base/must.h"

/* LWS_PRE bytes before the text are for lws: every client's header is the same, so sharing is safe.
 */
struct frame *frame_create(enum frame_kind kind, enum sensor sensor, const char *text, size_t len)
{
    struct frame *frame = malloc(sizeof(*frame) + LWS_PRE + len);

    if (!frame)
        return NULL;
    frame->references = 1;
    frame->kind = kind;
    frame->sensor = sensor;
    frame->arrival_us = 0;
    frame->len = len;
    frame->text = (unsigned char *)(frame + 1) + LWS_PRE;
    memcpy(frame->text, text, len);
    return frame;
}

struct frame *frame_ref(struct frame *frame)
{
    frame->references++;
    return frame;
}

void frame_unref(struct frame *frame)
{
    must(!frame || frame->references > 0);
    if (frame && --frame->references == 0)
        free(frame);
}

bool frame_kind_is_data(enum frame_kind kind)
{
    return kind == FRAME_RAW || kind == FRAME_PROCESSED || kind == FRAME_BANDS;
}
