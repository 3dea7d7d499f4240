/* What systemd tells of linkbandd's units. Reading starts nothing, as connecting to a socket would.
 */
#ifndef DOCTOR_SERVICE_H
#define DOCTOR_SERVICE_H

#include "app/options.h"

struct service {
    bool known;            /* systemd was asked and has the units; else the rest is empty */
    char socket[24];       /* ActiveState, "active" … */
    char daemon[24];       /* of linkbandd.service */
    char listens[512];     /* "127.0.0.1:8121 [::1]:8121" */
    char protect_home[16]; /* ProtectHome= */
    char writable[4096];   /* ReadWritePaths= and BindPaths=, one a line */
};

/* Whether the options are those of the service: then its user, its sockets and its directories are
 * meant, else those of who asks. */
bool service_is_meant(const struct options *options);
void service_ask(struct service *service);
/* Whether the unit lets the daemon write there. */
bool service_may_write(const struct service *service, const char *path);

#endif
