/* What the routes of HTTP look at: borrowed; a part that is not there, or not any more, is NULL. */
#ifndef APP_OBSERVED_H
#define APP_OBSERVED_H

#include "manager/manager.h"
#include "protocol/protocol.h"
#include "record/recorder.h"
#include "server/server.h"
#include "spool/spool.h"

/* Of the recordings so many lists and files are asked for at once over HTTP, and so many more wait
 * their turn; beyond that it is 503. The rest of RECORDER_ASIDE_MAX is for the clients' commands.
 */
#define DOWNLOADS_AT_ONCE     4
#define DOWNLOADS_WAITING_MAX 64

struct download;

struct observed {
    struct protocol *const *protocol;
    struct server *const *server;
    struct manager *const *manager;
    struct recorder *const *recorder;
    struct spool *const *spool;
    /* downloads.c's own: zeros at the start */
    struct download *downloads; /* that wait, the oldest first */
    unsigned downloads_under_way;
};

/* Routes of HTTP; `user` is a struct observed. */

/* Figures for Prometheus, in its text format 0.0.4. */
void metrics_answer(void *user, const struct http_request *request, struct http_response *response);

/* One JSON object: 200 where all is well, 503 where something needs a person, with what. */
void health_answer(void *user, const struct http_request *request, struct http_response *response);

/* The list of recordings (?limit, ?before); one of their files, or all of one as a zip. The disk is
 * touched in libuv's pool only. Pages with the opaque origin `null` get neither. */
void downloads_list(void *user, const struct http_request *request, struct http_response *response);
void downloads_file(void *user, const struct http_request *request, struct http_response *response);

#endif
