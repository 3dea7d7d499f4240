#include "server/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 64

/* "ADDR:PORT" or "[ADDR]:PORT" into host and port; false: neither. */
static bool split_address(const char *text, char host[64], char port[8])
{
    const char *colon = strrchr(text, ':');

    if (!colon || strlen(colon + 1) >= 8 || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    snprintf(port, 8, "%s", colon + 1);
    size_t len = colon - text;
    if (text[0] == '[') {
        if (len < 3 || text[len - 1] != ']')
            return false;
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return false;
    }
    if (len == 0 || len >= 64)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    return true;
}

struct addrinfo *address_resolve(const char *text)
{
    char host[64], port[8];
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM,
                                     .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};

    if (!split_address(text, host, port) || strtol(port, NULL, 10) > 65535)
        return NULL;
    return getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
}

int address_bind(const struct addrinfo *where, bool listening)
{
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (where->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 &&
        (!listening || listen(fd, BACKLOG) == 0))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool address_is_loopback(const struct sockaddr *name)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)name)->sin6_addr;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)name;

    if (name->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    if (name->sa_family != AF_INET6)
        return false;
    return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

static bool is_any(const struct sockaddr *name)
{
    static const struct in6_addr any6;

    if (name->sa_family == AF_INET)
        return ((const struct sockaddr_in *)name)->sin_addr.s_addr == 0;
    return memcmp(&((const struct sockaddr_in6 *)name)->sin6_addr, &any6, sizeof(any6)) == 0;
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
    const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;

    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    return memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 &&
           a6->sin6_scope_id == b6->sin6_scope_id;
}

/* The port stands at the same place in both families. */
bool address_excludes(const struct sockaddr *a, const struct sockaddr *b)
{
    const in_port_t port = ((const struct sockaddr_in *)a)->sin_port;

    return a->sa_family == b->sa_family && port != 0 &&
           port == ((const struct sockaddr_in *)b)->sin_port &&
           (is_any(a) || is_any(b) || is_same_host(a, b));
}
