/* Answers to plain HTTP: which one a request gets, and its head. */
#ifndef HTTP_H
#define HTTP_H

#include "request.h"
#include "response.h"
#include "server/server.h"

#define HTTP_HEAD_MAX 4096

void http_response_init(struct http_response *response);
void http_response_finish(struct http_response *response);

/* A short plain text that lives for ever. */
void http_say(struct http_response *response, int status, const char *sentence);

/* Chooses the answer to a request that has passed the rules. */
void http_answer(const struct server_config *config, const struct request_head *request,
                 bool restricted, uint64_t number, struct http_response *response);

/* Leaves of a file what a Range header asks for (NULL: none), if the file still is the one whose
 * tag If-Range names. */
void http_cut(struct http_response *response, const char *range, const char *if_range);

/* The answer to a CORS preflight from an allowed origin. */
void http_allow(struct http_response *response, bool private_network);

/* Writes status line and headers; returns their length. `origin` NULL: none to be echoed. */
size_t http_head(const struct http_response *response, const char *origin,
                 char head[HTTP_HEAD_MAX]);

#endif
