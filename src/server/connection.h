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
    uint64_t deadline; /* of uv_now(), ms */
    char head[REQUEST_HEAD_MAX];
    size_t head_len;
    /* The answer. */
    uint64_t number;    /* of the request */
    const char *origin; /* to be echoed; in `head`, or NULL */
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

#endif
