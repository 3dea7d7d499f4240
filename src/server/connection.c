/*
 * One TCP connection before it is a WebSocket, or instead of one: reads the head of one request,
 * then either hands the socket to lws or answers and closes.
 */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/server.h"
#include "tcp.h"

#define CHUNK_SIZE (64 * 1024)
#define LINGER_MS  2000
/* Before a piece, for its length in hex and CR LF. */
#define FRAME_ROOM 16

static void on_event(uv_poll_t *poll, int status, int events);

static void wait_for(struct connection *connection, enum connection_state state, int events)
{
    connection->state = state;
    connection->since = ground_now(connection->all->ground);
    uv_poll_start(&connection->poll, events, on_event);
}

static bool comes_in_pieces(const struct connection *connection)
{
    return connection->response.fd >= 0 || connection->response.source.next;
}

/* How long it may be as it is, without progress. */
static unsigned limit_ms(const struct connection *connection)
{
    if (connection->state == CONNECTION_READS)
        return SERVER_HANDSHAKE_MS;
    if (connection->state == CONNECTION_LINGERS)
        return LINGER_MS;
    return comes_in_pieces(connection) ? SERVER_PAUSE_MS : SERVER_STUCK_MS;
}

void connection_open(struct connections *connections, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection || uv_poll_init(connections->ground->loop, &connection->poll, fd) != 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->all = connections;
    connection->fd = fd;
    connection->poll.data = connection;
    connection->next = connections->first;
    connections->first = connection;
    ground_handle_opened(connections->ground);
    http_response_init(&connection->response);
    ground_peer_opened(connections->ground);
    wait_for(connection, CONNECTION_READS, UV_READABLE);
}

void connection_asked(struct connection *connection, const struct request_head *request)
{
    connection->number = ++connection->all->asked;
    connection->head_only = strcmp(request->method, "HEAD") == 0;
    connection->takes_chunks = !request->http_1_0;
    connection->range = request->range;
    connection->if_range = request->if_range;
}

void connection_allow(struct connection *connection, const char *origin)
{
    connection->origin = origin;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct server_ground *ground = connection->all->ground;

    free(connection->chunk);
    free(connection);
    ground_handle_gone(ground);
}

void connection_close(struct connection *connection)
{
    struct connection **link = &connection->all->first;

    if (connection->state == CONNECTION_CLOSED)
        return;
    connection->state = CONNECTION_CLOSED;
    uv_poll_stop(&connection->poll);
    /* The thread pool still reads into it: on_piece() comes back here. */
    if (connection->reading) {
        connection->state = CONNECTION_CLOSES_LATER;
        return;
    }
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    http_response_finish(&connection->response);
    uv_close((uv_handle_t *)&connection->poll, on_poll_closed);
    if (connection->fd >= 0)
        close(connection->fd);
    ground_peer_closed(connection->all->ground);
}

/* Stopped, libuv forgets the descriptor at once: who has it now may have it watched anew. */
int connection_release(struct connection *connection)
{
    const int fd = connection->fd;

    connection->fd = -1;
    uv_poll_stop(&connection->poll);
    return fd;
}

/* Closing at once with unread bytes would reset the peer before it has read the answer. */
static void linger(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    wait_for(connection, CONNECTION_LINGERS, UV_READABLE);
}

