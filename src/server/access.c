#include "access.h"

#include "authority.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

/* `--allow-host NAME` allows any port, `--allow-host NAME:PORT` that one, which browsers leave out
 * where it is the scheme's own. */
static bool is_allowed_port(const char *allowed, const char *port)
{
    return !allowed[0] || strcmp(allowed, port) == 0 ||
           (!port[0] && (strcmp(allowed, "80") == 0 || strcmp(allowed, "443") == 0));
}

static bool is_allowed_host(const struct access_rules *rules, const struct authority *authority)
{
    struct authority allowed;

    for (size_t i = 0; i < rules->allow_host_count; i++) {
        if (!authority_parse(rules->allow_host[i], &allowed))
            continue;
        if (strcmp(allowed.name, authority->name) == 0 &&
            allowed.bracketed == authority->bracketed &&
            is_allowed_port(allowed.port, authority->port))
            return true;
    }
    return false;
}

static bool host_may(const struct access_rules *rules, const struct access_request *request,
                     struct authority *host)
{
    if (!request->host || !authority_parse(request->host, host))
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
        return authority_parse(origin + 7, authority);
    return strncasecmp(origin, "https://", 8) == 0 && authority_parse(origin + 8, authority);
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

    return origin && host && parse_origin(origin, &page) && authority_parse(host, &asked) &&
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
    case ACCESS_OK:
    case ACCESS_RESTRICTED:
        break;
    }
    return "";
}
