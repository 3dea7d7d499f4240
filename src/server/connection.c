/*
 * One TCP connection before it is a WebSocket, or instead of one: reads the head of one request,
 * then either hands the socket to lws or answers and closes.
 */
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "token.h"

static void on_event(uv_poll_t *poll, int status, int events);

static void wait_for(struct connection *connection, enum connection_state state, int events,
                     unsigned ms)
{
    struct server *server = connection->server;

    connection->state = state;
    connection->deadline = uv_now(server->loop) + server_ms(server, ms);
    uv_poll_start(&connection->poll, events, on_event);
}

void connection_open(struct server *server, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection || uv_poll_init(server->loop, &connection->poll, fd) != 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->server = server;
    connection->fd = fd;
    connection->poll.data = connection;
    connection->next = server->connections;
    server->connections = connection;
    server->handles++;
    http_response_init(&connection->response);
    server_peer_opened(server);
    wait_for(connection, CONNECTION_READS, UV_READABLE, SERVER_HANDSHAKE_MS);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct server *server = connection->server;

    free(connection->chunk);
    free(connection);
    server_handle_gone(server);
}

/* With the socket (fd -1: it has gone to lws). */
static void connection_close(struct connection *connection)
{
    struct connection **link = &connection->server->connections;

    if (connection->state == CONNECTION_CLOSED)
        return;
    connection->state = CONNECTION_CLOSED;
    uv_poll_stop(&connection->poll);
    /* The thread pool still reads into it: on_file_read() comes back here. */
    if (connection->reading) {
        connection->state = CONNECTION_CLOSES_LATER;
        return;
    }
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    http_response_finish(&connection->response);
    uv_close((uv_handle_t *)&connection->poll, on_closed);
    if (connection->fd >= 0)
        close(connection->fd);
    server_peer_closed(connection->server);
}

/* Closing at once with unread bytes would reset the peer before it has read the answer. */
static void linger(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    wait_for(connection, CONNECTION_LINGERS, UV_READABLE, LINGER_MS);
}

