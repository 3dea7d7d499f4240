/* A batch as messages for the server: the lines themselves, the events among them, and what was
 * computed of them. Pure. */
#ifndef UPLINK_MESSAGE_H
#define UPLINK_MESSAGE_H

#include "batch.h"
#include "window.h"

#define MESSAGE_TOKEN_SIZE 40

/* The last token of a subject. */
enum publication { PUBLISH_RAW, PUBLISH_EVENT, PUBLISH_SAMPLES, PUBLISH_PROCESSED, PUBLISH_COUNT };

#define PUBLISH_BIT(kind) (1u << (kind))

const char *publication_name(enum publication kind);

struct message_names {
    const char *spool_id, *site, *gateway;
    const char *device; /* NULL: what is of the gateway itself */
};

/* One token of a subject, and one level of a topic: no dot, blank, wildcard or slash. */
void message_token(char out[MESSAGE_TOKEN_SIZE], const char *text);
/* `linkband.v1.<site>.<gateway>[.<device>].<kind>` */
void message_subject(char out[WINDOW_SUB_SIZE], const struct message_names *names,
                     const char *kind);

struct message_made {
    struct window_message messages[PUBLISH_COUNT];
    size_t count;
};

/*
 * A message for each text that is not NULL and holds something: as zstd, behind a skippable frame
 * that holds `linkband 1 FIRST-LAST SPOOL_ID` for those who get no headers. `.event`, of the
 * batch's lines: a line `{"record":N,"event":{…}}` for each, as it is. False: no memory, and none
 * is made. The bodies are the caller's.
 */
bool message_make(struct message_made *made, const struct message_names *names,
                  const struct batch *batch, const struct buffer *const texts[PUBLISH_COUNT]);

#endif
