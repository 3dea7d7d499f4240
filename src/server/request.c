#include "request.h"

#include <string.h>
#include <strings.h>

#include "base/length.h"

size_t request_head_length(const char *bytes, size_t len)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);

    return end ? (size_t)(end - bytes) + 4 : 0;
}

/* RFC 9110's token. */
static bool is_token(const char *text)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *text && strspn(text, allowed) == strlen(text);
}

static bool is_printable(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Of `http://host/path`, which proxies send, the host is cut out and what is behind it returned; of
 * others the target is. */
static char *cut_authority(char *target, struct request_head *request)
{
    static const char scheme[] = "http://";
    const size_t scheme_len = sizeof(scheme) - 1;

    if (strncasecmp(target, scheme, scheme_len) != 0)
        return target;
    const size_t len = strcspn(target + scheme_len, "/?");
    /* To the left, for what is behind it begins at once. */
    request->authority = memmove(target, target + scheme_len, len);
    target[len] = '\0';
    return target + scheme_len + len;
}

static bool parse_target(char *target, struct request_head *request)
{
    if (!is_printable(target))
        return false;
    target = cut_authority(target, request);
    if (target[0] != '/' && !request->authority)
        return false;
    char *mark = strchr(target, '?');
    request->query = "";
    if (mark) {
        *mark = '\0';
        request->query = mark + 1;
    }
    request->path = target[0] ? target : "/";
    return true;
}

static bool parse_request_line(char *line, struct request_head *request)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version)
        return false;
    *target++ = '\0';
    *version++ = '\0';
    request->method = line;
    request->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (!request->http_1_0 && strcmp(version, "HTTP/1.1") != 0)
        return false;
    return is_token(line) && parse_target(target, request);
}

/* Repeated, any of these would leave open which one counts. */
static bool keep(const char **field, const char *value)
{
    if (*field)
        return false;
    *field = value;
    return true;
}

/* Lists may come on several lines, which count as one. */
static void note_list(struct request_head *request, const char *name, const char *value)
{
    if (strcasecmp(name, "upgrade") == 0)
        request->to_websocket |= request_has_token(value, "websocket");
    else if (strcasecmp(name, "connection") == 0)
        request->connection_upgrade |= request_has_token(value, "upgrade");
}

static bool keep_header(struct request_head *request, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **field;
    } known[] = {
        {"host", &request->host},
        {"origin", &request->origin},
        {"authorization", &request->authorization},
        {"sec-fetch-site", &request->fetch_site},
        {"sec-fetch-mode", &request->fetch_mode},
        {"sec-fetch-dest", &request->fetch_dest},
        {"sec-purpose", &request->purpose},
        {"access-control-request-method", &request->preflight_method},
        {"access-control-request-private-network", &request->private_network},
        {"range", &request->range},
        {"if-range", &request->if_range},
        {"if-none-match", &request->if_none_match},
        {"accept-encoding", &request->accept_encoding},
        {"sec-websocket-key", &request->key},
        {"sec-websocket-version", &request->version},
    };

    for (size_t i = 0; i < LENGTH(known); i++) {
        if (strcasecmp(known[i].name, name) == 0)
            return keep(known[i].field, value);
    }
    note_list(request, name, value);
    return true;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
    return text;
}

static bool parse_header(char *line, struct request_head *request)
{
    char *colon = strchr(line, ':');

    if (!colon)
        return false;
    *colon = '\0';
    char *value = trim(colon + 1);
    return is_token(line) && is_printable(value) && keep_header(request, line, value);
}

bool request_parse(char *head, size_t len, struct request_head *request)
{
    char *line = head, *last = head + len - 2;

    memset(request, 0, sizeof(*request));
    if (len < 4 || memchr(head, '\0', len))
        return false;
    for (bool first = true; line < last; first = false) {
        char *end = memmem(line, head + len - line, "\r\n", 2);
        *end = '\0';
        if (first ? !parse_request_line(line, request) : !parse_header(line, request))
            return false;
        line = end + 2;
    }
    if (!request->host && !request->http_1_0)
        return false;
    /* RFC 9112, 3.2.2: then the Host header counts for nothing. */
    if (request->authority)
        request->host = request->authority;
    return true;
}

bool request_has_token(const char *header, const char *token)
{
    size_t len = strlen(token);

    if (!header)
        return false;
    while (*header) {
        header += strspn(header, " \t,");
        size_t n = strcspn(header, " \t,");
        if (n == len && strncasecmp(header, token, len) == 0)
            return true;
        header += n;
    }
    return false;
}

bool request_query(const struct request_head *request, const char *name, char *value, size_t size)
{
    size_t name_len = strlen(name);

    for (const char *at = request->query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, name_len) != 0 || at[name_len] != '=')
            continue;
        at += name_len + 1;
        size_t len = strcspn(at, "&");
        if (len >= size)
            return false;
        memcpy(value, at, len);
        value[len] = '\0';
        return true;
    }
    return false;
}
