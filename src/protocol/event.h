/* Events: each goes to one client, or to all where client is TO_ALL. */
#ifndef PROTOCOL_EVENT_H
#define PROTOCOL_EVENT_H

#include "protocol/json.h"
#include "protocol/protocol.h"

/* What there is to know of an event. */
struct event_row {
    const char *name;
    enum message_kind kind; /* when it goes to all */
};

/*
 * The protocol's own events (band_events.h has the manager's): its name, and whether a page of the
 * origin `null`, which may be a stranger's, hears it when it goes to all. What names sessions,
 * paths or markers is UNHEARD. What answers such a page alone is not asked.
 */
#define EVENTS(EVENT)                                                                              \
    EVENT(RECORDING_STARTED, "recording_started", UNHEARD)                                         \
    EVENT(RECORDING_STOPPED, "recording_stopped", UNHEARD)                                         \
    EVENT(RECORDING_FILE, "recording_file", UNHEARD)                                               \
    EVENT(STORAGE_LOW, "storage_low", UNHEARD)                                                     \
    EVENT(MARKER, "marker", UNHEARD)                                                               \
    EVENT(CLIENT_LAGGING, "client_lagging", UNHEARD)                                               \
    EVENT(BLUETOOTH_STATUS, "bluetooth_status", HEARD)                                             \
    EVENT(ERROR, "error", UNHEARD) /* what goes to all may name a recording's path */

#define EVENT_ENUMERATOR(id, name, null_page) EVENT_##id,
enum event { EVENTS(EVENT_ENUMERATOR) EVENT_COUNT };
#undef EVENT_ENUMERATOR

const char *event_name(enum event event);
/* Begins {"type":"event","event_type":…,"data":{ in protocol->json; event_send ends and sends it.
 */
struct json *event_begin(struct protocol *protocol, enum event event);
struct json *event_begin_row(struct protocol *protocol, const struct event_row *row);
void event_send(struct protocol *protocol, uint64_t client);
/* The same of a band's. */
void event_send_of(struct protocol *protocol, uint64_t client, const char *device_id);
void event_bluetooth_status(struct protocol *protocol, uint64_t client);
/* `details` is an object as JSON text, or NULL. */
void event_error(struct protocol *protocol, uint64_t client, const struct failure *failure,
                 const char *details);
#endif
