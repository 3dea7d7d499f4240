/* The page, compiled in: page.c is made from page/ by embed.cmake. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

struct page_file {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    size_t len;
};

#define PAGE_INDEX 0 /* the page itself */
extern const struct page_file page_files[5];

#endif
