/*
 * Who may come in: the rules for Host, Origin and Sec-Fetch-Site. Pure functions of the headers.
 *
 * Host guards against DNS rebinding (a hostile name that resolves to this machine), Origin against
 * a hostile page that opens a WebSocket of its own.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "server/server.h"

struct access_rules {
    const char *const *allow_host;
    size_t allow_host_count;
    const char *const *allow_origin;
    size_t allow_origin_count;
    const char *const *deny_origin;
    size_t deny_origin_count;
};

/* Of one request; a NULL header was absent. */
struct access_request {
    const char *host;
    const char *origin;
    const char *fetch_site, *fetch_mode, *fetch_dest;
    const char *purpose;       /* Sec-Purpose: `prefetch` is no visitor's click */
    const char *local_address; /* literal, without port or brackets, as getsockname tells it */
    bool websocket;
    bool page; /* the page itself, which a link on any site may open in a window of its own */
};

enum access_verdict {
    ACCESS_OK,
    ACCESS_RESTRICTED, /* Origin is `null` and no option says anything of it */
    ACCESS_BAD_HOST,
    ACCESS_BAD_ORIGIN,
    ACCESS_FOREIGN_LINK, /* a link, form or frame of another site */
    ACCESS_CROSS_SITE
};

enum access_verdict access_judge(const struct access_rules *rules,
                                 const struct access_request *request);

/* Whether Origin is that of the daemon's own page, by the Host asked for. */
bool access_is_own_page(const char *origin, const char *host);

/* An origin whose pages come from another host, without TLS. */
bool access_is_remote_http(const char *origin);

/* What to do about a refusal, naming the option; "" for the others. */
const char *access_advice(enum access_verdict verdict);

#endif
