/*
 * The server: WebSocket and HTTP on the loop, by libwebsockets. It knows clients, their queues and
 * the rules of who may come in; of messages it knows only their text.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "band/sensor.h"
#include "base/error.h"
#include "protocol/subscription.h"
#include "server/stats.h"

#define SERVER_CLIENTS_MAX 10
#define SERVER_WAITING_MAX 16
/* Of both together those of Origin `null`: a hostile page must not take every place. */
#define SERVER_RESTRICTED_MAX 5
/* The same of the daemon's own page where no token is set, for a link can open it; and of both. */
#define SERVER_OWN_PAGES_MAX   5
#define SERVER_PAGES_MAX       8
#define SERVER_CONNECTIONS_MAX 64
#define SERVER_MESSAGE_MAX     (64 * 1024)
#define SERVER_FRAME_MAX       (16 * 1024)
#define SERVER_HANDSHAKE_MS    10000
/* What is left of that while all connections are taken and another peer comes. */
#define SERVER_PRESSED_HANDSHAKE_MS 1000
#define SERVER_PING_MS              30000
#define SERVER_SILENT_MS            40000
#define SERVER_KICK_MS              2000
#define SERVER_STUCK_MS             10000
/* A client that takes no byte of what waits for it: a steady 8 kB/s shows by steps of 300 KB only.
 */
#define SERVER_UNREAD_MS 60000
/* A download may rest so long; while all connections are taken, SERVER_STUCK_MS. */
#define SERVER_PAUSE_MS 300000
/* What waits for one client: of data so much for each band that may be connected (the oldest is
 * dropped), so that with eight of them it is behind by no fewer seconds than with one, and all
 * clients together hold at most 20 MiB; of replies and events so much (more ends the client). */
#define SERVER_DATA_QUEUE_MAX  (256 * 1024)
#define SERVER_REPLY_QUEUE_MAX (1024 * 1024)
/* Characters of the token, visible ASCII. */
#define SERVER_TOKEN_MAX 256
/* Messages that one client may send: so many a second, and so many at once after a rest. */
#define SERVER_MESSAGES_A_SECOND 100
#define SERVER_MESSAGES_AT_ONCE  500
/* Bytes of all kinds that one client may send, a second and at once; each message counts as so many
 * more. What is beyond waits unread in its socket, so that pings, empty frames or bad JSON hold
 * no core. */
#define SERVER_WORK_A_SECOND (64 * 1024)
#define SERVER_WORK_AT_ONCE  (512 * 1024)
#define SERVER_WORK_MESSAGE  100

/* What a frame is, for the queues (data may be dropped, the rest never) and for subscriptions.
 * Private events don't reach clients that are restricted. */
enum frame_kind {
    FRAME_REPLY,
    FRAME_EVENT,
    FRAME_PRIVATE_EVENT,
    FRAME_RAW,
    FRAME_PROCESSED,
    FRAME_BANDS
};

/* What a broadcast is, for who subscribes to it. */
struct frame_head {
    enum frame_kind kind;
    enum sensor sensor;    /* of data */
    const char *device_id; /* of data: the band's; NULL: of whichever */
    bool more; /* of data: it may wait for the next, until this turn of the loop is over */
};

struct server;
struct client;

/* A GET or HEAD that came past the rules of Host and Origin; borrowed for the call. */
struct http_request {
    const char *path;  /* as sent, not decoded */
    const char *query; /* behind the `?`, "" if none */
    bool restricted;   /* Origin `null`, as client_is_restricted() */
    uint64_t number;   /* unique in this run of the daemon: for an answer that comes later */
};

/* The value of ?name= in the query, not decoded, copied to `value`; false if absent, or too long
 * for it: none is longer than HTTP_VALUE_MAX. */
#define HTTP_VALUE_MAX 8192
bool http_query(const struct http_request *request, const char *name, char *value, size_t size);

/* The answer to it: one of these is to be called before the handler returns, else it is a 404. */
struct http_response;
/* It comes once server_response() was asked for it, filled by one of the others and handed to
 * http_send(), from the loop; a peer that hears nothing for SERVER_STUCK_MS is closed. */
void http_reply_later(struct http_response *response);
void http_reply_text(struct http_response *response, int status, const char *content_type,
                     const char *text, size_t len);
/* Takes `fd` over and sends the file in pieces, read off the loop, as an attachment of that name.
 */
void http_reply_file(struct http_response *response, int fd, const char *content_type,
                     const char *name);

/* What is made as it is sent. `next` is called in libuv's pool, one call at a time: puts at most
 * `size` bytes into `bytes` and returns how many, 0 at the end, −1 where there can't be more; then
 * the connection is cut, so that the peer can tell. `close`, from the loop: once, after the last
 * call. */
