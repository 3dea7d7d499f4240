#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/length.h"

/* Of packets: higher ones cost a gateway more than the line that they save. Of what is computed the
 * least is best: of numbers in decimals 3 makes no less. */
#define LEVEL_RAW      3
#define LEVEL_COMPUTED 1

#define SKIPPABLE 0x184D2A50 /* RFC 8878, 3.1.2 */
#define HEAD_SIZE 8
#define FRAME_MAX 128

const char *publication_name(enum publication kind)
{
    static const char *const names[] = {[PUBLISH_RAW] = "raw",
                                        [PUBLISH_EVENT] = "event",
                                        [PUBLISH_SAMPLES] = "samples",
                                        [PUBLISH_PROCESSED] = "processed"};
    ASSERT_GOES_TO(names, PUBLISH_PROCESSED);

    return names[kind];
}

void message_token(char out[MESSAGE_TOKEN_SIZE], const char *text)
{
    size_t len = 0;

    for (; text[len] && len < MESSAGE_TOKEN_SIZE - 1; len++)
        out[len] = isalnum((unsigned char)text[len]) || text[len] == '_' ? text[len] : '-';
    out[len] = '\0';
}

void message_subject(char out[WINDOW_SUB_SIZE], const struct message_names *names, const char *kind)
{
    const char *const tokens[] = {names->site, names->gateway, names->device};
    char token[MESSAGE_TOKEN_SIZE];
    int len = snprintf(out, WINDOW_SUB_SIZE, "linkband.v1");

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]) && tokens[i]; i++) {
        message_token(token, tokens[i]);
        len += snprintf(out + len, WINDOW_SUB_SIZE - (size_t)len, ".%s", token);
    }
    snprintf(out + len, WINDOW_SUB_SIZE - (size_t)len, ".%s", kind);
}

static void name(struct window_message *message, const struct message_names *names,
                 enum publication kind, const struct batch *batch)
{
    char device[MESSAGE_TOKEN_SIZE];

    message_token(device, names->device);
    *message = (struct window_message){.first = batch->first, .last = batch->last};
    message_subject(message->subject, names, publication_name(kind));
    snprintf(message->id, sizeof(message->id), "%s/%s/%s/%llu", names->spool_id, device,
             publication_name(kind), (unsigned long long)batch->first);
}

static void put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static size_t put_frame(uint8_t *out, size_t size, const char *spool_id, const struct batch *batch)
{
    const int len =
        snprintf((char *)out + HEAD_SIZE, size - HEAD_SIZE, "linkband 1 %llu-%llu %s",
                 (unsigned long long)batch->first, (unsigned long long)batch->last, spool_id);

    put_u32(out, SKIPPABLE);
    put_u32(out + 4, (uint32_t)len);
    return HEAD_SIZE + (size_t)len;
}

/* Both make a body of no bytes where there is nothing to tell. False: no memory. */
static bool make_packed(struct window_message *message, const struct message_names *names,
                        enum publication kind, const struct batch *batch, const struct buffer *text)
{
    const int level = kind == PUBLISH_RAW ? LEVEL_RAW : LEVEL_COMPUTED;
    const size_t room = FRAME_MAX + ZSTD_compressBound(text->len);

    *message = (struct window_message){.len = 0};
    if (text->len == 0)
        return true;
    uint8_t *body = malloc(room);

    if (!body)
        return false;
    const size_t head = put_frame(body, room, names->spool_id, batch);
    const size_t len = ZSTD_compress(body + head, room - head, text->data, text->len, level);
    if (ZSTD_isError(len)) {
        free(body);
        return false;
    }
    name(message, names, kind, batch);
    message->compressed = true;
    message->len = head + len;
    /* Most of the bound is not needed, and up to WINDOW_MAX wait. */
    uint8_t *fit = realloc(body, message->len);
    message->body = fit ? fit : body;
    return true;
}

/* A line of it, if it is a record and an event; `place` goes along. */
static void take_event(struct buffer *out, struct segment_place *place, const char *line,
                       size_t len)
{
    static const char head[] = "#! event ";
    const size_t head_len = sizeof(head) - 1;

    if (!segment_read(place, line) || len < head_len || memcmp(line, head, head_len) != 0)
        return;
    buffer_print(out, "{\"record\":%llu,\"event\":", (unsigned long long)place->next - 1);
    buffer_add(out, line + head_len, len - head_len - 1);
    buffer_add(out, "}\n", 2);
}

static bool make_events(struct window_message *message, const struct message_names *names,
                        const struct batch *batch)
{
    struct segment_place place = {.numbered = !batch_has_head(batch), .next = batch->first};
    struct buffer out = {0};
    const char *line = batch->text.data, *end = line + batch->text.len;

    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const size_t len = (size_t)(newline + 1 - line);
        take_event(&out, &place, line, len);
        line += len;
    }
    name(message, names, PUBLISH_EVENT, batch);
    message->body = out.data;
    message->len = out.len;
    if (!out.failed)
        return true;
    buffer_finish(&out);
    return false;
}

bool message_make(struct message_made *made, const struct message_names *names,
                  const struct batch *batch, const struct buffer *const texts[PUBLISH_COUNT])
{
    bool all = true;

    made->count = 0;
    for (enum publication kind = 0; all && kind < PUBLISH_COUNT; kind++) {
        struct window_message *message = &made->messages[made->count];
        if (!texts[kind])
            continue;
        all = kind == PUBLISH_EVENT ? make_events(message, names, batch)
                                    : make_packed(message, names, kind, batch, texts[kind]);
        made->count += all && message->len > 0;
    }
    while (!all && made->count > 0)
        free(made->messages[--made->count].body);
    return all;
}
