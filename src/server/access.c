#include "access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* The longest DNS name. */
#define NAME_MAX_LENGTH 253

/* A Host header taken apart: `name` in lower case without brackets; port "" if there is none. */
struct authority {
    char name[NAME_MAX_LENGTH + 1];
    char port[6];
    bool bracketed;
};

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static bool parse_port(const char *text, struct authority *authority)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof(authority->port) || strspn(text, "0123456789") != len)
        return false;
    memcpy(authority->port, text, len + 1);
    return true;
}

static bool parse_rest(const char *rest, struct authority *authority)
{
    authority->port[0] = '\0';
    return *rest == '\0' || (*rest == ':' && parse_port(rest + 1, authority));
}

static bool parse_bracketed(const char *text, struct authority *authority)
{
    const char *end = strchr(text, ']');
    struct in6_addr address;

    if (!end || (size_t)(end - text - 1) >= INET6_ADDRSTRLEN)
        return false;
    char literal[INET6_ADDRSTRLEN] = "";
    memcpy(literal, text + 1, end - text - 1);
    if (inet_pton(AF_INET6, literal, &address) != 1)
        return false;
    /* One spelling an address: 0:0:0:0:0:0:0:1 is ::1. */
    inet_ntop(AF_INET6, &address, authority->name, sizeof(authority->name));
    authority->bracketed = true;
    return parse_rest(end + 1, authority);
}

static bool parse_authority(const char *text, struct authority *authority)
{
    size_t n = 0;

    memset(authority, 0, sizeof(*authority));
    if (text[0] == '[')
        return parse_bracketed(text, authority);
    for (; text[n] && text[n] != ':'; n++) {
        char c = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] + 'a' - 'A') : text[n];
        if (n == NAME_MAX_LENGTH || !is_name_character(c))
            return false;
        authority->name[n] = c;
    }
    return n > 0 && parse_rest(text + n, authority);
}

/* inet_pton takes only four decimal numbers: 127.1, 0x7f.1 and 2130706433 are no literals. */
static bool is_loopback(const struct authority *authority)
{
    struct in_addr v4;

    if (authority->bracketed)
        return strcmp(authority->name, "::1") == 0;
    if (strcmp(authority->name, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, authority->name, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

static bool is_local_literal(const struct authority *authority, const char *local)
{
    struct in6_addr a, b;

    if (!local)
        return false;
    if (!authority->bracketed)
        return strcmp(authority->name, local) == 0;
    return inet_pton(AF_INET6, authority->name, &a) == 1 && inet_pton(AF_INET6, local, &b) == 1 &&
           memcmp(&a, &b, sizeof(a)) == 0;
}

/* `--allow-host NAME` allows any port, `--allow-host NAME:PORT` that one. */
static bool is_allowed_host(const struct access_rules *rules, const struct authority *authority)
{
    struct authority allowed;

    for (size_t i = 0; i < rules->allow_host_count; i++) {
        if (!parse_authority(rules->allow_host[i], &allowed))
            continue;
        if (strcmp(allowed.name, authority->name) == 0 &&
            allowed.bracketed == authority->bracketed &&
            (!allowed.port[0] || strcmp(allowed.port, authority->port) == 0))
            return true;
    }
    return false;
}

static bool host_may(const struct access_rules *rules, const struct access_request *request,
                     struct authority *host)
{
    if (!request->host || !parse_authority(request->host, host))
        return false;
    return is_loopback(host) || is_local_literal(host, request->local_address) ||
           is_allowed_host(rules, host);
}

static bool is_listed(const char *const *list, size_t count, const char *origin)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(list[i], origin) == 0)
            return true;
    }
    return false;
}

/* The host and port of a web origin. */
static bool parse_origin(const char *origin, struct authority *authority)
{
    if (strncasecmp(origin, "http://", 7) == 0)
        return parse_authority(origin + 7, authority);
    return strncasecmp(origin, "https://", 8) == 0 && parse_authority(origin + 8, authority);
}

static bool is_same(const struct authority *a, const struct authority *b)
{
    return strcmp(a->name, b->name) == 0 && a->bracketed == b->bracketed &&
           strcmp(a->port, b->port) == 0;
}

static bool origin_is_near(const char *origin, const struct authority *host)
{
    struct authority authority;

    /* The page's own origin: the Host that was allowed, to the port. */
    return parse_origin(origin, &authority) &&
           (is_loopback(&authority) || is_same(&authority, host));
}

bool access_is_own_page(const char *origin, const char *host)
{
    struct authority page, asked;

    return origin && host && parse_origin(origin, &page) && parse_authority(host, &asked) &&
           is_same(&page, &asked);
}

bool access_is_remote_http(const char *origin)
{
    struct authority authority;

    return strncasecmp(origin, "http://", 7) == 0 && parse_origin(origin, &authority) &&
           !is_loopback(&authority);
}

static enum access_verdict judge_origin(const struct access_rules *rules, const char *origin,
                                        const struct authority *host)
{
    if (!origin)
        return ACCESS_OK;
    if (is_listed(rules->deny_origin, rules->deny_origin_count, origin))
        return ACCESS_BAD_ORIGIN;
    if (is_listed(rules->allow_origin, rules->allow_origin_count, origin))
        return ACCESS_OK;
    if (strcmp(origin, "null") == 0)
        return ACCESS_RESTRICTED;
    return origin_is_near(origin, host) ? ACCESS_OK : ACCESS_BAD_ORIGIN;
}

static bool says(const char *header, const char *value)
{
    return header && strcasecmp(header, value) == 0;
}

/* A window that shows the page. Whatever else asks for it, a prefetch, an image or a frame, could
 * tell its site whether a guessed token was right. */
static bool opens_page(const struct access_request *request)
{
    return request->page && says(request->fetch_mode, "navigate") &&
           says(request->fetch_dest, "document") && !request->purpose;
}

enum access_verdict access_judge(const struct access_rules *rules,
                                 const struct access_request *request)
{
    struct authority host;

    if (!host_may(rules, request, &host))
        return ACCESS_BAD_HOST;
    enum access_verdict verdict = judge_origin(rules, request->origin, &host);
    if (verdict == ACCESS_BAD_ORIGIN || request->websocket)
        return verdict;
    /* An allowed Origin is cross-site by what it is: it was let in by name just above. */
    bool named = request->origin && verdict == ACCESS_OK;
    if (named || !says(request->fetch_site, "cross-site") || opens_page(request))
        return verdict;
    return says(request->fetch_mode, "navigate") ? ACCESS_FOREIGN_LINK : ACCESS_CROSS_SITE;
}

const char *access_advice(enum access_verdict verdict)
{
    switch (verdict) {
    case ACCESS_BAD_HOST:
        return "this Host is not loopback; --allow-host lets it in";
    case ACCESS_BAD_ORIGIN:
        return "this Origin is not local (or denied by --deny-origin); --allow-origin lets it in";
    case ACCESS_FOREIGN_LINK:
        return "a link of another site leads here: type or paste the address into the browser's "
               "address bar, or start from the daemon's page at /";
    case ACCESS_CROSS_SITE:
        return "a page of another site asked; --allow-origin lets it in where it asks by fetch() "
               "with CORS";
    default:
        return "";
    }
}
