#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL     3          /* higher ones cost a gateway more than the line that they save */
#define SKIPPABLE 0x184D2A50 /* RFC 8878, 3.1.2 */
#define HEAD_SIZE 8
#define FRAME_MAX 128

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
                 const char *kind, const struct batch *batch)
{
    char device[MESSAGE_TOKEN_SIZE];

    message_token(device, names->device);
    *message = (struct window_message){.first = batch->first, .last = batch->last};
    message_subject(message->subject, names, kind);
    snprintf(message->id, sizeof(message->id), "%s/%s/%s/%llu", names->spool_id, device, kind,
             (unsigned long long)batch->first);
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

static bool make_raw(struct window_message *message, const struct message_names *names,
                     const struct batch *batch)
{
    const size_t room = FRAME_MAX + ZSTD_compressBound(batch->text.len);
    uint8_t *body = malloc(room);

    if (!body)
        return false;
    const size_t head = put_frame(body, room, names->spool_id, batch);
    const size_t len =
        ZSTD_compress(body + head, room - head, batch->text.data, batch->text.len, LEVEL);
    if (ZSTD_isError(len)) {
        free(body);
        return false;
    }
    name(message, names, "raw", batch);
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

/* A body of no bytes: there is none in it. False: no memory. */
static bool make_events(struct window_message *message, const struct message_names *names,
                        const struct batch *batch)
{
    struct segment_place place = {.numbered = true, .next = batch->first};
    struct buffer out = {0};
    const char *line = batch->text.data, *end = line + batch->text.len;

    /* A segment's head is no record, though it is in the batch: it sets the number itself. */
    if (batch->text.len > 0 && memcmp(line, "# ", 2) == 0)
        place.numbered = false;
    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const size_t len = (size_t)(newline + 1 - line);
        take_event(&out, &place, line, len);
        line += len;
    }
    name(message, names, "event", batch);
    message->body = out.data;
    message->len = out.len;
    if (!out.failed)
        return true;
    buffer_finish(&out);
    return false;
}

size_t message_make(struct window_message messages[MESSAGES_MAX], const struct message_names *names,
                    const struct batch *batch)
{
    if (!make_raw(&messages[0], names, batch))
        return 0;
    if (make_events(&messages[1], names, batch))
        return messages[1].len > 0 ? 2 : 1;
    free(messages[0].body);
    return 0;
}
