/* A batch as messages for the server: the lines themselves, and the events among them. Pure. */
#ifndef UPLINK_MESSAGE_H
#define UPLINK_MESSAGE_H

#include "batch.h"
#include "window.h"

struct message_names {
    const char *spool_id, *site, *gateway, *device;
};

#define MESSAGES_MAX 2 /* of a batch */

/*
 * `.raw`: its lines as zstd, behind a skippable frame that holds `linkband 1 FIRST-LAST SPOOL_ID`
 * for those who get no headers. `.event`, where it has any: a line `{"record":N,"event":{…}}` for
 * each. Returns their number; 0: no memory, and none is made. The bodies are the caller's.
 */
size_t message_make(struct window_message messages[MESSAGES_MAX], const struct message_names *names,
                    const struct batch *batch);

#endif
