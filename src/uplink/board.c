#include "board.h"

#include <stdio.h>
#include <string.h>

#include "band/iso.h"
#include "base/now.h"
#include "discovery.h"

void board_forget(struct board_place *place)
{
    place->told[0] = '\0';
    place->discovered = false;
}

static bool tell_discovery(struct driver *driver, const struct message_names *names,
                           const char *prefix)
{
    struct discovery_message discovery;
    bool told = true;

    for (size_t n = 0; told && n < discovery_count(); n++) {
        discovery_write(&discovery, n, prefix, names);
        told = driver->ops->tell(driver, discovery.topic, discovery.text);
    }
    return told;
}

static bool tell_status(struct driver *driver, const struct message_names *names, const char *text)
{
    char subject[WINDOW_SUB_SIZE], time[ISO_TEXT_SIZE], whole[STATUS_TEXT_SIZE + 64];

    message_subject(subject, names, "status");
    iso_format_ms(now_utc_us(), time);
    snprintf(whole, sizeof(whole), "%s,\"timestamp\":\"%s\"}", text, time);
    return driver->ops->tell(driver, subject, whole);
}

static bool is_due(const struct board_place *place, const char *text, uint64_t now_ms)
{
    const uint64_t since = now_ms - place->told_ms;

    return !place->told[0] ||
           since >= (strcmp(text, place->told) == 0 ? BOARD_MOST_MS : BOARD_LEAST_MS);
}

void board_tell_band(struct board_place *place, struct driver *driver,
                     const struct message_names *names, const char *prefix, bool known,
                     uint64_t now_ms)
{
    static const struct status unknown;
    char text[STATUS_TEXT_SIZE], device[MESSAGE_TOKEN_SIZE];

    if (prefix && !place->discovered)
        place->discovered = tell_discovery(driver, names, prefix);
    message_token(device, names->device);
    status_write(known ? &place->status : &unknown, device, text);
    if (!is_due(place, text, now_ms) || !tell_status(driver, names, text))
        return;
    memcpy(place->told, text, sizeof(text));
    place->told_ms = now_ms;
}
