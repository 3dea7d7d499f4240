/* Bytes waiting for a file. Grows by doubling and keeps its memory: no allocation a sample. */
#ifndef RECORD_BUFFER_H
#define RECORD_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t len, size;
    bool failed; /* memory ran out: something is missing */
};

void buffer_finish(struct buffer *buffer);
/* Room for `len` more bytes at data + len; NULL when memory runs out. */
char *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_add(struct buffer *buffer, const char *text, size_t len);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds the rest of a file. False with errno set. Blocks. */
bool buffer_read(struct buffer *buffer, int fd);

#endif
