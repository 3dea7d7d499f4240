/*
 * The head of an HTTP request, taken apart: a pure function of its bytes.
 *
 * The daemon reads it itself, before libwebsockets sees anything: lws's own HTTP side would upgrade
 * to h2c, hand CONNECT to a raw role, take any Sec-WebSocket-Version for 13 and keep slow
 * handshakes on timers that a foreign loop doesn't arm. Refused is what a strict reader may refuse
 * (RFC 9112): line folding, a repeated Host, controls in values.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* Browsers send the cookies that other programs on localhost have set, some 9 KB of them. */
#define REQUEST_HEAD_MAX 32768

/* Points into the head, which parsing has cut into strings; NULL where absent. */
struct request_head {
    const char *method, *path, *query; /* query without `?`, "" if none */
    const char *authority;             /* of an absolute target: it counts as the Host */
    const char *host, *origin, *authorization;
    const char *fetch_site, *fetch_mode, *fetch_dest, *purpose;
    const char *preflight_method, *private_network;
    const char *range, *if_range, *if_none_match, *accept_encoding;
    const char *key, *version;
    bool to_websocket;       /* Upgrade names `websocket` */
    bool connection_upgrade; /* Connection names `upgrade` */
    bool http_1_0;
};

enum request_result { REQUEST_INCOMPLETE, REQUEST_OK, REQUEST_BAD, REQUEST_TOO_LONG };

/* The bytes up to and with the empty line that ends the head; 0: not there yet. */
size_t request_head_length(const char *bytes, size_t len);

/* Takes a whole head of `len` bytes apart, writing zeros into it; false: malformed. */
bool request_parse(char *head, size_t len, struct request_head *request);

/* Whether a comma-separated header has this token, in any case. */
bool request_has_token(const char *header, const char *token);

/* The value of ?name= in the query, not decoded, copied to `value`; false if absent or too long. */
bool request_query(const struct request_head *request, const char *name, char *value, size_t size);

#endif