/* 1: all went, 0: the socket is full, -1: the peer is gone. */
static int send_some(struct connection *connection, const char *bytes, size_t len, size_t *sent)
{
    while (*sent < len) {
        ssize_t n = send(connection->fd, bytes + *sent, len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        *sent += (size_t)n;
        connection->deadline =
            uv_now(connection->server->loop) + server_ms(connection->server, SERVER_STUCK_MS);
    }
    return 1;
}

static void on_file_read(uv_fs_t *request)
{
    struct connection *connection = request->data;
    ssize_t n = request->result;

    uv_fs_req_cleanup(request);
    connection->reading = false;
    /* An end before the length that was promised: only a closed connection can tell that. */
    if (connection->state == CONNECTION_CLOSES_LATER || n <= 0) {
        connection->state = CONNECTION_LINGERS;
        connection_close(connection);
        return;
    }
    connection->chunk_len = (size_t)n;
    connection->chunk_sent = 0;
    connection->file_at += (size_t)n;
    wait_for(connection, CONNECTION_WRITES, UV_WRITABLE, SERVER_STUCK_MS);
}

static void read_file(struct connection *connection)
{
    size_t left = connection->response.len - connection->file_at;
    uv_buf_t buffer =
        uv_buf_init(connection->chunk, (unsigned)(left < CHUNK_SIZE ? left : CHUNK_SIZE));

    uv_poll_stop(&connection->poll);
    connection->reading = true;
    connection->file.data = connection;
    if (uv_fs_read(connection->server->loop, &connection->file, connection->response.fd, &buffer, 1,
                   (int64_t)connection->file_at, on_file_read) != 0) {
        connection->reading = false;
        connection_close(connection);
    }
}

static int send_body(struct connection *connection)
{
    struct http_response *response = &connection->response;

    if (connection->head_only)
        return 1;
    if (response->fd < 0)
        return send_some(connection, response->body, response->len, &connection->body_sent);
    int done =
        send_some(connection, connection->chunk, connection->chunk_len, &connection->chunk_sent);
    if (done != 1 || connection->file_at == response->len)
        return done;
    read_file(connection);
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

static void answer(struct connection *connection)
{
    struct http_response *response = &connection->response;

    connection->out_len = http_head(response, connection->origin, connection->out);
    if (response->fd >= 0 && !connection->head_only) {
        connection->chunk = malloc(CHUNK_SIZE);
        if (!connection->chunk) {
            connection_close(connection);
            return;
        }
    }
    wait_for(connection, CONNECTION_WRITES, UV_WRITABLE, SERVER_STUCK_MS);
}

static void put_off(struct connection *connection)
{
    wait_for(connection, CONNECTION_WAITS, 0, SERVER_STUCK_MS);
}

struct http_response *server_response(struct server *server, uint64_t number)
{
    for (struct connection *one = server->connections; one; one = one->next) {
        if (one->state == CONNECTION_WAITS && one->number == number)
            return &one->response;
    }
    return NULL;
}

void http_send(struct http_response *response)
{
    answer((struct connection *)((char *)response - offsetof(struct connection, response)));
}

static void refuse(struct connection *connection, int status, const char *sentence)
{
    http_say(&connection->response, status, sentence);
    answer(connection);
}

/* One a second: a storm of refusals is not a storm of log lines. */
static void log_refusal(struct server *server, const struct request *request, const char *why)
{
    uint64_t now = uv_now(server->loop);

    if (server->refusal_at && now - server->refusal_at < 1000)
        return;
    server->refusal_at = now;
    log_warning("refused (Host %.80s, Origin %.80s): %s", request->host ? request->host : "-",
                request->origin ? request->origin : "-", why);
}

static void refuse_access(struct connection *connection, const struct request *request,
                          enum access_verdict verdict)
{
    connection->server->stats.refused[verdict == ACCESS_BAD_HOST     ? REFUSED_HOST
                                      : verdict == ACCESS_BAD_ORIGIN ? REFUSED_ORIGIN
                                                                     : REFUSED_CROSS_SITE]++;
    log_refusal(connection->server, request, access_advice(verdict));
    refuse(connection, 403, access_advice(verdict));
}

static void refuse_tokenless(struct connection *connection, const struct request *request)
{
    connection->server->stats.refused[REFUSED_TOKEN]++;
    log_refusal(connection->server, request, "no token, or not that of --token-file");
    http_say(&connection->response, 401,
             "the token is wanted, as ?token=… in the address or as Authorization: Bearer …\n");
    connection->response.extra = "WWW-Authenticate: Bearer realm=\"linkbandd\"\r\n";
    answer(connection);
}

static enum access_verdict judge(const struct connection *connection, const struct request *request)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    char local[INET6_ADDRSTRLEN] = "";

    if (getsockname(connection->fd, (struct sockaddr *)&name, &len) != 0)
        return ACCESS_BAD_HOST;
    if (name.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)&name)->sin_addr, local, sizeof(local));
    if (name.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&name)->sin6_addr, local, sizeof(local));
    /* IPv4 on a socket of both: its peers write the address as IPv4. */
    if (strncmp(local, "::ffff:", 7) == 0)
        memmove(local, local + 7, strlen(local + 7) + 1);
    return access_judge(&connection->server->rules,
                        &(struct access_request){
                            .host = request->host,
                            .origin = request->origin,
                            .fetch_site = request->fetch_site,
                            .local_address = local,
                            .websocket = request_has_token(request->upgrade, "websocket"),
                            .page = strcmp(request->path, "/") == 0,
                        });
}

