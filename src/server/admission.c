#include "admission.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "token.h"

void admission_set_rules(struct admission *admission, const struct server_config *config)
{
    admission->rules = (struct access_rules){config->allow_host,   config->allow_host_count,
                                             config->allow_origin, config->allow_origin_count,
                                             config->deny_origin,  config->deny_origin_count};
}

/* One a second: a storm of refusals is not a storm of log lines. */
static void log_refusal(struct admission *admission, const struct request_head *request,
                        const char *why)
{
    const uint64_t now = ground_now(admission->clients->ground);

    if (admission->refusal_at && now - admission->refusal_at < 1000)
        return;
    admission->refusal_at = now;
    log_warning("server: refused (Host %.80s, Origin %.80s): %s",
                request->host ? request->host : "-", request->origin ? request->origin : "-", why);
}

static enum refused counted_as(enum access_verdict verdict)
{
    if (verdict == ACCESS_BAD_HOST)
        return REFUSED_HOST;
    return verdict == ACCESS_BAD_ORIGIN ? REFUSED_ORIGIN : REFUSED_CROSS_SITE;
}

static void count_refusal(struct admission *admission, enum refused refused)
{
    admission->clients->ground->stats.refused[refused]++;
}

static void refuse_access(struct admission *admission, struct connection *connection,
                          const struct request_head *request, enum access_verdict verdict)
{
    count_refusal(admission, counted_as(verdict));
    log_refusal(admission, request, access_advice(verdict));
    connection_refuse(connection, 403, access_advice(verdict));
}

static void refuse_tokenless(struct admission *admission, struct connection *connection,
                             const struct request_head *request)
{
    count_refusal(admission, REFUSED_TOKEN);
    log_refusal(admission, request, "no token, or not that of --token-file");
    http_say(&connection->response, 401,
             "the token is wanted, as ?token=… in the address or as Authorization: Bearer …\n");
    connection->response.extra = "WWW-Authenticate: Bearer realm=\"linkbandd\"\r\n";
    connection_answer(connection);
}

static enum access_verdict judge(const struct access_rules *rules,
                                 const struct connection *connection,
                                 const struct request_head *request)
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
    return access_judge(rules, &(struct access_request){
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
static const char *upgrade_fault(const struct request_head *request, int *status)
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

static enum client_kind kind_of(const struct admission *admission,
                                const struct request_head *request, bool restricted)
{
    if (restricted)
        return CLIENT_RESTRICTED;
    /* With a token no other site can open the page. */
    if (!admission->config->token && access_is_own_page(request->origin, request->host))
        return CLIENT_OWN_PAGE;
    return CLIENT_OTHER;
}

static void upgrade(struct admission *admission, struct connection *connection,
                    const struct request_head *request, bool restricted, size_t head_len)
{
    int status;
    const enum client_kind kind = kind_of(admission, request, restricted);
    const char *fault = upgrade_fault(request, &status);

    if (fault) {
        http_say(&connection->response, status, fault);
        if (status == 426)
            connection->response.extra =
                "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        connection_answer(connection);
        return;
    }
    if (!places_have_room(&admission->clients->places, kind)) {
        count_refusal(admission, REFUSED_FULL);
        connection_refuse(connection, 503, "all places are taken: try again later\n");
        return;
    }
    client_open(admission->clients, connection_release(connection), kind, request->key,
                connection->head + head_len, connection->head_len - head_len);
    connection_close(connection);
}

/* The browser asks whether its page may ask: without the page's token, which only the question
 * itself will show. */
static void answer_preflight(struct connection *connection, const struct request_head *request)
{
    if (!connection->origin) {
        connection_refuse(connection, 403,
                          "the origin null may not ask so; --allow-origin null lets it\n");
        return;
    }
    http_allow(&connection->response, request->private_network != NULL);
    connection_answer(connection);
}

static void answer_http(struct admission *admission, struct connection *connection,
                        const struct request_head *request, bool restricted)
{
    http_answer(admission->config, request, restricted, connection->number, &connection->response);
    if (connection->response.later)
        connection_put_off(connection);
    else
        connection_answer(connection);
}

/* Host and Origin are judged first: the token opens no door that they shut. */
static void take_request(struct admission *admission, struct connection *connection,
                         const struct request_head *request, size_t head_len)
{
    const char *token = admission->config->token;
    enum access_verdict verdict = judge(&admission->rules, connection, request);
    bool restricted = verdict == ACCESS_RESTRICTED;

    if (verdict != ACCESS_OK && !restricted) {
        refuse_access(admission, connection, request, verdict);
        return;
    }
    connection_allow(connection, restricted ? NULL : request->origin);
    if (strcmp(request->method, "OPTIONS") == 0 && request->origin && request->preflight_method)
        answer_preflight(connection, request);
    else if (token && !token_is_shown(token, request))
        refuse_tokenless(admission, connection, request);
    else if (request->to_websocket)
        upgrade(admission, connection, request, restricted, head_len);
    else
        answer_http(admission, connection, request, restricted);
}

void admission_take(void *user, struct connection *connection, size_t head_len)
{
    struct request_head request;

    if (!request_parse(connection->head, head_len, &request)) {
        connection_refuse(connection, 400, "this is no HTTP request\n");
        return;
    }
    connection_asked(connection, &request);
    if (strlen(request.path) + strlen(request.query) >= HTTP_VALUE_MAX)
        connection_refuse(connection, 414, "no address here is over 8 KiB\n");
    else
        take_request(user, connection, &request, head_len);
}
