/* Preloaded: a disk whose n-th sync ($SLOW_SYNC_AT) takes $SLOW_SYNC_SECONDS. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int calls;

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

    if (++calls == atoi(getenv("SLOW_SYNC_AT")))
        sleep((unsigned)atoi(getenv("SLOW_SYNC_SECONDS")));
    return real(fd);
}
