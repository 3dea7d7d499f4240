#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "page.h"
#include "token.h"

void http_response_init(struct http_response *response)
{
    memset(response, 0, sizeof(*response));
    response->fd = -1;
    response->extra = "";
}

void http_response_finish(struct http_response *response)
{
    free(response->owned);
    if (response->fd >= 0)
        close(response->fd);
    http_response_init(response);
}

void http_say(struct http_response *response, int status, const char *sentence)
{
    http_response_finish(response);
    response->status = status;
    response->content_type = "text/plain; charset=utf-8";
    response->body = sentence;
    response->len = strlen(sentence);
}

void http_reply_text(struct http_response *response, int status, const char *content_type,
                     const char *text, size_t len)
{
    http_response_finish(response);
    response->owned = malloc(len + 1);
    if (!response->owned) {
        http_say(response, 500, "out of memory\n");
        return;
    }
    memcpy(response->owned, text, len);
    response->status = status;
    response->content_type = content_type;
    response->body = response->owned;
    response->len = len;
}

void http_reply_later(struct http_response *response)
{
    http_response_finish(response);
    response->later = true;
}

bool http_query(const struct http_request *request, const char *name, char *value, size_t size)
{
    return request_query(&(struct request){.query = request->query}, name, value, size);
}

/* Nothing that could end a quoted string, or the header, of Content-Disposition. */
static void copy_name(char *to, size_t size, const char *name)
{
    snprintf(to, size, "%s", name);
    for (; *to; to++) {
        unsigned char c = (unsigned char)*to;
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '/')
            *to = '_';
    }
}

void http_reply_file(struct http_response *response, int fd, const char *content_type,
                     const char *name)
{
    struct stat info;

    http_response_finish(response);
    response->fd = fd;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        http_say(response, 404, "not a file\n");
        return;
    }
    response->status = 200;
    response->content_type = content_type;
    /* A file that still grows is sent as long as it is now. */
    response->len = (size_t)info.st_size;
    copy_name(response->name, sizeof(response->name), name);
}

/* A browser sends the token with the page's address only: its links pass it on. */
static void pass_token_on(const char *token, struct http_response *response)
{
    response->owned = token_into_page(token, (const unsigned char *)response->body, response->len,
                                      &response->len);
    response->body = response->owned;
    if (!response->owned)
        http_say(response, 500, "out of memory\n");
}

static bool answer_page(const struct server *server, const struct request *request,
                        struct http_response *response)
{
    for (size_t i = 0; i < sizeof(page_files) / sizeof(page_files[0]); i++) {
        if (strcmp(request->path, page_files[i].path) != 0)
            continue;
        response->status = 200;
        response->content_type = page_files[i].content_type;
        response->body = (const char *)page_files[i].bytes;
        response->len = page_files[i].len;
        if (server->config->token && i == PAGE_INDEX)
            pass_token_on(server->config->token, response);
        return true;
    }
    return false;
}

static bool route_matches(const struct http_route *route, const char *path)
{
    size_t len = strlen(route->path);

    if (len && route->path[len - 1] == '/')
        return strncmp(route->path, path, len) == 0;
    return strcmp(route->path, path) == 0;
}

static void answer_route(const struct server *server, const struct request *request,
                         bool restricted, uint64_t number, struct http_response *response)
{
    struct http_request told = {request->path, request->query, restricted, number};

    for (size_t i = 0; i < server->config->route_count; i++) {
        const struct http_route *route = &server->config->routes[i];
        if (!route_matches(route, request->path))
            continue;
        route->handle(route->user, &told, response);
        return;
    }
}

void http_answer(const struct server *server, const struct request *request, bool restricted,
                 uint64_t number, struct http_response *response)
{
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        http_say(response, 405, "only GET and HEAD are known here\n");
        response->extra = "Allow: GET, HEAD\r\n";
        return;
    }
    if (!answer_page(server, request, response))
        answer_route(server, request, restricted, number, response);
    if (response->status || response->later)
        return;
    if (strcmp(request->path, "/ws") == 0) {
        http_say(response, 426, "this is the WebSocket; the page is at /\n");
        response->extra = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    } else {
        http_say(response, 404, "nothing is here: the page is at /, the WebSocket at / and /ws\n");
    }
}

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } known[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {426, "Upgrade Required"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status)
            return known[i].phrase;
    }
    return "Answer";
}

/* Everything the page needs comes from here; nothing of it runs in another site's frame. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

size_t http_head(const struct http_response *response, const char *origin, char head[HTTP_HEAD_MAX])
{
    char disposition[192] = "", echoed[600] = "";

    if (response->fd >= 0)
        snprintf(disposition, sizeof(disposition),
                 "Content-Disposition: attachment; filename=\"%s\"\r\n", response->name);
    if (origin && strlen(origin) < 512)
        snprintf(echoed, sizeof(echoed), "Access-Control-Allow-Origin: %s\r\n", origin);
    int len = snprintf(head, HTTP_HEAD_MAX,
                       "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                       "Connection: close\r\nX-Content-Type-Options: nosniff\r\n"
                       "Content-Security-Policy: " POLICY "\r\nReferrer-Policy: no-referrer\r\n"
                       "Cache-Control: no-store\r\nVary: Origin\r\n%s%s%s\r\n",
                       response->status, reason_phrase(response->status), response->content_type,
                       response->len, disposition, echoed, response->extra);
    return (size_t)len;
}
