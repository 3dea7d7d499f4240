/* Preloaded: a file system that syncs files but no folders, as CIFS and 9p do. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    struct stat stat;

    if (fstat(fd, &stat) != 0 || !S_ISDIR(stat.st_mode))
        return real(fd);
    errno = EINVAL;
    return -1;
}
