#include "frame.h"

#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#include "base/must.h"

/* RFC 6455, 5.2: a whole text, unmasked. Returns how many bytes it has. */
static size_t put_head(unsigned char *text, size_t len)
{
    if (len < 126) {
        text[-2] = 0x81;
        text[-1] = (unsigned char)len;
        return 2;
    }
    must(len <= UINT16_MAX);
    text[-4] = 0x81;
    text[-3] = 126;
    text[-2] = (unsigned char)(len >> 8);
    text[-1] = (unsigned char)len;
    return 4;
}

/* LWS_PRE bytes before the text are for the header: where lws writes it, it is the same one, as is
 * every client's, so sharing is safe. */
struct frame *frame_create(enum frame_kind kind, enum sensor sensor, const char *text, size_t len)
{
    struct frame *frame = malloc(sizeof(*frame) + LWS_PRE + len);

    if (!frame)
        return NULL;
    frame->references = 1;
    frame->kind = kind;
    frame->sensor = sensor;
    frame->arrival_us = 0;
    frame->more = false;
    frame->len = len;
    frame->text = (unsigned char *)(frame + 1) + LWS_PRE;
    memcpy(frame->text, text, len);
    frame->head = put_head(frame->text, len);
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
