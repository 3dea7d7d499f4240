/* What the files of this room share: the server, its listening sockets and its peers. */
#ifndef ROOM_H
#define ROOM_H

#include <libwebsockets.h>
#include <uv.h>

#include "access.h"
#include "allowance.h"
#include "queue.h"
#include "request.h"
#include "server/server.h"

#define LISTENING_MAX 16
/* A peer that was told to go has this long to do its part, then its socket is closed. */
#define FAREWELL_MS 3000
/* What clients are told at shutdown: not 1000 or 1001, after which many do not come back. */
#define SHUTDOWN_CODE   1012
#define SHUTDOWN_REASON "the daemon is restarting or stopping"

struct listening {
    struct server *server;
    uv_poll_t poll;
    int fd;
    bool paused;      /* out of descriptors: accept() would fail again at once */
    uint64_t told_at; /* when the log was told so, ms of uv_now(); 0: never */
};

/* Pages that any site can open without the visitor's will, told apart to be bounded. */
enum client_kind {
    CLIENT_OTHER,
    CLIENT_RESTRICTED, /* Origin `null`, of which no option speaks */
    CLIENT_OWN_PAGE    /* the daemon's own page, where no token guards it */
};

enum client_state { CLIENT_WAITING, CLIENT_PLACED, CLIENT_LEAVING };

/* One WebSocket peer, from the upgrade to the close. */
struct client {
    struct client *next;
    struct server *server;
    struct lws *wsi;
    int fd; /* lws's; for TCP_INFO and the last frame of one that no longer reads */
    uint64_t id;
    enum client_state state;
    enum client_kind kind;
    struct subscription subscription;
    unsigned place; /* 1 to SERVER_CLIENTS_MAX; 0: has had none */
    struct allowance messages, work;
    bool held;                /* nothing more of it is read for now */
    uint64_t received, taken; /* bytes, at the last look: of tcp.h */
    struct queue queue;
    /* The message that is coming in. */
    char *text;
    size_t text_len, text_capacity;
    bool in_message, ignore_message;
    /* Times of uv_now(), ms. */
    uint64_t state_since, ping_at, taken_at, read_at;
    bool ping_due;
    bool dismissed;
    int close_code; /* what it is told on the way out; 0: nothing */
    bool close_sent;
    const char *close_reason;
};

struct server {
    uv_loop_t *loop;
    const struct server_config *config;
    struct server_listener listener;
    struct access_rules rules;
    struct listening listening[LISTENING_MAX];
    size_t listening_count;
    char addresses[512];
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct client *clients;         /* in the order they came */
    struct client *arriving;        /* while lws takes its socket over */
    struct connection *connections; /* of plain HTTP, and before the upgrade */
    size_t peer_count;              /* TCP connections of all kinds */
    struct server_stats stats;
    size_t placed_count, waiting_count;
    uint64_t next_client_id, next_request;
    uv_timer_t watch;
    uint64_t forgiven_at;
    uint64_t refusal_at; /* when one was last logged */
    /* Shutdown. */
    bool closing;
    unsigned handles; /* of libuv that still are to close */
    uint64_t closing_since;
    unsigned drained;
    void (*done)(void *user);
    void *done_user;
};

/* ms of the contract, on the server's own clock. */
uint64_t server_ms(const struct server *server, unsigned ms);
/* A peer came: the watch runs while there are any. */
void server_peer_opened(struct server *server);
void server_peer_closed(struct server *server);
/* Lets the watch look soon. */
void server_watch(struct server *server);
/* One of `handles` has closed. */
void server_handle_gone(struct server *server);

/* listener.c */
bool listener_open(struct server *server, const char *address, struct failure *failure);
bool listener_take(struct server *server, int fd, struct failure *failure);
void listener_close_all(struct server *server, uv_close_cb closed);
/* Whether nobody but programs of this machine can connect, by what the kernel says. */
bool listener_is_loopback_only(const struct server *server);
void listener_resume(struct server *server);

/* connection.c: takes the accepted socket over. */
void connection_open(struct server *server, int fd);
/* Where all are taken a handshake that is not done in SERVER_PRESSED_HANDSHAKE_MS ends: true. */
bool connection_make_room(struct server *server);
void connection_watch_all(struct server *server, uint64_t now);
void connection_close_all(struct server *server);

/* client.c */
/* Hands the socket to lws, with the bytes of a handshake that was already read and judged. */
void client_open(struct server *server, int fd, enum client_kind kind, const char *key,
                 const char *rest, size_t rest_len);
int client_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len);
void client_push(struct client *client, struct frame *frame);
/* There was no memory for a frame: data is told as dropped, another message's loss by the end. */
void client_miss(struct client *client, enum frame_kind kind, enum sensor sensor);
/* Counts work that it made; nothing of it is read while that is more than it may, or while it waits
 * for a place: what it sent stays in its socket. */
void client_charge(struct client *client, double work);
void client_leave(struct client *client, int code, const char *reason);
/* At shutdown: what is queued still goes out, then the close. */
void client_dismiss(struct client *client);
/* At once, whatever lws is waiting for; `code` 0: without a close frame. */
void client_cut(struct client *client, int code, const char *reason);
void client_cut_all(struct server *server);
/* Once lws is gone: those it forgot to tell of. */
void client_free_all(struct server *server);

/* hub.c */
void hub_place(struct client *client);
/* Whether one more of that kind may take a place, or wait for one. */
bool hub_has_room(const struct server *server, enum client_kind kind);
void hub_give_up_place(struct client *client);

/* heartbeat.c: true where nobody sends, waits, is held or leaves. */
bool heartbeat_watch_all(struct server *server, uint64_t now);

#endif
