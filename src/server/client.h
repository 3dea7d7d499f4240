/* WebSocket peers, each from the upgrade to the close. */
#ifndef CLIENT_H
#define CLIENT_H

#include <libwebsockets.h>

#include "allowance.h"
#include "ground.h"
#include "incoming.h"
#include "places.h"
#include "queue.h"
#include "server/server.h"
#include "tcp.h"

/* A peer that was told to go has this long to do its part, then its socket is closed. */
#define FAREWELL_MS 3000

struct clients {
    struct server_ground *ground;
    struct server_listener listener;
    struct lws_vhost *vhost;
    struct places places;
    struct client *arriving; /* while lws takes its socket over */
    uint64_t next_id;
    unsigned bands; /* whose data waits for each */
};

/* Written by client.c alone; `subscription` by the protocol. */
struct client {
    struct seat seat; /* the first: client_of() */
    struct clients *all;
    struct lws *wsi;
    int fd; /* lws's; for TCP_INFO and the last frame of one that no longer reads */
    uint64_t id;
    struct subscription subscription;
    struct allowance messages, work;
    bool held;                /* nothing more of it is read for now */
    uint64_t received, taken; /* bytes, at the last look: of tcp.h */
    struct queue queue;
    struct incoming incoming;
    /* Times of ground_now(), ms. */
    uint64_t ping_at, taken_at, read_at;
    bool ping_due;
    bool data_due; /* what waits was to go out with more */
    size_t room;   /* bytes that its socket still takes, for all that is known */
    bool dismissed;
    int close_code; /* what it is told on the way out; 0: nothing */
    bool close_sent;
    const char *close_reason;
};

void clients_init(struct clients *clients, struct server_ground *ground, unsigned bands,
                  const struct server_listener *listener);

/* All of them, in the order they came; NULL ends it. */
static inline struct client *client_of(struct seat *seat)
{
    return (struct client *)seat;
}

static inline struct client *clients_first(const struct clients *clients)
{
    return client_of(clients->places.first);
}

static inline struct client *client_next(const struct client *client)
{
    return client_of(client->seat.next);
}

static inline bool client_is_placed(const struct client *client)
{
    return client->seat.state == SEAT_PLACED;
}

/* Hands the socket to lws, with the bytes of a handshake that was already read and judged. */
void client_open(struct clients *clients, int fd, enum client_kind kind, const char *key,
                 const char *rest, size_t rest_len);
/* lws's; the context's user is the struct clients. */
int client_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len);
void client_push(struct client *client, struct frame *frame);
/* Data that was to go out with more, which did not come. */
void clients_send_due(struct clients *clients);
/* There was no memory for a frame: data is told as dropped, another message's loss by the end. */
void client_miss(struct client *client, enum frame_kind kind, enum sensor sensor);
/* What the kernel tells of it is noted and charged; whether something came. */
bool client_look(struct client *client, const struct tcp_look *look, uint64_t now);
void client_ping_when_due(struct client *client, uint64_t now);
void client_leave(struct client *client, int code, const char *reason);
/* At shutdown: what is queued still goes out, then the close. */
void client_dismiss(struct client *client);
/* At once, whatever lws is waiting for; `code` 0: without a close frame. */
void client_cut(struct client *client, int code, const char *reason);
void clients_cut_all(struct clients *clients);
/* Once lws is gone: those it forgot to tell of. */
void clients_free_all(struct clients *clients);

#endif
