#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/address.h"
#include "server/server.h"

static void set_options(int fd)
{
    int one = 1, unsent = 64 * 1024, buffer = 256 * 1024, unread = 128 * 1024;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    /* Writable only while little is unsent: what is late waits in our queue, where it can go. */
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    /* When a socket of this size is writable a whole frame fits: lws never holds a partial one. */
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    /* Of what a peer sends too fast not more waits here. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unread, sizeof(unread));
}

static void accept_failed(struct listening *listening)
{
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return;
    /* Once a while: it is tried several times a second. */
    const uint64_t now = ground_now(listening->all->ground);
    if (!listening->told_at || now - listening->told_at > 10000) {
        listening->told_at = now;
        log_warning("server: can't accept a connection: %s; trying again", strerror(errno));
    }
    /* Still readable, it would wake the loop for ever: the watch resumes it. */
    uv_poll_stop(&listening->poll);
    listening->paused = true;
    ground_watch(listening->all->ground);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listening *listening = poll->data;
    struct connections *connections = listening->all->connections;
    struct server_ground *ground = listening->all->ground;

    (void)events;
    /* A few a turn, so that a storm of connects leaves time for the band. */
    for (int n = 0; status == 0 && n < 16; n++) {
        int fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(listening);
            return;
        }
        ground->stats.accepted++;
        if (ground->peers >= SERVER_CONNECTIONS_MAX && !connections_make_room(connections)) {
            ground->stats.refused[REFUSED_FULL]++;
            close(fd);
            continue;
        }
        set_options(fd);
        connection_open(connections, fd);
    }
}

static void note_address(struct listeners *listeners, int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);
    char host[64], port[8];
    size_t used = strlen(listeners->addresses);

    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
        getnameinfo((struct sockaddr *)&name, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(listeners->addresses + used, sizeof(listeners->addresses) - used,
             name.ss_family == AF_INET6 ? "%s[%s]:%s" : "%s%s:%s", used ? ", " : "", host, port);
}

static bool watch_socket(struct listeners *listeners, int fd)
{
    struct listening *listening = &listeners->items[listeners->count];

    if (listeners->count == LISTENING_MAX)
        return false;
    *listening = (struct listening){.all = listeners, .fd = fd};
    if (uv_poll_init(listeners->ground->loop, &listening->poll, fd) != 0)
        return false;
    listening->poll.data = listening;
    uv_poll_start(&listening->poll, UV_READABLE, on_readable);
    listeners->count++;
    note_address(listeners, fd);
    return true;
}

bool listener_open(struct listeners *listeners, const char *address, struct failure *failure)
{
    struct addrinfo *where = address_resolve(address);

    if (!where) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--listen %s %s", address, ADDRESS_ADVICE);
        return false;
    }
    const bool own = address_is_loopback(where->ai_addr);
    int family = where->ai_family, fd = address_bind(where, true), error = errno;
    freeaddrinfo(where);
    if (fd >= 0 && watch_socket(listeners, fd))
        return true;
    if (fd >= 0) {
        close(fd);
        failure_set(failure, ERROR_INTERNAL, "can't listen on %s: too many addresses", address);
        return false;
    }
    if (family == AF_INET6 && own && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)) {
        log_warning("server: no IPv6 on this machine: not listening on %s", address);
        return true;
    }
    if (error == EADDRINUSE)
        failure_set(failure, ERROR_INTERNAL,
                    "%s is in use by another program (is linkbandd running already?); stop it or "
                    "choose another port with --listen",
                    address);
    else
        failure_set(failure, ERROR_INTERNAL, "can't listen on %s: %s; choose another with --listen",
                    address, strerror(error));
    return false;
}

bool listener_take(struct listeners *listeners, int fd, struct failure *failure)
{
    int listens = 0, domain = 0;
    socklen_t len = sizeof(listens);

    /* A blocking one would stop the daemon when a peer goes between poll and accept. */
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens ||
        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
        (domain != AF_INET && domain != AF_INET6) ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 || !watch_socket(listeners, fd)) {
        failure_set(failure, ERROR_INTERNAL, "descriptor %d is not a listening TCP socket", fd);
        return false;
    }
    return true;
}

bool listeners_are_loopback_only(const struct listeners *listeners)
{
    struct sockaddr_storage name = {0};

    for (size_t i = 0; i < listeners->count; i++) {
        socklen_t len = sizeof(name);
        if (getsockname(listeners->items[i].fd, (struct sockaddr *)&name, &len) != 0 ||
            !address_is_loopback((const struct sockaddr *)&name))
            return false;
    }
    return true;
}

void listeners_resume(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        struct listening *listening = &listeners->items[i];
        if (!listening->paused || listeners->ground->closing)
            continue;
        listening->paused = false;
        uv_poll_start(&listening->poll, UV_READABLE, on_readable);
    }
}

static void on_listening_closed(uv_handle_t *handle)
{
    const struct listening *listening = handle->data;

    ground_handle_gone(listening->all->ground);
}

void listeners_close_all(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        uv_poll_stop(&listeners->items[i].poll);
        uv_close((uv_handle_t *)&listeners->items[i].poll, on_listening_closed);
        close(listeners->items[i].fd);
        ground_handle_opened(listeners->ground);
    }
}