/* What keeps a request from being upgraded; NULL: nothing. */
static const char *upgrade_fault(const struct request *request, int *status)
{
    *status = 400;
    if (strcmp(request->method, "GET") != 0 || request->http_1_0)
        return "a WebSocket opens with GET and HTTP/1.1\n";
    if (!request_has_token(request->connection, "upgrade"))
        return "Connection: Upgrade is missing\n";
    /* 16 random bytes in base64. */
    if (!request->key || strlen(request->key) != 24 || strcmp(request->key + 22, "==") != 0)
        return "Sec-WebSocket-Key is missing or malformed\n";
    *status = 426;
    if (!request->version || strcmp(request->version, "13") != 0)
        return "only version 13 of the WebSocket protocol is spoken here\n";
    *status = 404;
    if (strcmp(request->path, "/") != 0 && strcmp(request->path, "/ws") != 0)
        return "the WebSocket is at / and /ws\n";
    return NULL;
}

static bool is_full(const struct server *server, bool restricted)
{
    return server->closing ||
           (restricted && hub_restricted_count(server) >= SERVER_RESTRICTED_MAX) ||
           (server->placed_count >= SERVER_CLIENTS_MAX &&
            server->waiting_count >= SERVER_WAITING_MAX);
}

static void upgrade(struct connection *connection, const struct request *request, bool restricted,
                    size_t head_len)
{
    int status, fd = connection->fd;
    const char *fault = upgrade_fault(request, &status);

    if (fault) {
        http_say(&connection->response, status, fault);
        if (status == 426)
            connection->response.extra =
                "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        answer(connection);
        return;
    }
    if (is_full(connection->server, restricted)) {
        connection->server->stats.refused[REFUSED_FULL]++;
        refuse(connection, 503, "all places are taken: try again later\n");
        return;
    }
    /* Stopped, libuv forgets the descriptor at once: lws may have it watched anew. */
    connection->fd = -1;
    uv_poll_stop(&connection->poll);
    client_open(connection->server, fd, restricted, request->key, connection->head + head_len,
                connection->head_len - head_len);
    connection_close(connection);
}

static void take_request(struct connection *connection, size_t head_len)
{
    struct request request;

    if (!request_parse(connection->head, head_len, &request)) {
        refuse(connection, 400, "this is no HTTP request\n");
        return;
    }
    connection->head_only = strcmp(request.method, "HEAD") == 0;
    enum access_verdict verdict = judge(connection, &request);
    bool restricted = verdict == ACCESS_RESTRICTED;
    if (verdict != ACCESS_OK && !restricted) {
        refuse_access(connection, &request, verdict);
        return;
    }
    const char *token = connection->server->config->token;
    if (token && !token_is_shown(token, &request)) {
        refuse_tokenless(connection, &request);
        return;
    }
    if (request_has_token(request.upgrade, "websocket")) {
        upgrade(connection, &request, restricted, head_len);
        return;
    }
    connection->origin = restricted ? NULL : request.origin;
    connection->number = ++connection->server->next_request;
    http_answer(connection->server, &request, restricted, connection->number,
                &connection->response);
    if (connection->response.later)
        put_off(connection);
    else
        answer(connection);
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
        take_request(connection, head_len);
    else if (connection->head_len == REQUEST_HEAD_MAX)
        refuse(connection, 431, "the request's head is over 8 KiB\n");
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

bool connection_make_room(struct server *server)
{
    struct connection *oldest = NULL;

    /* The newest are first in the list. */
    for (struct connection *one = server->connections; one; one = one->next) {
        if (one->state == CONNECTION_READS)
            oldest = one;
    }
    const uint64_t least_left =
        server_ms(server, SERVER_HANDSHAKE_MS - SERVER_PRESSED_HANDSHAKE_MS);
    if (!oldest || oldest->deadline > uv_now(server->loop) + least_left)
        return false;
    server->stats.refused[REFUSED_FULL]++;
    connection_close(oldest);
    return true;
}

void connection_watch_all(struct server *server, uint64_t now)
{
    struct connection *next;

    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        if (now >= connection->deadline && !connection->reading)
            connection_close(connection);
    }
}

void connection_close_all(struct server *server)
{
    struct connection *next;

    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_close(connection);
    }
}
