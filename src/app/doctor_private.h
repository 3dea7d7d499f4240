/* What the doctor's parts share. */
#ifndef DOCTOR_PRIVATE_H
#define DOCTOR_PRIVATE_H

#include "app/doctor.h"

/* One line of the report. `wrong` counts, and comes with a second line: the command that mends it.
 */
void doctor_ok(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_wrong(const char *what, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the options are those of the service: then its user, its sockets and its directories are
 * meant, else those of who asks. */
bool doctor_is_service(const struct options *options);

/* doctor_service.c: what systemd tells of our units. */
struct service {
    bool known;            /* systemd was asked and has the units; else the rest is empty */
    char socket[24];       /* ActiveState, "active" … */
    char daemon[24];       /* of linkbandd.service */
    char listens[512];     /* "127.0.0.1:8121 [::1]:8121" */
    char protect_home[16]; /* ProtectHome= */
    char writable[4096];   /* ReadWritePaths= and BindPaths=, one a line */
};
void service_ask(struct service *service);
/* Whether the unit lets the daemon write there. */
bool service_may_write(const struct service *service, const char *path);

/* doctor_ports.c: where it is to listen. */
void doctor_look_at_ports(const struct options *options);

/* doctor_places.c: where recordings go, and what room there is. */
void doctor_look_at_recordings(const struct options *options);

/* The bus, bluetoothd, the adapter, and the right to use them. */
void doctor_look_at_bluetooth(const struct options *options);

#endif
