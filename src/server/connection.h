/* What the files share that serve one TCP connection which is no WebSocket, or not yet. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "http.h"

#define CHUNK_SIZE (64 * 1024)
#define LINGER_MS  2000

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
    struct server *server;
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
    bool head_only;
    char out[HTTP_HEAD_MAX];
    size_t out_len, out_sent, body_sent;
    /* A file's next piece. */
    uv_fs_t file;
    bool reading;
    char *chunk;
    size_t chunk_len, chunk_sent, file_at;
};

/* With the socket (fd -1: it has gone to lws). */
void connection_close(struct connection *connection);
/* Sends the response, whole or the part of a file that was asked for. */
void connection_answer(struct connection *connection);
void connection_refuse(struct connection *connection, int status, const char *sentence);
/* Its response comes later: server_response(). */
void connection_put_off(struct connection *connection);

/* admission.c: judges the request in `head`, then answers it or hands the socket to lws. */
void admission_take(struct connection *connection, size_t head_len);

#endif
