/* One WebSocket peer: lws's callbacks, the message that comes in, the queue that goes out. */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/now.h"
#include "base/utf8.h"
#include "outgoing.h"
#include "request.h"

/* What clients are told at shutdown: not 1000 or 1001, after which many do not come back. */
#define SHUTDOWN_CODE   1012
#define SHUTDOWN_REASON "the daemon is restarting or stopping"

/* Counts work that it made; nothing of it is read while that is more than it may, or while it waits
 * for a place: what it sent stays in its socket. */
static void charge(struct client *client, double work)
{
    const bool affords = allowance_charge(&client->work, work, SERVER_WORK_A_SECOND,
                                          SERVER_WORK_AT_ONCE, ground_now(client->all->ground));
    const bool hold = client->seat.state == SEAT_WAITING || !affords;

    if (hold == client->held || !client->wsi)
        return;
    client->held = hold;
    ground_watch(client->all->ground);
    lws_rx_flow_control(client->wsi, !hold);
    /* Also wakes lws to what it has read already. */
    lws_callback_on_writable(client->wsi);
}

static void on_place_taken(struct seat *seat)
{
    struct client *client = client_of(seat);
    struct clients *all = client->all;

    client->taken_at = seat->since;
    log_info("client %llu: open, %zu of %d", (unsigned long long)client->id, all->places.placed,
             SERVER_CLIENTS_MAX);
    all->listener.opened(all->listener.user, client);
    /* It may have waited, unread. */
    charge(client, 0);
}

static void on_place_given_up(struct seat *seat)
{
    struct client *client = client_of(seat);
    const struct server_listener *listener = &client->all->listener;

    log_info("client %llu: gone", (unsigned long long)client->id);
    listener->closed(listener->user, client);
}

void clients_init(struct clients *clients, struct server_ground *ground, unsigned bands,
                  const struct server_listener *listener)
{
    *clients = (struct clients){.ground = ground, .bands = bands, .listener = *listener};
    clients->places =
        (struct places){.ground = ground, .opened = on_place_taken, .closed = on_place_given_up};
}

static void client_destroy(struct client *client)
{
    struct clients *all = client->all;

    places_remove(&all->places, &client->seat);
    queue_finish(&client->queue);
    incoming_finish(&client->incoming);
    free(client);
    ground_peer_closed(all->ground);
}

static struct client *client_create(struct clients *all, int fd, enum client_kind kind)
{
    struct client *client = calloc(1, sizeof(*client));
    const uint64_t now = ground_now(all->ground);

    if (!client)
        return NULL;
    client->all = all;
    client->fd = fd;
    client->id = ++all->next_id;
    client->subscription = SUBSCRIPTION_DEFAULT;
    client->taken_at = now;
    client->ping_at = now + ground_ms(all->ground, SERVER_PING_MS);
    allowance_init(&client->messages, SERVER_MESSAGES_AT_ONCE, now);
    allowance_init(&client->work, SERVER_WORK_AT_ONCE, now);
    queue_init(&client->queue, all->bands);
    places_enter(&all->places, &client->seat, kind);
    ground_peer_opened(all->ground);
    return client;
}

/*
 * lws is shown a handshake of our own making: every header that it might act on in ways we don't
 * want (h2c, subprotocols, extensions, versions) stayed with the reader of the real one.
 */
void client_open(struct clients *clients, int fd, enum client_kind kind, const char *key,
                 const char *rest, size_t rest_len)
{
    char bytes[512 + REQUEST_HEAD_MAX];
    struct client *client = client_create(clients, fd, kind);
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
    clients->arriving = client;
    lws_adopt_socket_vhost_readbuf(clients->vhost, fd, bytes, head + rest_len);
    if (clients->arriving) {
        clients->arriving = NULL;
        client_destroy(client);
    }
}

static int established(struct lws *wsi, struct clients *clients)
{
    struct client *client = clients->arriving;

    if (!client)
        return -1;
    clients->arriving = NULL;
    client->wsi = wsi;
    lws_set_opaque_user_data(wsi, client);
    places_take(&clients->places, &client->seat);
    charge(client, 0);
    /* Also wakes lws to what came together with the handshake. */
    lws_callback_on_writable(wsi);
    return 0;
}

/* What waits for it is let go: it leaves. */
static void give_up(struct client *client)
{
    uint64_t untold[SENSOR_COUNT];

    ground_watch(client->all->ground);
    client_take_dropped(client, untold);
    queue_clear(&client->queue);
    places_give_up(&client->all->places, &client->seat);
}

static int close_with(struct client *client, int code, const char *reason)
{
    give_up(client);
    lws_close_reason(client->wsi, (enum lws_close_status)code, (unsigned char *)reason,
                     strlen(reason));
    return -1;
}

static int deliver(struct client *client)
{
    const struct server_listener *listener = &client->all->listener;

    if (lws_frame_is_binary(client->wsi)) {
        listener->binary(listener->user, client);
    } else if (!utf8_is_valid(client->incoming.text, client->incoming.len)) {
        /* lws's own check misses a character cut off by an empty last fragment. */
        return close_with(client, 1007, "text must be UTF-8");
    } else {
        listener->text(listener->user, client, client->incoming.text, client->incoming.len);
    }
    incoming_clear(&client->incoming);
    charge(client, SERVER_WORK_MESSAGE);
    return 0;
}

