/* A batch as messages for the server: the lines themselves, and the events among them. Pure. */
#ifndef UPLINK_MESSAGE_H
#define UPLINK_MESSAGE_H

#include "batch.h"
#include "window.h"

struct message_names {
    const char *spool_id, *site, *gateway, *device;
};

/*
 * `.raw`: its lines as zstd, behind a skippable frame that holds `linkband 1 FIRST-LAST` for those
 * who get no headers. False: no memory.
 */
bool message_raw(struct window_message *message, const struct message_names *names,
                 const struct batch *batch);

/* `.event`: a line `{"record":N,"event":{…}}` for each. False: there is none in it, or no memory.
 */
bool message_events(struct window_message *message, const struct message_names *names,
                    const struct batch *batch);

#endif
