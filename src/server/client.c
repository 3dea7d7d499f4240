/* One WebSocket peer: lws's callbacks, the message that comes in, the queue that goes out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/now.h"
#include "base/utf8.h"
#include "room.h"

/* A buffer this small is kept between messages. */
#define TEXT_KEPT 4096

static void client_destroy(struct client *client)
{
    struct server *server = client->server;
    struct client **link = &server->clients;

    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    queue_finish(&client->queue);
    free(client->text);
    free(client);
    server_peer_closed(server);
}

static struct client *client_create(struct server *server, int fd, enum client_kind kind)
{
    struct client *client = calloc(1, sizeof(*client)), **link = &server->clients;

    if (!client)
        return NULL;
    client->server = server;
    client->fd = fd;
    client->kind = kind;
    client->id = ++server->next_client_id;
    client->subscription = SUBSCRIPTION_ALL;
    client->state_since = client->taken_at = uv_now(server->loop);
    client->ping_at = client->state_since + server_ms(server, SERVER_PING_MS);
    allowance_init(&client->messages, SERVER_MESSAGES_AT_ONCE, client->state_since);
    allowance_init(&client->work, SERVER_WORK_AT_ONCE, client->state_since);
    queue_init(&client->queue);
    while (*link)
        link = &(*link)->next;
    *link = client;
    server_peer_opened(server);
    return client;
}

/*
 * lws is shown a handshake of our own making: every header that it might act on in ways we don't
 * want (h2c, subprotocols, extensions, versions) stayed with the reader of the real one.
 */
void client_open(struct server *server, int fd, enum client_kind kind, const char *key,
                 const char *rest, size_t rest_len)
{
    char bytes[512 + REQUEST_HEAD_MAX];
    struct client *client = client_create(server, fd, kind);
    int head = snprintf(bytes, 512,
                        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n",
                        key);

    memcpy(bytes + head, rest, rest_len);
    if (!client) {
        close(fd);
        return;
    }
    server->arriving = client;
    lws_adopt_socket_vhost_readbuf(server->vhost, fd, bytes, head + rest_len);
    if (server->arriving) {
        server->arriving = NULL;
        client_destroy(client);
    }
}

void client_charge(struct client *client, double work)
{
    const bool affords = allowance_charge(&client->work, work, SERVER_WORK_A_SECOND,
                                          SERVER_WORK_AT_ONCE, uv_now(client->server->loop));
    const bool hold = client->state == CLIENT_WAITING || !affords;

    if (hold == client->held || !client->wsi)
        return;
    client->held = hold;
    server_watch(client->server);
    lws_rx_flow_control(client->wsi, !hold);
    /* Also wakes lws to what it has read already. */
    lws_callback_on_writable(client->wsi);
}

static int established(struct lws *wsi, struct server *server)
{
    struct client *client = server->arriving;

    if (!client)
        return -1;
    server->arriving = NULL;
    client->wsi = wsi;
    lws_set_opaque_user_data(wsi, client);
    hub_place(client);
    client_charge(client, 0);
    /* Also wakes lws to what came together with the handshake. */
    lws_callback_on_writable(wsi);
    return 0;
}

static int refuse(struct client *client, int code, const char *reason)
{
    hub_give_up_place(client);
    lws_close_reason(client->wsi, (enum lws_close_status)code, (unsigned char *)reason,
                     strlen(reason));
    return -1;
}

static bool append(struct client *client, const void *bytes, size_t len)
{
    size_t need = client->text_len + len + 1;

    if (need > client->text_capacity) {
        size_t capacity = need < TEXT_KEPT ? TEXT_KEPT : need;
        if (client->text_capacity && capacity < 2 * client->text_capacity)
            capacity = 2 * client->text_capacity;
        char *text = realloc(client->text, capacity);
        if (!text)
            return false;
        client->text = text;
        client->text_capacity = capacity;
    }
    memcpy(client->text + client->text_len, bytes, len);
    client->text_len += len;
    client->text[client->text_len] = '\0';
    return true;
}

static void release_text(struct client *client)
{
    client->text_len = 0;
    client->in_message = false;
    if (client->text_capacity <= TEXT_KEPT)
        return;
    free(client->text);
    client->text = NULL;
    client->text_capacity = 0;
}

static int deliver(struct client *client)
{
    struct server_listener *listener = &client->server->listener;

    if (lws_frame_is_binary(client->wsi)) {
        listener->binary(listener->user, client);
    } else if (!utf8_is_valid(client->text, client->text_len)) {
        /* lws's own check misses a character cut off by an empty last fragment. */
        return refuse(client, 1007, "text must be UTF-8");
    } else {
        listener->text(listener->user, client, client->text, client->text_len);
    }
    release_text(client);
    client_charge(client, SERVER_WORK_MESSAGE);
    return 0;
}

/* Over 4096 bytes a message comes in pieces, whatever its fragments are. */
static int received(struct client *client, const void *bytes, size_t len)
{
    bool final = lws_is_final_fragment(client->wsi);

    if (!client->in_message) {
        client->in_message = true;
        client->ignore_message = client->state != CLIENT_PLACED;
    }
    if (client->ignore_message || client->state != CLIENT_PLACED) {
        if (final)
            release_text(client);
        return 0;
    }
    if (client->text_len + len > SERVER_MESSAGE_MAX)
        return refuse(client, 1009, "a message may have 64 KiB");
    if (!append(client, bytes ? bytes : "", len))
        return refuse(client, 1013, "out of memory");
    return final ? deliver(client) : 0;
}

