/* TCP connections that are no WebSocket, or not yet: each has one request and its answer. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "ground.h"
#include "http.h"
#include "request.h"

struct connection;

struct connections {
    struct server_ground *ground;
    struct connection *first;
    uint64_t asked; /* requests, which are numbered by it */
    /* Handed down: judges the request in `head`, whose own length is `head_len`, then answers it or
     * hands the socket on. */
    void (*take)(void *user, struct connection *connection, size_t head_len);
    void *user;
};

enum connection_state {
    CONNECTION_READS,
    CONNECTION_WAITS, /* for an answer that was put off */
    CONNECTION_WRITES,
    CONNECTION_LINGERS,
    CONNECTION_CLOSES_LATER,
    CONNECTION_CLOSED
};

struct connection {
    struct connection *next;
    struct connections *all;
    int fd;
    uv_poll_t poll;
    enum connection_state state;
    uint64_t since; /* when its state, or the last progress in it, began: uv_now(), ms */
    uint64_t taken; /* bytes that the peer had taken at the last look */
    char head[REQUEST_HEAD_MAX];
    size_t head_len;
    /* The answer. */
    uint64_t number;    /* of the request */
    const char *origin; /* to be echoed; in `head`, or NULL, as are the next two */
    const char *range, *if_range;
    struct http_response response;
    bool head_only, takes_chunks;
    char out[HTTP_HEAD_MAX];
    size_t out_len, out_sent, body_sent;
    /* The next piece of a file, or of what is made as it is sent. */
    uv_work_t work;
    bool reading;  /* in the pool, which alone has `chunk` and `piece` then */
    ssize_t piece; /* bytes that came; 0: the end, −1: it broke off */
    bool ended;    /* of a source */
    char *chunk;
    size_t chunk_len, chunk_sent, file_at;
};

/* Takes the accepted socket over. */
void connection_open(struct connections *connections, int fd);
/* How its request, parsed of `head`, is to be answered. */
void connection_asked(struct connection *connection, const struct request_head *request);
/* Whose page may read the answer; NULL: no other's. */
void connection_allow(struct connection *connection, const char *origin);
/* With the socket, but for one that was released. */
void connection_close(struct connection *connection);
/* The socket is the caller's from here on. */
int connection_release(struct connection *connection);
/* Sends the response, whole or the part of a file that was asked for. */
void connection_answer(struct connection *connection);
void connection_refuse(struct connection *connection, int status, const char *sentence);
/* Its response comes later: connections_response(). */
void connection_put_off(struct connection *connection);

/* As server_response(). */
struct http_response *connections_response(struct connections *connections, uint64_t number);
/* Where all are taken a handshake that is not done in SERVER_PRESSED_HANDSHAKE_MS ends: true. */
bool connections_make_room(struct connections *connections);
void connections_watch(struct connections *connections, uint64_t now);
void connections_close_all(struct connections *connections);

#endif
