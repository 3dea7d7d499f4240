/* The page: files compiled in by embed.cmake, each as it is and as it is sent compressed. */
#ifndef PAGE_H
#define PAGE_H

#include "request.h"
#include "response.h"

struct page_bytes {
    const unsigned char *bytes; /* NULL: the machine that built it could not make this form */
    size_t len;
};

struct page_file {
    const char *path;
    const char *content_type;
    const char *hash; /* of the plain bytes, in hex */
    struct page_bytes plain, gzip, brotli;
};

/* The first is the page itself. One alone: built without the page, it says how to get it. */
extern const struct page_file page_files[];
extern const size_t page_file_count;

/* Answers a request for one of the page's files, by a status of 500 alone where memory is out;
 * false: it is for none. `token` NULL: none is set. */
bool page_answer(const char *token, const struct request_head *request,
                 struct http_response *response);

#endif
