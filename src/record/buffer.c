#include "record/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void buffer_finish(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

char *buffer_reserve(struct buffer *buffer, size_t len)
{
    size_t size = buffer->size ? buffer->size : 4096;

    while (size - buffer->len < len)
        size *= 2;
    if (size != buffer->size) {
        char *data = realloc(buffer->data, size);

        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->size = size;
    }
    return buffer->data + buffer->len;
}

void buffer_add(struct buffer *buffer, const char *text, size_t len)
{
    char *room = buffer_reserve(buffer, len);

    if (!room)
        return;
    memcpy(room, text, len);
    buffer->len += len;
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len > 0)
        buffer_add(buffer, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1);
}

bool buffer_read(struct buffer *text, int fd)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0 || !buffer_reserve(text, (size_t)stat.st_size + 1))
        return false;
    while (text->len < (size_t)stat.st_size) {
        const ssize_t n = read(fd, text->data + text->len, (size_t)stat.st_size - text->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        text->len += (size_t)n;
    }
    return true;
}
