/* What time does to the WebSocket peers: pings, silence, stuck queues, the end of a wait. */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "client.h"

/* Silence before `forgiven_at`, ms of ground_now(), is nobody's fault. True where nobody sends,
 * waits, is held or leaves. */
bool heartbeat_watch_all(struct clients *clients, uint64_t now, uint64_t forgiven_at);

#endif
