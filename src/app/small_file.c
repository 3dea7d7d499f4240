#include "app/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n = 1;

    while (len < size && n > 0) {
        n = read(fd, text + len, size - len);
        if (n < 0 && errno != EINTR)
            return -errno;
        len += n > 0 ? (size_t)n : 0;
        n = n < 0 ? 1 : n;
    }
    if (len == size)
        return -EFBIG;
    text[len] = '\0';
    return (ssize_t)len;
}

ssize_t small_file_read(const char *path, char *text, size_t size, mode_t *mode)
{
    /* Opening a pipe would wait for a writer, and a terminal would become the daemon's own. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    ssize_t result;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &info) != 0)
        result = -errno;
    else if (!S_ISREG(info.st_mode))
        result = -EINVAL;
    else
        result = read_all(fd, text, size);
    if (mode && result >= 0)
        *mode = info.st_mode;
    close(fd);
    return result;
}

const char *small_file_trouble(ssize_t result)
{
    if (result == -EINVAL)
        return "it is no regular file";
    if (result == -EFBIG)
        return "it is too long";
    return strerror((int)-result);
}
