/* Preloaded: a disk on which no sync ends while the file $STALLED_WHILE is there. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int wait_then(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);

    while (access(getenv("STALLED_WHILE"), F_OK) == 0)
        usleep(50000);
    return real(fd);
}

int fdatasync(int fd)
{
    return wait_then("fdatasync", fd);
}

int fsync(int fd)
{
    return wait_then("fsync", fd);
}
