#include "board.h"

#include <stdio.h>
#include <string.h>

#include "band/iso.h"
#include "base/now.h"
#include "discovery.h"

void board_forget_place(struct board_place *place)
{
    place->told[0] = '\0';
    place->discovered = false;
}

static bool put_up(const struct board *board, const char *subject, const char *text)
{
    return board->driver->ops->tell(board->driver, subject, text);
}

void board_tell_gateway(struct board *board, const char *subject)
{
    board->told = board->told || put_up(board, subject, "online");
}

static bool tell_discovery(const struct board *board, const struct message_names *names)
{
    struct discovery_message message;
    bool told = true;

    for (size_t n = 0; told && n < discovery_count(board->computed); n++) {
        discovery_write(&message, n, board->home_assistant, names);
        told = put_up(board, message.topic, message.text);
    }
    return told;
}

static bool tell_status(const struct board *board, const struct message_names *names,
                        const char *text)
{
    char subject[WINDOW_SUB_SIZE], time[ISO_TEXT_SIZE], whole[STATUS_TEXT_SIZE + 64];

    message_subject(subject, names, "status");
    iso_format_ms(now_utc_us(), time);
    snprintf(whole, sizeof(whole), "%s,\"timestamp\":\"%s\"}", text, time);
    return put_up(board, subject, whole);
}

static bool is_due(const struct board_place *place, const char *text, uint64_t now_ms)
{
    const uint64_t since = now_ms - place->told_ms;

    return !place->told[0] ||
           since >= (strcmp(text, place->told) == 0 ? BOARD_MOST_MS : BOARD_LEAST_MS);
}

void board_tell_band(const struct board *board, struct board_place *place,
                     const struct message_names *names, bool known, uint64_t now_ms)
{
    static const struct status unknown;
    char text[STATUS_TEXT_SIZE], device[MESSAGE_TOKEN_SIZE];

    if (board->home_assistant && !place->discovered)
        place->discovered = tell_discovery(board, names);
    message_token(device, names->device);
    status_write(known ? &place->status : &unknown, device, text);
    if (!is_due(place, text, now_ms) || !tell_status(board, names, text))
        return;
    memcpy(place->told, text, sizeof(text));
    place->told_ms = now_ms;
}
