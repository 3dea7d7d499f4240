/* Answers to plain HTTP: which one a request gets, and its head. */
#ifndef HTTP_H
#define HTTP_H

#include "room.h"

#define HTTP_HEAD_MAX 2048

struct http_response {
    int status;
    const char *content_type;
    const char *body;  /* NULL: a file, or nothing */
    char *owned;       /* what of `body` is to be freed */
    size_t len;        /* of the body or file */
    int fd;            /* -1: no file */
    char name[128];    /* of the attachment */
    const char *extra; /* header lines, each with its end */
    bool later;        /* put off */
};

void http_response_init(struct http_response *response);
void http_response_finish(struct http_response *response);

/* A short plain text that lives for ever. */
void http_say(struct http_response *response, int status, const char *sentence);

/* Chooses the answer to a request that has passed the rules. */
void http_answer(const struct server *server, const struct request *request, bool restricted,
                 uint64_t number, struct http_response *response);

/* Writes status line and headers; returns their length. `origin` NULL: none to be echoed. */
size_t http_head(const struct http_response *response, const char *origin,
                 char head[HTTP_HEAD_MAX]);

#endif