/*
 * A close frame straight to the socket. Between two writes the stream is at the border of a frame,
 * unless lws holds a part of one. Not by lws_close_reason() and -1 from WRITEABLE: Debian's lws is
 * built with _DEBUG, where on libuv it closes such a peer twice, the second time at once, and the
 * frame is lost.
 */
static void send_close_frame(struct client *client, int code, const char *reason)
{
    unsigned char frame[128] = {0x88, 0, (unsigned char)(code >> 8), (unsigned char)code};
    size_t len = strnlen(reason, 123); /* what a control frame has room for */

    if (client->close_sent || lws_partial_buffered(client->wsi))
        return;
    frame[1] = (unsigned char)(2 + len);
    memcpy(frame + 4, reason, len);
    client->close_sent =
        send(client->fd, frame, 4 + len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)(4 + len);
}

static bool write_frame(struct client *client, struct frame *frame)
{
    struct server_stats *stats = &client->server->stats;

    client->taken_at = uv_now(client->server->loop);
    if (frame->arrival_us)
        latency_observe(&stats->latency, (double)(now_boot_us() - frame->arrival_us) / 1e6);
    stats->frames++;
    stats->bytes += frame->len;
    return lws_write(client->wsi, frame->text, frame->len, LWS_WRITE_TEXT) >= 0;
}

/* Data that finds nothing before it saves the way through the loop, four calls for each client. Not
 * what was queued, nor where the socket has no room for a whole frame: lws would hold a part. */
static bool can_write_now(struct client *client, const struct frame *frame)
{
    return frame_kind_is_data(frame->kind) && queue_is_empty(&client->queue) &&
           !lws_send_pipe_choked(client->wsi);
}

/* A failure means that the socket is dead: the loop tells lws so, or the heartbeat ends it. */
static void write_now(struct client *client, struct frame *frame)
{
    if (!write_frame(client, frame))
        hub_give_up_place(client);
}

/* One lws_write a turn: two could leave lws with a part of a frame to hold. */
static int writeable(struct client *client)
{
    unsigned char ping[LWS_PRE + 4] = {0};

    client->taken_at = uv_now(client->server->loop);
    if (client->close_code) {
        /* From here on it has until FAREWELL_MS to answer. */
        send_close_frame(client, client->close_code, client->close_reason);
        return 0;
    }
    if (client->ping_due) {
        client->ping_due = false;
        if (lws_write(client->wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) < 0)
            return -1;
    } else {
        struct frame *frame = queue_pop(&client->queue);
        if (!frame)
            return 0;
        const bool written = write_frame(client, frame);
        frame_unref(frame);
        if (!written)
            return -1;
    }
    if (!queue_is_empty(&client->queue))
        lws_callback_on_writable(client->wsi);
    else if (client->dismissed)
        client_leave(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
    return 0;
}

static void closed(struct client *client)
{
    client->wsi = NULL;
    hub_give_up_place(client);
    client_destroy(client);
}

int client_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    /* Not `user`: at CLOSED lws may have none left. */
    struct client *client = lws_get_opaque_user_data(wsi);

    (void)user;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return established(wsi, lws_context_user(lws_get_context(wsi)));
    if (!client || !client->wsi)
        return 0;
    switch ((int)reason) { /* of lws's hundred */
    case LWS_CALLBACK_RECEIVE:
        return received(client, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writeable(client);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        /* It has no use for its place any more, even if it never ends the connection. */
        hub_give_up_place(client);
        /* Not to be echoed, where it is itself the echo of ours. */
        return client->close_sent ? -1 : 0;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY: /* alone, where lws skips the other */
        lws_set_opaque_user_data(wsi, NULL);
        closed(client);
        return 0;
    default:
        return 0;
    }
}

void client_push(struct client *client, struct frame *frame)
{
    if (client->state != CLIENT_PLACED)
        return;
    if (can_write_now(client, frame)) {
        write_now(client, frame);
        return;
    }
    if (queue_is_empty(&client->queue))
        client->taken_at = uv_now(client->server->loop);
    if (!queue_push(&client->queue, frame)) {
        client->server->stats.clients_dropped[DROPPED_BEHIND]++;
        client_leave(client, 1013, "too far behind: replies and events pile up");
        return;
    }
    lws_callback_on_writable(client->wsi);
}

void client_miss(struct client *client, enum frame_kind kind, enum sensor sensor)
{
    if (frame_kind_is_data(kind))
        client->queue.dropped[sensor]++;
    else
        client_leave(client, 1013, "out of memory: a message is missing");
}

void client_leave(struct client *client, int code, const char *reason)
{
    if (client->state == CLIENT_LEAVING)
        return;
    log_info("client %llu: closing, %d %s", (unsigned long long)client->id, code, reason);
    client->close_code = code;
    client->close_reason = reason;
    lws_callback_on_writable(client->wsi);
    hub_give_up_place(client);
}

void client_dismiss(struct client *client)
{
    client->dismissed = true;
    if (queue_is_empty(&client->queue))
        client_leave(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
}

void client_cut(struct client *client, int code, const char *reason)
{
    hub_give_up_place(client);
    /* A stuck peer's socket is never writable again, but has room for this: it may yet read it. */
    if (code)
        send_close_frame(client, code, reason);
    /* What lws still might want to flush fails from here on, so that nothing holds the close up. */
    shutdown(client->fd, SHUT_RDWR);
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

void client_cut_all(struct server *server)
{
    struct client *next;

    for (struct client *client = server->clients; client; client = next) {
        next = client->next;
        client_cut(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
    }
}

void client_free_all(struct server *server)
{
    struct client *next;

    for (struct client *client = server->clients; client; client = next) {
        next = client->next;
        client_destroy(client);
    }
}
