#include "server/rules.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authority.h"

static bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_foreign(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return true;
    }
    return false;
}

static bool has_possible_port(const struct authority *authority)
{
    return !authority->port[0] || (authority->port[0] != '0' && atoi(authority->port) <= 65535);
}

/* Names as browsers send them have no empty part. */
static bool is_possible(const char *text, struct authority *authority)
{
    return authority_parse(text, authority) && authority->name[0] != '.' &&
           !strstr(authority->name, "..") && has_possible_port(authority);
}

static const char *name_fault(const char *text)
{
    if (strchr(text, '*'))
        return "can't match: there are no wildcards; give each name by itself";
    if (is_foreign(text))
        return "can't match: browsers send such a name in its xn-- form; give that";
    if (is_address(text))
        return "can't match: an IPv6 address stands in brackets, [::1]";
    return NULL;
}

const char *rules_host_fault(const char *text)
{
    struct authority authority;
    const char *fault = name_fault(text);

    if (fault)
        return fault;
    if (strstr(text, "://"))
        return "can't match: give the name alone, without http://";
    if (!is_possible(text, &authority))
        return "can't match: it is a name or an address, and perhaps a port: lab.example.org, "
               "192.168.1.7:8121 or [fe80::1]";
    return NULL;
}

static bool is_scheme(const char *text, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return len > 0 && strchr(letters, text[0]) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") == len;
}

static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    }
    return true;
}

/* Of the web: the host is one, and the scheme's own port is left out. */
static const char *web_fault(const char *scheme, const char *own_port, const char *host,
                             char normal[RULES_ORIGIN_SIZE])
{
    struct authority authority;

    if (!is_possible(host, &authority))
        return "can't match: behind http:// or https:// stands a name and perhaps a port";
    const bool is_own = strcmp(authority.port, own_port) == 0;
    snprintf(normal, RULES_ORIGIN_SIZE, authority.bracketed ? "%s://[%s]%s%s" : "%s://%s%s%s",
             scheme, authority.name, authority.port[0] && !is_own ? ":" : "",
             is_own ? "" : authority.port);
    return NULL;
}

/* `file://` and the schemes of extensions and applications: as they are. */
static const char *split_fault(const char *text, const char *host, char normal[RULES_ORIGIN_SIZE])
{
    char rest[RULES_ORIGIN_SIZE];
    const size_t len = strlen(host);

    memcpy(rest, host, len + 1);
    if (len && rest[len - 1] == '/')
        rest[len - 1] = '\0';
    if (strpbrk(rest, "/?#"))
        return "can't match: an origin has no path, only a scheme, a name and perhaps a port";
    if (strpbrk(rest, "@,\"'`<>\\"))
        return "can't match: an origin is a scheme, a name and perhaps a port; one a value";
    if (strncasecmp(text, "http://", 7) == 0)
        return web_fault("http", "80", rest, normal);
    if (strncasecmp(text, "https://", 8) == 0)
        return web_fault("https", "443", rest, normal);
    if (rest[0] == '\0' && strncasecmp(text, "file://", 7) != 0)
        return "can't match: there is no name behind ://";
    memcpy(normal, text, (size_t)(host - text));
    memcpy(normal + (host - text), rest, strlen(rest) + 1);
    return NULL;
}

const char *rules_origin_fault(const char *text, char normal[RULES_ORIGIN_SIZE])
{
    const char *mark = strstr(text, "://"), *fault = name_fault(text);

    if (fault)
        return fault;
    if (strcasecmp(text, "null") == 0) {
        snprintf(normal, RULES_ORIGIN_SIZE, "null");
        return NULL;
    }
    if (!mark || !is_scheme(text, (size_t)(mark - text)) || !is_visible(text) ||
        strlen(text) >= RULES_ORIGIN_SIZE)
        return "can't match: an origin is a scheme and a name, like https://lab.example.org, or "
               "null";
    return split_fault(text, mark + 3, normal);
}