struct http_source {
    void *user;
    ssize_t (*next)(void *user, char *bytes, size_t size);
    void (*close)(void *user);
    size_t len; /* of all that it gives; 0: not known beforehand */
};
/* Takes the source over and sends what it gives as an attachment of that name. The next piece is
 * asked for when the one before has gone. */
void http_reply_source(struct http_response *response, const struct http_source *source,
                       const char *content_type, const char *name);

/* The response put off to the request of that number; NULL once its peer is gone. */
struct http_response *server_response(struct server *server, uint64_t number);
void http_send(struct http_response *response);

struct http_route {
    const char *path; /* exactly this, or what begins with it where it ends in `/` */
    void (*handle)(void *user, const struct http_request *request, struct http_response *response);
};

/* Borrowed for as long as the server lives; `listen` and `fds` for server_create() only. */
struct server_config {
    const char *const *listen; /* "ADDR:PORT" or "[ADDR]:PORT" */
    size_t listen_count;
    const char *const *allow_host;
    size_t allow_host_count;
    const char *const *allow_origin; /* may hold "null" */
    size_t allow_origin_count;
    const char *const *deny_origin;
    size_t deny_origin_count;
    /* What every peer has to show; NULL: nothing, and then nothing but loopback is listened on. */
    const char *token;
    /* Sockets that already listen, from a supervisor, beside those of `listen`; taken over. */
    const int *fds;
    size_t fd_count;
    const struct http_route *routes; /* the first that fits answers */
    size_t route_count;
    void *route_user; /* for all of them */
    unsigned bands;   /* that may be connected at a time; 0 is taken for 1 */
    /* Seconds of SERVER_… above divided by this: 1, or more for tests that can't wait. */
    double hurry;
};

/* Text and pointers are borrowed for the call. */
struct server_listener {
    void *user;
    /* A client took a place (not while it waits for one). */
    void (*opened)(void *user, struct client *client);
    void (*closed)(void *user, struct client *client);
    /* One whole text message: valid UTF-8, zero-terminated, may hold zeros before `len`. */
    void (*text)(void *user, struct client *client, const char *text, size_t len);
    void (*binary)(void *user, struct client *client);
};

/* Binds and listens. NULL, and *failure says what to do, if it can't. */
struct server *server_create(uv_loop_t *loop, const struct server_config *config,
                             const struct server_listener *listener, struct failure *failure);

/* From here on new connections are judged by the allow_… and deny_… lists of this one; borrowed
 * as those of server_create(). Who is in stays in. */
void server_set_access(struct server *server, const struct server_config *config);

/* "127.0.0.1:8121, [::1]:8121": what is listened on. */
const char *server_addresses(const struct server *server);

/* Closes every client with 1012, stops listening, then frees itself and calls done; within 1 s. */
void server_shutdown(struct server *server, void (*done)(void *user), void *user);

/*
 * To every client that subscribes to it: one frame, serialised once. Longer than SERVER_FRAME_MAX
 * is refused, logged. `arrival_us`, boot time: when what it tells arrived, for the latency that is
 * counted; 0: none.
 */
void server_broadcast(struct server *server, const struct frame_head *head, const char *text,
                      size_t len, int64_t arrival_us);
/* To one client. */
void server_send(struct client *client, enum frame_kind kind, enum sensor sensor, const char *text,
                 size_t len);

/* Whether a client that has a place subscribes to such frames. */
bool server_is_heard(const struct server *server, const struct frame_head *head);
size_t server_client_count(const struct server *server);
/* The n-th client that has a place, in no order that means anything; n < server_client_count(). */
struct client *server_client(struct server *server, size_t n);

/* Unique in this run of the daemon, from 1: what messages call client_id. */
uint64_t client_id(const struct client *client);
/* Its place, 1 to SERVER_CLIENTS_MAX: the next client has it once this one is gone. */
unsigned client_place(const struct client *client);
/* Finds a client that still is there: NULL once it is gone. */
struct client *server_find(struct server *server, uint64_t id);
/* The client's Origin was the opaque `null` and the options say nothing of it: it may not do
 * everything. */
bool client_is_restricted(const struct client *client);
struct subscription *client_subscription(struct client *client);
/* To be called for each of its messages: false where it sends more than it may. */
bool client_spend_message(struct client *client);

/* Data frames dropped for the client since the last call, by sensor; false if none. Reset by the
 * call. */
bool client_take_dropped(struct client *client, uint64_t dropped[SENSOR_COUNT]);

/* Bytes that wait to be sent to it. */
size_t client_queue_bytes(const struct client *client);

/* Valid until the next call. */
const struct server_stats *server_stats(struct server *server);

/* After a suspend of the host: every client has its full time to answer again. */
void server_forgive_silence(struct server *server);

#endif
