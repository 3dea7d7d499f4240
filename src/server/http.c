#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/length.h"
#include "page.h"
#include "range.h"

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
    if (response->source.next)
        response->source.close(response->source.user);
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
    return request_query(&(struct request_head){.query = request->query}, name, value, size);
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
    snprintf(response->tag, sizeof(response->tag), "\"%llx-%llx-%llx%09lx\"",
             (unsigned long long)info.st_ino, (unsigned long long)info.st_size,
             (unsigned long long)info.st_mtim.tv_sec, (unsigned long)info.st_mtim.tv_nsec);
    copy_name(response->name, sizeof(response->name), name);
}

void http_reply_source(struct http_response *response, const struct http_source *source,
                       const char *content_type, const char *name)
{
    http_response_finish(response);
    response->source = *source;
    response->len = source->len;
    response->status = 200;
    response->content_type = content_type;
    copy_name(response->name, sizeof(response->name), name);
}

void http_cut(struct http_response *response, const char *range, const char *if_range)
{
    const size_t size = response->len;
    char line[80];

    if (response->fd < 0 || (if_range && strcmp(if_range, response->tag) != 0))
        return;
    switch (range_parse(range, size, &response->first, &response->len)) {
    case RANGE_NONE:
        return;
    case RANGE_PART:
        response->status = 206;
        snprintf(response->range, sizeof(response->range), "Content-Range: bytes %zu-%zu/%zu\r\n",
                 response->first, response->first + response->len - 1, size);
        return;
    case RANGE_BEYOND:
        snprintf(line, sizeof(line), "Content-Range: bytes */%zu\r\n", size);
        http_say(response, 416, "the file ends before that range\n");
        memcpy(response->range, line, sizeof(line));
        return;
    }
}

#define ALLOWED                                                                                    \
    "Access-Control-Allow-Methods: GET, HEAD\r\n"                                                  \
    "Access-Control-Allow-Headers: Authorization, If-Range, Range\r\n"                             \
    "Access-Control-Max-Age: 600\r\n"

void http_allow(struct http_response *response, bool private_network)
{
    http_say(response, 204, "");
    response->extra =
        private_network ? ALLOWED "Access-Control-Allow-Private-Network: true\r\n" : ALLOWED;
}

static bool route_matches(const struct http_route *route, const char *path)
{
    size_t len = strlen(route->path);

    if (len && route->path[len - 1] == '/')
        return strncmp(route->path, path, len) == 0;
    return strcmp(route->path, path) == 0;
}

static void answer_route(const struct server_config *config, const struct request_head *request,
                         bool restricted, uint64_t number, struct http_response *response)
{
    struct http_request told = {request->path, request->query, restricted, number};

    for (size_t i = 0; i < config->route_count; i++) {
        const struct http_route *route = &config->routes[i];
        if (!route_matches(route, request->path))
            continue;
        route->handle(config->route_user, &told, response);
        return;
    }
}

void http_answer(const struct server_config *config, const struct request_head *request,
                 bool restricted, uint64_t number, struct http_response *response)
{
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        http_say(response, 405, "only GET and HEAD are known here\n");
        response->extra = "Allow: GET, HEAD\r\n";
        return;
    }
    if (!page_answer(config->token, request, response))
        answer_route(config, request, restricted, number, response);
    if (response->status == 500 && !response->body)
        http_say(response, 500, "out of memory\n");
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
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {426, "Upgrade Required"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < LENGTH(known); i++) {
        if (known[i].status == status)
            return known[i].phrase;
    }
    return "Answer";
}

/* Everything the page needs comes from here; nothing of it runs in another site's frame. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* What the answer of a download, or of a file of the page, says beyond the others; "" for those. */
static void file_lines(const struct http_response *response, char *lines, size_t size)
{
    lines[0] = '\0';
    if (response->source.next)
        snprintf(lines, size, "Content-Disposition: attachment; filename=\"%s\"\r\n",
                 response->name);
    else if (response->fd >= 0)
        snprintf(lines, size,
                 "Accept-Ranges: bytes\r\nETag: %s\r\n"
                 "Content-Disposition: attachment; filename=\"%s\"\r\n",
                 response->tag, response->name);
    else if (response->tag[0])
        snprintf(lines, size, "ETag: %s\r\n%s%s%s", response->tag,
                 response->encoding ? "Content-Encoding: " : "",
                 response->encoding ? response->encoding : "", response->encoding ? "\r\n" : "");
}

static void length_lines(const struct http_response *response, char *lines, size_t size)
{
    lines[0] = '\0';
    if (response->source.next && !response->len)
        snprintf(lines, size, "Content-Type: %s\r\n%s", response->content_type,
                 response->in_chunks ? "Transfer-Encoding: chunked\r\n" : "");
    else if (response->status != 204 && response->status != 304)
        snprintf(lines, size, "Content-Type: %s\r\nContent-Length: %zu\r\n", response->content_type,
                 response->len);
}

static void origin_lines(const char *origin, char *lines, size_t size)
{
    lines[0] = '\0';
    if (origin && strlen(origin) < 512)
        snprintf(lines, size,
                 "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: Accept-Ranges, "
                 "Content-Disposition, Content-Range, ETag\r\n",
                 origin);
}

size_t http_head(const struct http_response *response, const char *origin, char head[HTTP_HEAD_MAX])
{
    char length[192], file[320], echoed[700];
    const char *kept = response->tag[0] && response->fd < 0 ? "no-cache" : "no-store";

    length_lines(response, length, sizeof(length));
    file_lines(response, file, sizeof(file));
    origin_lines(origin, echoed, sizeof(echoed));
    /* An opener or an embedder of another site learns the same of every answer: nothing. */
    int len = snprintf(head, HTTP_HEAD_MAX,
                       "HTTP/1.1 %d %s\r\n%sConnection: close\r\n"
                       "X-Content-Type-Options: nosniff\r\n"
                       "Content-Security-Policy: " POLICY "\r\n"
                       "Cross-Origin-Opener-Policy: same-origin\r\n"
                       "Cross-Origin-Resource-Policy: same-origin\r\n"
                       "Referrer-Policy: no-referrer\r\n"
                       "Cache-Control: %s\r\nVary: Origin, Accept-Encoding\r\n%s%s%s%s\r\n",
                       response->status, reason_phrase(response->status), length, kept, file,
                       response->range, echoed, response->extra);
    return (size_t)len;
}
