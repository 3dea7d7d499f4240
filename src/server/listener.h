/*
 * The listening sockets and accept(2).
 *
 * They are the server's own, not lws's, so that those of --listen and those a supervisor hands down
 * take one path: options, limits and the handshake's time are the same for both.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "base/error.h"
#include "connection.h"
#include "ground.h"

#define LISTENING_MAX 16

struct listening {
    struct listeners *all;
    uv_poll_t poll;
    int fd;
    bool paused;      /* out of descriptors: accept() would fail again at once */
    uint64_t told_at; /* when the log was told so, ms of ground_now(); 0: never */
};

struct listeners {
    struct server_ground *ground;
    struct connections *connections; /* that take what is accepted */
    struct listening items[LISTENING_MAX];
    size_t count;
    char addresses[512]; /* "127.0.0.1:8121, [::1]:8121" */
};

bool listener_open(struct listeners *listeners, const char *address, struct failure *failure);
/* A socket that listens already. */
bool listener_take(struct listeners *listeners, int fd, struct failure *failure);
/* Whether nobody but programs of this machine can connect, by what the kernel says. */
bool listeners_are_loopback_only(const struct listeners *listeners);
void listeners_resume(struct listeners *listeners);
void listeners_close_all(struct listeners *listeners);

#endif
