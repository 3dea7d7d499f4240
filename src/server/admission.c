/* Which requests are let in, and what the others hear: Host, Origin, site, token, the handshake. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "connection.h"
#include "token.h"

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
    connection_refuse(connection, 403, access_advice(verdict));
}

static void refuse_tokenless(struct connection *connection, const struct request *request)
{
    connection->server->stats.refused[REFUSED_TOKEN]++;
    log_refusal(connection->server, request, "no token, or not that of --token-file");
    http_say(&connection->response, 401,
             "the token is wanted, as ?token=… in the address or as Authorization: Bearer …\n");
    connection->response.extra = "WWW-Authenticate: Bearer realm=\"linkbandd\"\r\n";
    connection_answer(connection);
}

static enum access_verdict judge(const struct connection *connection, const struct request *request)
{
    struct sockaddr_storage name = {0};
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
    return access_judge(&connection->server->rules, &(struct access_request){
                                                        .host = request->host,
                                                        .origin = request->origin,
                                                        .fetch_site = request->fetch_site,
                                                        .fetch_mode = request->fetch_mode,
                                                        .fetch_dest = request->fetch_dest,
                                                        .purpose = request->purpose,
                                                        .local_address = local,
                                                        .websocket = request->to_websocket,
                                                        .page = strcmp(request->path, "/") == 0,
                                                    });
}

/* What keeps a request from being upgraded; NULL: nothing. */
static const char *upgrade_fault(const struct request *request, int *status)
{
    *status = 400;
    if (strcmp(request->method, "GET") != 0 || request->http_1_0)
        return "a WebSocket opens with GET and HTTP/1.1\n";
    if (!request->connection_upgrade)
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

static enum client_kind kind_of(const struct connection *connection, const struct request *request,
                                bool restricted)
{
    if (restricted)
        return CLIENT_RESTRICTED;
    /* With a token no other site can open the page. */
    if (!connection->server->config->token && access_is_own_page(request->origin, request->host))
        return CLIENT_OWN_PAGE;
    return CLIENT_OTHER;
}

static void upgrade(struct connection *connection, const struct request *request, bool restricted,
                    size_t head_len)
{
    int status, fd = connection->fd;
    const enum client_kind kind = kind_of(connection, request, restricted);
    const char *fault = upgrade_fault(request, &status);

    if (fault) {
        http_say(&connection->response, status, fault);
        if (status == 426)
            connection->response.extra =
                "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        connection_answer(connection);
        return;
    }
    if (!hub_has_room(connection->server, kind)) {
        connection->server->stats.refused[REFUSED_FULL]++;
        connection_refuse(connection, 503, "all places are taken: try again later\n");
        return;
    }
    /* Stopped, libuv forgets the descriptor at once: lws may have it watched anew. */
    connection->fd = -1;
    uv_poll_stop(&connection->poll);
    client_open(connection->server, fd, kind, request->key, connection->head + head_len,
                connection->head_len - head_len);
    connection_close(connection);
}

/* The browser asks whether its page may ask: without the page's token, which only the question
 * itself will show. */
static void answer_preflight(struct connection *connection, const struct request *request)
{
    if (!connection->origin) {
        connection_refuse(connection, 403,
                          "the origin null may not ask so; --allow-origin null lets it\n");
        return;
    }
    http_allow(&connection->response, request->private_network != NULL);
    connection_answer(connection);
}

static void answer_http(struct connection *connection, const struct request *request,
                        bool restricted)
{
    connection->range = request->range;
    connection->if_range = request->if_range;
    connection->number = ++connection->server->next_request;
    http_answer(connection->server, request, restricted, connection->number, &connection->response);
    if (connection->response.later)
        connection_put_off(connection);
    else
        connection_answer(connection);
}

/* Host and Origin are judged first: the token opens no door that they shut. */
static void take_request(struct connection *connection, const struct request *request,
                         size_t head_len)
{
    const char *token = connection->server->config->token;
    enum access_verdict verdict = judge(connection, request);
    bool restricted = verdict == ACCESS_RESTRICTED;

    if (verdict != ACCESS_OK && !restricted) {
        refuse_access(connection, request, verdict);
        return;
    }
    connection->origin = restricted ? NULL : request->origin;
    if (strcmp(request->method, "OPTIONS") == 0 && request->origin && request->preflight_method)
        answer_preflight(connection, request);
    else if (token && !token_is_shown(token, request))
        refuse_tokenless(connection, request);
    else if (request->to_websocket)
        upgrade(connection, request, restricted, head_len);
    else
        answer_http(connection, request, restricted);
}

void admission_take(struct connection *connection, size_t head_len)
{
    struct request request;

    if (!request_parse(connection->head, head_len, &request)) {
        connection_refuse(connection, 400, "this is no HTTP request\n");
        return;
    }
    connection->head_only = strcmp(request.method, "HEAD") == 0;
    if (strlen(request.path) + strlen(request.query) >= HTTP_VALUE_MAX)
        connection_refuse(connection, 414, "no address here is over 8 KiB\n");
    else
        take_request(connection, &request, head_len);
}
