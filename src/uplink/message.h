/* A batch as messages for the server: the lines themselves, and the events among them. Pure. */
#ifndef UPLINK_MESSAGE_H
#define UPLINK_MESSAGE_H

#include "batch.h"
#include "window.h"

#define MESSAGE_TOKEN_SIZE 40

struct message_names {
    const char *spool_id, *site, *gateway;
    const char *device; /* NULL: what is of the gateway itself */
};

/* One token of a subject, and one level of a topic: no dot, blank, wildcard or slash. */
void message_token(char out[MESSAGE_TOKEN_SIZE], const char *text);
/* `linkband.v1.<site>.<gateway>[.<device>].<kind>` */
void message_subject(char out[WINDOW_SUB_SIZE], const struct message_names *names,
                     const char *kind);

#define MESSAGES_MAX 2 /* of a batch */

/*
 * `.raw`: its lines as zstd, behind a skippable frame that holds `linkband 1 FIRST-LAST SPOOL_ID`
 * for those who get no headers. `.event`, where it has any: a line `{"record":N,"event":{…}}` for
 * each. Returns their number; 0: no memory, and none is made. The bodies are the caller's.
 */
size_t message_make(struct window_message messages[MESSAGES_MAX], const struct message_names *names,
                    const struct batch *batch);

#endif
