/*
 * The listening sockets and accept(2).
 *
 * They are the server's own, not lws's, so that those of --listen and those a supervisor hands down
 * take one path: options, limits and the handshake's time are the same for both.
 */
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
#include "room.h"
#include "server/address.h"

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
    const uint64_t now = uv_now(listening->server->loop);
    if (!listening->told_at || now - listening->told_at > 10000) {
        listening->told_at = now;
        log_warning("can't accept a connection: %s; trying again", strerror(errno));
    }
    /* Still readable, it would wake the loop for ever: the watch resumes it. */
    uv_poll_stop(&listening->poll);
    listening->paused = true;
    server_watch(listening->server);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listening *listening = poll->data;
    struct server *server = listening->server;

    (void)events;
    /* A few a turn, so that a storm of connects leaves time for the band. */
    for (int n = 0; status == 0 && n < 16; n++) {
        int fd = accept4(listening->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(listening);
            return;
        }
        server->stats.accepted++;
        if (server->peer_count >= SERVER_CONNECTIONS_MAX && !connection_make_room(server)) {
            server->stats.refused[REFUSED_FULL]++;
            close(fd);
            continue;
        }
        set_options(fd);
        connection_open(server, fd);
    }
}

static void note_address(struct server *server, int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);
    char host[64], port[8];
    size_t used = strlen(server->addresses);

    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
        getnameinfo((struct sockaddr *)&name, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(server->addresses + used, sizeof(server->addresses) - used,
             name.ss_family == AF_INET6 ? "%s[%s]:%s" : "%s%s:%s", used ? ", " : "", host, port);
}

static bool watch_socket(struct server *server, int fd)
{
    struct listening *listening = &server->listening[server->listening_count];

    if (server->listening_count == LISTENING_MAX)
        return false;
    *listening = (struct listening){.server = server, .fd = fd};
    if (uv_poll_init(server->loop, &listening->poll, fd) != 0)
        return false;
    listening->poll.data = listening;
    uv_poll_start(&listening->poll, UV_READABLE, on_readable);
    server->listening_count++;
    note_address(server, fd);
    return true;
}

bool listener_open(struct server *server, const char *address, struct failure *failure)
{
    struct addrinfo *where = address_resolve(address);

    if (!where) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--listen %s %s", address, ADDRESS_ADVICE);
        return false;
    }
    const bool own = address_is_loopback(where->ai_addr);
    int family = where->ai_family, fd = address_bind(where, true), error = errno;
    freeaddrinfo(where);
    if (fd >= 0 && watch_socket(server, fd))
        return true;
    if (fd >= 0) {
        close(fd);
        failure_set(failure, ERROR_INTERNAL, "can't listen on %s: too many addresses", address);
        return false;
    }
    if (family == AF_INET6 && own && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)) {
        log_warning("no IPv6 on this machine: not listening on %s", address);
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

bool listener_take(struct server *server, int fd, struct failure *failure)
{
    int listens = 0, domain = 0;
    socklen_t len = sizeof(listens);

    /* A blocking one would stop the daemon when a peer goes between poll and accept. */
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens ||
        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
        (domain != AF_INET && domain != AF_INET6) ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 || !watch_socket(server, fd)) {
        failure_set(failure, ERROR_INTERNAL, "descriptor %d is not a listening TCP socket", fd);
        return false;
    }
    return true;
}

bool listener_is_loopback_only(const struct server *server)
{
    struct sockaddr_storage name = {0};

    for (size_t i = 0; i < server->listening_count; i++) {
        socklen_t len = sizeof(name);
        if (getsockname(server->listening[i].fd, (struct sockaddr *)&name, &len) != 0 ||
            !address_is_loopback((const struct sockaddr *)&name))
            return false;
    }
    return true;
}

void listener_resume(struct server *server)
{
    for (size_t i = 0; i < server->listening_count; i++) {
        struct listening *listening = &server->listening[i];
        if (!listening->paused || server->closing)
            continue;
        listening->paused = false;
        uv_poll_start(&listening->poll, UV_READABLE, on_readable);
    }
}

void listener_close_all(struct server *server, uv_close_cb closed)
{
    for (size_t i = 0; i < server->listening_count; i++) {
        uv_poll_stop(&server->listening[i].poll);
        uv_close((uv_handle_t *)&server->listening[i].poll, closed);
        close(server->listening[i].fd);
        server->handles++;
    }
}
