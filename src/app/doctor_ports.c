#include "doctor_ports.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/now.h"
#include "doctor_report.h"
#include "doctor_service.h"
#include "server/address.h"

#define ANSWER_MS 3000

static const struct option_list defaults = {{"127.0.0.1:8121", "[::1]:8121"}, 2};

/* Until `deadline`, however slowly it drips; the bytes that came, 0 at the end or too late. */
static size_t receive(int fd, char *text, size_t size, int64_t deadline)
{
    const int64_t left_ms = (deadline - now_monotonic_us()) / 1000;
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) <= 0)
        return 0;
    const ssize_t n = recv(fd, text, size, MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

static bool begin_knock(int fd, const struct addrinfo *where, int64_t deadline)
{
    static const char question[] =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    const int left_ms = (int)((deadline - now_monotonic_us()) / 1000);

    if (connect(fd, where->ai_addr, where->ai_addrlen) != 0 && errno != EINPROGRESS)
        return false;
    return poll(&wait, 1, left_ms) > 0 &&
           send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

/* linkbandd answers /health with any status, but with its own kind of JSON. */
static bool is_linkbandd(const struct addrinfo *where)
{
    const int64_t deadline = now_monotonic_us() + ANSWER_MS * 1000;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char answer[2048];
    size_t len = 0, more = 0;

    if (fd < 0)
        return false;
    if (begin_knock(fd, where, deadline)) {
        while (len < sizeof(answer) - 1 &&
               (more = receive(fd, answer + len, sizeof(answer) - 1 - len, deadline)) > 0)
            len += more;
    }
    close(fd);
    answer[len] = '\0';
    return strstr(answer, "clients_connected") || strstr(answer, "token");
}

static void look_at_holder(const struct addrinfo *where, const char *address)
{
    char command[120];
    const char *port = strrchr(address, ':');

    if (is_linkbandd(where)) {
        report_ok("port", "linkbandd is at %s", address);
        return;
    }
    snprintf(command, sizeof(command),
             "sudo ss -ltnp 'sport = %s'    # who it is; end it, or move linkbandd", port);
    report_wrong("port", command, "%s is held by something that is not linkbandd", address);
}

static void look_at(const struct addrinfo *where, const char *address)
{
    const int fd = address_bind(where, false), error = errno;

    if (fd >= 0) {
        close(fd);
        report_ok("port", "%s is free", address);
    } else if (error == EADDRINUSE) {
        look_at_holder(where, address);
    } else if (error == EAFNOSUPPORT ||
               (error == EADDRNOTAVAIL && address_is_loopback(where->ai_addr))) {
        report_ok("port", "%s is not listened on: there is no IPv6 on this machine", address);
    } else {
        report_wrong("port", "ip address    # then name one of them with listen", "%s: %s", address,
                     strerror(error));
    }
}

static bool has(const char *addresses, const char *address)
{
    const size_t len = strlen(address);

    for (const char *at = strstr(addresses, address); at; at = strstr(at + 1, address)) {
        if ((at == addresses || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* systemd holds them, whether the daemon runs or not; a connection would start it. */
static void look_at_units(const struct options *options, const struct service *service)
{
    if (options->listen.count > 0)
        report_wrong("port", "sudo systemctl edit linkbandd.socket    # there, and not with listen",
                     "linkbandd.socket says where to listen, so `listen` may not");
    else if (strcmp(service->socket, "active") != 0)
        report_wrong("port",
                     "sudo systemctl restart linkbandd.socket; systemctl status "
                     "linkbandd.socket",
                     "linkbandd.socket is %s", service->socket);
    else if (strcmp(service->daemon, "failed") == 0)
        report_wrong("service",
                     "journalctl -u linkbandd -e    # mend it, then sudo systemctl "
                     "restart linkbandd",
                     "linkbandd.service has failed");
    else
        report_ok("port", "systemd listens on %s for linkbandd.service, which is %s",
                  service->listens, service->daemon);
}

void doctor_look_at_ports(const struct options *options)
{
    const struct option_list *list = options->listen.count > 0 ? &options->listen : &defaults;
    struct service service;

    service_ask(&service);
    if (service_is_meant(options) && service.known) {
        look_at_units(options, &service);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct addrinfo *where = address_resolve(list->items[i]);
        if (where && strcmp(service.socket, "active") == 0 && has(service.listens, list->items[i]))
            report_ok("port", "%s is the service's: systemd holds it for linkbandd.socket",
                      list->items[i]);
        else if (where)
            look_at(where, list->items[i]);
        if (where)
            freeaddrinfo(where);
    }
}
