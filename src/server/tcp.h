/* What the kernel knows of a peer that neither we nor lws are told. */
#ifndef TCP_H
#define TCP_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_look {
    uint64_t received; /* bytes that came, read by us or not, since the connection began */
    uint64_t taken;    /* bytes that the peer's side took, since then */
    uint32_t quiet_ms; /* since something came */
    bool ended;        /* the peer has closed, or is gone */
};

/* Zeros where the kernel doesn't tell. */
struct tcp_look tcp_look(int fd);

#endif