/* 1: all went, 0: the socket is full, -1: the peer is gone. */
static int send_some(struct connection *connection, const char *bytes, size_t len, size_t *sent)
{
    while (*sent < len) {
        ssize_t n = send(connection->fd, bytes + *sent, len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        *sent += (size_t)n;
        connection->since = ground_now(connection->all->ground);
    }
    return 1;
}

/* What is made as it is sent tells the length before each piece, and that it has ended by one of
 * none (RFC 9112, 7.1); to HTTP/1.0 the connection's end does. */
static void frame_piece(struct connection *connection)
{
    const size_t len = (size_t)connection->piece;
    char line[FRAME_ROOM + 1];

    connection->ended = len == 0;
    connection->chunk_len = FRAME_ROOM + len;
    connection->chunk_sent = FRAME_ROOM;
    if (!connection->response.in_chunks)
        return;
    const size_t line_len = (size_t)snprintf(line, sizeof(line), "%zx\r\n", len);
    connection->chunk_sent -= line_len;
    memcpy(connection->chunk + connection->chunk_sent, line, line_len);
    memcpy(connection->chunk + connection->chunk_len, "\r\n", 2);
    connection->chunk_len += 2;
}

static void read_piece(uv_work_t *work)
{
    struct connection *connection = work->data;
    struct http_response *response = &connection->response;
    const size_t left = response->first + response->len - connection->file_at;

    if (response->source.next)
        connection->piece = response->source.next(response->source.user,
                                                  connection->chunk + FRAME_ROOM, CHUNK_SIZE);
    else
        connection->piece =
            pread(response->fd, connection->chunk, left < CHUNK_SIZE ? left : CHUNK_SIZE,
                  (off_t)connection->file_at);
}

static void on_piece(uv_work_t *work, int status)
{
    struct connection *connection = work->data;
    const bool made = connection->response.source.next != NULL;

    (void)status;
    connection->reading = false;
    /* An end before the length that was promised: only a closed connection can tell that. */
    if (connection->state == CONNECTION_CLOSES_LATER || connection->piece < (made ? 0 : 1)) {
        connection->state = CONNECTION_LINGERS;
        connection_close(connection);
        return;
    }
    connection->chunk_len = (size_t)connection->piece;
    connection->chunk_sent = 0;
    connection->file_at += connection->chunk_len;
    if (made)
        frame_piece(connection);
    wait_for(connection, CONNECTION_WRITES, UV_WRITABLE);
}

static void ask_for_piece(struct connection *connection)
{
    uv_poll_stop(&connection->poll);
    connection->reading = true;
    connection->work.data = connection;
    uv_queue_work(connection->all->ground->loop, &connection->work, read_piece, on_piece);
}

static bool is_whole(const struct connection *connection)
{
    const struct http_response *response = &connection->response;

    if (response->source.next)
        return connection->ended;
    return connection->file_at == response->first + response->len;
}

static int send_body(struct connection *connection)
{
    struct http_response *response = &connection->response;

    if (connection->head_only)
        return 1;
    if (!comes_in_pieces(connection))
        return send_some(connection, response->body, response->len, &connection->body_sent);
    int done =
        send_some(connection, connection->chunk, connection->chunk_len, &connection->chunk_sent);
    if (done != 1 || is_whole(connection))
        return done;
    ask_for_piece(connection);
    return 0;
}

static void write_some(struct connection *connection)
{
    int done = send_some(connection, connection->out, connection->out_len, &connection->out_sent);

    if (done == 1)
        done = send_body(connection);
    if (done == 1)
        linger(connection);
    else if (done < 0)
        connection_close(connection);
}

void connection_answer(struct connection *connection)
{
    struct http_response *response = &connection->response;

    if (!connection->head_only)
        http_cut(response, connection->range, connection->if_range);
    response->in_chunks = connection->takes_chunks && !response->len;
    connection->file_at = response->first;
    connection->out_len = http_head(response, connection->origin, connection->out);
    if (comes_in_pieces(connection) && !connection->head_only) {
        connection->chunk = malloc(FRAME_ROOM + CHUNK_SIZE + 2);
        if (!connection->chunk) {
            connection_close(connection);
            return;
        }
    }
    wait_for(connection, CONNECTION_WRITES, UV_WRITABLE);
}

void connection_put_off(struct connection *connection)
{
    wait_for(connection, CONNECTION_WAITS, 0);
}

void connection_refuse(struct connection *connection, int status, const char *sentence)
{
    http_say(&connection->response, status, sentence);
    connection_answer(connection);
}

struct http_response *connections_response(struct connections *connections, uint64_t number)
{
    for (struct connection *one = connections->first; one; one = one->next) {
        if (one->state == CONNECTION_WAITS && one->number == number)
            return &one->response;
    }
    return NULL;
}

void http_send(struct http_response *response)
{
    connection_answer(
        (struct connection *)((char *)response - offsetof(struct connection, response)));
}

static void read_some(struct connection *connection)
{
    ssize_t n = recv(connection->fd, connection->head + connection->head_len,
                     REQUEST_HEAD_MAX - connection->head_len, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        connection_close(connection);
        return;
    }
    connection->head_len += (size_t)n;
    size_t head_len = request_head_length(connection->head, connection->head_len);
    if (head_len)
        connection->all->take(connection->all->user, connection, head_len);
    else if (connection->head_len == REQUEST_HEAD_MAX)
        connection_refuse(connection, 431, "the request's head is over 32 KiB\n");
}

static void discard_some(struct connection *connection)
{
    char nothing[4096];
    ssize_t n = recv(connection->fd, nothing, sizeof(nothing), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        connection_close(connection);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;

    (void)events;
    if (status < 0)
        connection_close(connection);
    else if (connection->state == CONNECTION_READS)
        read_some(connection);
    else if (connection->state == CONNECTION_WRITES)
        write_some(connection);
    else if (connection->state == CONNECTION_LINGERS)
        discard_some(connection);
}

/* The one that has been so for longest, `ms` at least; NULL: none. */
static struct connection *longest(struct connections *connections, enum connection_state state,
                                  unsigned ms)
{
    const struct server_ground *ground = connections->ground;
    struct connection *found = NULL;
    uint64_t latest = ground_now(ground) - (ms ? ground_ms(ground, ms) : 0);

    for (struct connection *one = connections->first; one; one = one->next) {
        if (one->state != state || one->reading || one->since > latest)
            continue;
        found = one;
        latest = one->since;
    }
    return found;
}

bool connections_make_room(struct connections *connections)
{
    /* Who has had an answer, who is slow to ask, who has paused its download. */
    struct connection *gone = longest(connections, CONNECTION_LINGERS, 0);

    if (!gone)
        gone = longest(connections, CONNECTION_READS, SERVER_PRESSED_HANDSHAKE_MS);
    if (!gone)
        gone = longest(connections, CONNECTION_WRITES, SERVER_STUCK_MS);
    if (!gone)
        return false;
    if (gone->state != CONNECTION_LINGERS)
        connections->ground->stats.refused[REFUSED_FULL]++;
    connection_close(gone);
    return true;
}

/* A peer that reads steadily but slowly makes room for the next piece only now and then. */
static void note_progress(struct connection *connection, uint64_t now)
{
    if (connection->state != CONNECTION_WRITES)
        return;
    const uint64_t taken = tcp_look(connection->fd).taken;
    if (taken > connection->taken)
        connection->since = now;
    connection->taken = taken;
}

void connections_watch(struct connections *connections, uint64_t now)
{
    struct connection *next;

    for (struct connection *connection = connections->first; connection; connection = next) {
        next = connection->next;
        note_progress(connection, now);
        if (!connection->reading &&
            now - connection->since >= ground_ms(connections->ground, limit_ms(connection)))
            connection_close(connection);
    }
}

void connections_close_all(struct connections *connections)
{
    struct connection *next;

    for (struct connection *connection = connections->first; connection; connection = next) {
        next = connection->next;
        connection_close(connection);
    }
}
