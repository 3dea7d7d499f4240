/* Which requests are let in, and what the others hear: Host, Origin, site, token, the handshake. */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "access.h"
#include "client.h"
#include "connection.h"

struct admission {
    const struct server_config *config;
    struct clients *clients; /* who is let in to the WebSocket goes to them */
    struct access_rules rules;
    uint64_t refusal_at; /* when one was last logged */
};

/* From here on judged by the lists of this one. */
void admission_set_rules(struct admission *admission, const struct server_config *config);
/* For connections->take; `user` is the struct admission. */
void admission_take(void *user, struct connection *connection, size_t head_len);

#endif
