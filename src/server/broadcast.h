/* One frame for all who subscribe to it. */
#ifndef BROADCAST_H
#define BROADCAST_H

#include "client.h"

/* As server_broadcast() and server_is_heard(), which stand before them. */
void broadcast(struct clients *clients, const struct frame_head *head, const char *text, size_t len,
               int64_t arrival_us);
bool broadcast_is_heard(const struct clients *clients, const struct frame_head *head);

#endif
