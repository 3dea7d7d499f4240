/* Addresses to listen on, as options have them: "127.0.0.1:8121" or "[::1]:8121". */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_ADVICE "is not an address and a port; use 127.0.0.1:8121 or [::1]:8121"

/* NULL: it is no numeric address with a port. For freeaddrinfo(). */
struct addrinfo *address_resolve(const char *text);

/* A non-blocking socket that is bound there, and listens if asked to; -1 and errno. */
int address_bind(const struct addrinfo *where, bool listening);

/* Whether only this machine's own programs can reach it. */
bool address_is_loopback(const struct sockaddr *name);

/* Whether only one of the two can be listened on: the same port, and one holds the other. */
bool address_excludes(const struct sockaddr *a, const struct sockaddr *b);

#endif
