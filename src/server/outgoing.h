/* A client's data straight to its socket, past lws: all that waits by one call. */
#ifndef OUTGOING_H
#define OUTGOING_H

#include <libwebsockets.h>

#include "queue.h"
#include "server/stats.h"

/* A frame goes out now. */
void outgoing_count(struct server_stats *stats, const struct frame *frame);

/* Sends the oldest frames of a queue that holds nothing but data, as many as one call should have.
 * Not where lws_send_pipe_choked(): what the socket had no room for lws would hold. False: the
 * socket is dead. */
bool outgoing_data(struct lws *wsi, struct queue *queue, struct server_stats *stats);

#endif
