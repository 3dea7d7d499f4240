#include "checksum.h"

#include <sys/types.h>

#include <fcntl.h>
#include <sha2.h>
#include <stdint.h>
#include <unistd.h>

bool checksum_file(int dir, const char *name, char hex[65])
{
    uint8_t part[16384];
    ssize_t n;
    SHA2_CTX context;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    hex[0] = '\0';
    if (fd < 0)
        return false;
    SHA256Init(&context);
    while ((n = read(fd, part, sizeof(part))) > 0)
        SHA256Update(&context, part, (size_t)n);
    close(fd);
    if (n < 0)
        return false;
    SHA256End(&context, hex);
    return true;
}
