/*
 * A driver: the way to one kind of server. Narrow on purpose: whatever a server can do beside
 * keeping messages is its own business.
 *
 *     open() ──▸ up ──▸ down         `down` comes once an open(), and is the last of it
 *            └────────▸ down
 *
 * A driver calls its listener on the loop's thread alone, and never from within one of its
 * functions. It keeps nothing for later: what was sent and not acknowledged by `down` has to be
 * sent again.
 */
#ifndef UPLINK_DRIVER_H
#define UPLINK_DRIVER_H

#include <uv.h>

#include "base/error.h"
#include "window.h"

struct driver_options {
    const char *url;      /* with its scheme */
    const char *name;     /* of this gateway, for the server's lists */
    const char *client;   /* MQTT: the client's id, of this reader of this spool alone */
    const char *status;   /* MQTT: the subject whose last will is `offline` */
    const char *creds;    /* NATS: a file of JWT and NKey; NULL: none */
    const char *username; /* MQTT; NULL: none */
    const char *password; /* MQTT: borrowed */
    const char *ca;       /* a file of certificates to believe; NULL: the system's */
};

struct driver_listener {
    void *user;
    void (*up)(void *user);
    /* The server has the message; `duplicate`: it had it before. */
    void (*acked)(void *user, const char *id, bool duplicate);
    /* The server refused it, or never answered. */
    void (*refused)(void *user, const char *id, const char *why);
    void (*down)(void *user, const char *why);
};

struct driver;

struct driver_ops {
    const char *const *schemes; /* "nats", "tls" …, ended by NULL */
    /* NULL and *failure: the options can't be meant. Listener and options' texts are borrowed until
     * destroy. */
    struct driver *(*create)(uv_loop_t *loop, const struct driver_options *options,
                             const struct driver_listener *listener, struct failure *failure);
    void (*open)(struct driver *driver);
    /* False: not now; `down` comes, or it is to be tried again later. The body is borrowed. */
    bool (*publish)(struct driver *driver, const struct window_message *message);
    /* For who comes late: the server keeps the last of each subject. NULL: this kind of server
     * keeps nothing so. False: not now. */
    bool (*tell)(struct driver *driver, const char *subject, const char *text);
    /* Ends the connection, without `down`, frees itself, then calls done. */
    void (*destroy)(struct driver *driver, void (*done)(void *user), void *user);
};

/* The head of every driver's own struct. */
struct driver {
    const struct driver_ops *ops;
};

extern const struct driver_ops driver_nats, driver_mqtt;

#endif
