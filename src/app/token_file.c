#include "app/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_LEAST 16

static bool refuse(struct failure *failure, const char *path, const char *why)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "The token file %.80s %s", path, why);
    return false;
}

static bool check_file(int fd, const char *path, struct failure *failure)
{
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return refuse(failure, path, "is no file.");
    if (info.st_mode & S_IRWXO) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "The token file %.80s is open to everyone on this machine: chmod 600 %.80s",
                    path, path);
        return false;
    }
    return true;
}

/* Without what ends the line; false: no token. */
static bool check_token(char *text, size_t len)
{
    while (len && strchr("\r\n \t", text[len - 1]))
        len--;
    text[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f)
            return false;
    }
    return len >= TOKEN_LEAST && len <= SERVER_TOKEN_MAX;
}

static bool take(int fd, const char *path, char token[SERVER_TOKEN_MAX + 1],
                 struct failure *failure)
{
    char text[SERVER_TOKEN_MAX + 8] = "";

    if (!check_file(fd, path, failure))
        return false;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    if (len < 0)
        return refuse(failure, path, "can't be read.");
    if (!check_token(text, (size_t)len))
        return refuse(failure, path,
                      "must hold one line of 16 to 256 visible ASCII characters; make one with "
                      "`openssl rand -hex 32`.");
    memcpy(token, text, strlen(text) + 1);
    return true;
}

bool token_file_read(const char *path, char token[SERVER_TOKEN_MAX + 1], struct failure *failure)
{
    /* Not to wait for a writer, should it be a pipe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "The token file %.80s can't be read: %s; make one with "
                    "`(umask 077; openssl rand -hex 32 > FILE)`.",
                    path, strerror(errno));
        return false;
    }
    bool taken = take(fd, path, token, failure);
    close(fd);
    return taken;
}
