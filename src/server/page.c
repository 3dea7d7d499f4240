#include "page.h"

#include <stdio.h>
#include <string.h>

#include "token.h"

/* A browser sends the token with the page's address only: its links pass it on. */
static void pass_token_on(const char *token, struct http_response *response)
{
    response->owned = token_into_page(token, (const unsigned char *)response->body, response->len,
                                      &response->len);
    response->body = response->owned;
    if (!response->owned)
        response->status = 500;
}

static bool accepts(const struct request_head *request, const char *encoding)
{
    return request->accept_encoding && request_has_token(request->accept_encoding, encoding);
}

/* The smallest form that the browser reads. */
static const struct page_bytes *choose(const struct page_file *file,
                                       const struct request_head *request,
                                       struct http_response *response)
{
    if (file->brotli.bytes && accepts(request, "br")) {
        response->encoding = "br";
        return &file->brotli;
    }
    if (file->gzip.bytes && accepts(request, "gzip")) {
        response->encoding = "gzip";
        return &file->gzip;
    }
    return &file->plain;
}

static void answer_file(const struct page_file *file, const struct request_head *request,
                        struct http_response *response)
{
    const struct page_bytes *form = choose(file, request, response);

    response->body = (const char *)form->bytes;
    response->len = form->len;
    snprintf(response->tag, sizeof(response->tag), "\"%.32s%s%s\"", file->hash,
             response->encoding ? "-" : "", response->encoding ? response->encoding : "");
    if (request->if_none_match && strstr(request->if_none_match, response->tag)) {
        response->status = 304;
        response->len = 0;
    }
}

bool page_answer(const char *token, const struct request_head *request,
                 struct http_response *response)
{
    for (size_t i = 0; i < page_file_count; i++) {
        const struct page_file *file = &page_files[i];
        if (strcmp(request->path, file->path) != 0)
            continue;
        response->status = 200;
        response->content_type = file->content_type;
        if (!token) {
            answer_file(file, request, response);
            return true;
        }
        /* Its address holds the token: nothing keeps it. */
        response->body = (const char *)file->plain.bytes;
        response->len = file->plain.len;
        if (i == 0)
            pass_token_on(token, response);
        return true;
    }
    return false;
}
