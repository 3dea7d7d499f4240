/* What the routes of HTTP look at: borrowed; a part that is not there, or not any more, is NULL. */
#ifndef APP_OBSERVED_H
#define APP_OBSERVED_H

#include "manager/manager.h"
#include "protocol/protocol.h"
#include "record/recorder.h"
#include "server/server.h"

struct observed {
    struct protocol *const *protocol;
    struct server *const *server;
    struct manager *const *manager;
    struct recorder *const *recorder;
};

/* Routes of HTTP; `user` is a struct observed. */

/* Figures for Prometheus, in its text format 0.0.4. */
void metrics_answer(void *user, const struct http_request *request, struct http_response *response);

/* One JSON object: 200 where all is well, 503 where something needs a person, with what. */
void health_answer(void *user, const struct http_request *request, struct http_response *response);

/* The list of recordings (?limit, ?before), and one of their files. The disk is touched in libuv's
 * pool only. Pages with the opaque origin `null` get neither. */
void downloads_list(void *user, const struct http_request *request, struct http_response *response);
void downloads_file(void *user, const struct http_request *request, struct http_response *response);

#endif