/* Over 4096 bytes a message comes in pieces, whatever its fragments are. */
static int received(struct client *client, const void *bytes, size_t len)
{
    struct incoming *incoming = &client->incoming;
    const bool final = lws_is_final_fragment(client->wsi);

    if (incoming_begins(incoming, !client_is_placed(client)) || !client_is_placed(client)) {
        if (final)
            incoming_clear(incoming);
        return 0;
    }
    if (incoming->len + len > SERVER_MESSAGE_MAX)
        return close_with(client, 1009, "a message may have 64 KiB");
    if (!incoming_append(incoming, bytes ? bytes : "", len))
        return close_with(client, 1013, "out of memory");
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
    outgoing_count(&client->all->ground->stats, frame);
    client->room = 0;
    return lws_write(client->wsi, frame->text, frame->len, LWS_WRITE_TEXT) >= 0;
}

static void when_all_went(struct client *client)
{
    if (!queue_is_empty(&client->queue))
        lws_callback_on_writable(client->wsi);
    else if (client->dismissed)
        client_leave(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
}

/* One lws_write a turn: two could leave lws with a part of a frame to hold. */
static int writeable(struct client *client)
{
    unsigned char ping[LWS_PRE + 4] = {0};

    client->taken_at = ground_now(client->all->ground);
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
    when_all_went(client);
    return 0;
}

static void closed(struct client *client)
{
    client->wsi = NULL;
    give_up(client);
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
        give_up(client);
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

/* A socket with room has some for the longest frame; it is not asked again before as much went. */
static bool has_room(struct client *client)
{
    if (lws_partial_buffered(client->wsi))
        return false;
    if (queue_bytes(&client->queue) <= client->room)
        return true;
    client->room = lws_send_pipe_choked(client->wsi) ? 0 : SERVER_FRAME_MAX;
    return client->room > 0;
}

/* Data by itself saves the way through the loop, four calls for each client. Not behind a reply,
 * nor where the socket has no room for a whole frame: lws would hold a part. A failure means that
 * the socket is dead: the loop tells lws so, or the heartbeat ends it. */
static void send_data(struct client *client)
{
    client->data_due = false;
    if (queue_is_of_data(&client->queue) && has_room(client)) {
        const size_t waited = queue_bytes(&client->queue);
        client->taken_at = ground_now(client->all->ground);
        if (!outgoing_data(client->wsi, &client->queue, &client->all->ground->stats)) {
            give_up(client);
            return;
        }
        const size_t went = waited - queue_bytes(&client->queue);
        client->room = went < client->room ? client->room - went : 0;
    }
    when_all_went(client);
}

void client_push(struct client *client, struct frame *frame)
{
    if (!client_is_placed(client))
        return;
    if (queue_is_empty(&client->queue))
        client->taken_at = ground_now(client->all->ground);
    if (!queue_push(&client->queue, frame)) {
        client->all->ground->stats.clients_dropped[DROPPED_BEHIND]++;
        client_leave(client, 1013, "too far behind: replies and events pile up");
    } else if (!frame_kind_is_data(frame->kind)) {
        lws_callback_on_writable(client->wsi);
    } else if (frame->more) {
        client->data_due = true;
        ground_await_turn(client->all->ground);
    } else {
        send_data(client);
    }
}

void clients_send_due(struct clients *clients)
{
    for (struct client *client = clients_first(clients); client; client = client_next(client)) {
        if (client->data_due && client_is_placed(client))
            send_data(client);
    }
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
    if (client->seat.state == SEAT_LEAVING)
        return;
    log_info("client %llu: closing, %d %s", (unsigned long long)client->id, code, reason);
    client->close_code = code;
    client->close_reason = reason;
    lws_callback_on_writable(client->wsi);
    give_up(client);
}

void client_dismiss(struct client *client)
{
    client->dismissed = true;
    if (queue_is_empty(&client->queue))
        client_leave(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
}

void client_cut(struct client *client, int code, const char *reason)
{
    give_up(client);
    /* A stuck peer's socket is never writable again, but has room for this: it may yet read it. */
    if (code)
        send_close_frame(client, code, reason);
    /* What lws still might want to flush fails from here on, so that nothing holds the close up. */
    shutdown(client->fd, SHUT_RDWR);
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

void clients_cut_all(struct clients *clients)
{
    struct client *next;

    for (struct client *client = clients_first(clients); client; client = next) {
        next = client_next(client);
        client_cut(client, SHUTDOWN_CODE, SHUTDOWN_REASON);
    }
}

void clients_free_all(struct clients *clients)
{
    struct client *next;

    for (struct client *client = clients_first(clients); client; client = next) {
        next = client_next(client);
        client_destroy(client);
    }
}

bool client_look(struct client *client, const struct tcp_look *look, uint64_t now)
{
    const double came = (double)(look->received - client->received);

    if (look->taken > client->taken && !queue_is_empty(&client->queue))
        client->taken_at = client->read_at = now;
    client->taken = look->taken;
    client->received = look->received;
    charge(client, came);
    return came > 0;
}

void client_ping_when_due(struct client *client, uint64_t now)
{
    if (now < client->ping_at)
        return;
    client->ping_at = now + ground_ms(client->all->ground, SERVER_PING_MS);
    client->ping_due = true;
    lws_callback_on_writable(client->wsi);
}

bool client_spend_message(struct client *client)
{
    client->all->ground->stats.messages++;
    return allowance_spend(&client->messages, SERVER_MESSAGES_A_SECOND, SERVER_MESSAGES_AT_ONCE,
                           ground_now(client->all->ground));
}

bool client_take_dropped(struct client *client, uint64_t dropped[SENSOR_COUNT])
{
    struct server_stats *stats = &client->all->ground->stats;

    if (!queue_take_dropped(&client->queue, dropped))
        return false;
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        stats->frames_dropped[sensor] += dropped[sensor];
    return true;
}
