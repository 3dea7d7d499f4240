#include "app/token_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "app/small_file.h"

#define TOKEN_LEAST 16

static bool refuse_token(struct failure *failure, const char *path, const char *why)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "The token file %.80s %s", path, why);
    return false;
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

static bool refuse_content(struct failure *failure, const char *path)
{
    return refuse_token(failure, path,
                        "must hold one line of 16 to 256 visible ASCII characters; make one with "
                        "`openssl rand -hex 32`.");
}

static bool refuse_token_file(struct failure *failure, const char *path, ssize_t result)
{
    if (result == -EFBIG)
        return refuse_content(failure, path);
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "The token file %.80s can't be read: %s; make one with "
                "`(umask 077; openssl rand -hex 32 > FILE)`.",
                path, small_file_trouble(result));
    return false;
}

bool token_file_read(const char *path, char token[SERVER_TOKEN_MAX + 1], struct failure *failure)
{
    char text[SERVER_TOKEN_MAX + 8];
    mode_t mode;
    const ssize_t len = small_file_read(path, text, sizeof(text), &mode);

    if (len < 0)
        return refuse_token_file(failure, path, len);
    if (mode & S_IRWXO) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "The token file %.80s is open to everyone on this machine: chmod 600 %.80s",
                    path, path);
        return false;
    }
    if (!check_token(text, (size_t)len))
        return refuse_content(failure, path);
    memcpy(token, text, strlen(text) + 1);
    return true;
}
