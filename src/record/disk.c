#include "record/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Else a recording ends at 2 GiB, and the next start can't even read it. */
_Static_assert(sizeof(off_t) == 8, "files of 64 bits: build with _FILE_OFFSET_BITS=64");
_Static_assert(sizeof(time_t) == 8, "times beyond 2038: build with _TIME_BITS=64, glibc 2.34");

#define NAME_SIZE 64

bool disk_sync_folder(int dir)
{
    return fsync(dir) == 0 || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS;
}

/* The name is taken by an empty file first: over that one a rename may go. */
static bool rename_over_own(int dir, const char *from, const char *to)
{
    int fd = openat(dir, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);

    if (fd < 0)
        return false;
    close(fd);
    return renameat(dir, from, dir, to) == 0;
}

/* NFS and most of FUSE know no careful rename, but links; what lies behind a desktop's mounts knows
 * neither. */
bool disk_rename_new(int dir, const char *from, const char *to)
{
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL)
        return false;
    if (linkat(dir, from, dir, to, 0) == 0) {
        unlinkat(dir, from, 0); /* what stays is taken away before the next one is made */
        return true;
    }
    return errno != EEXIST && rename_over_own(dir, from, to);
}

static const char *part_of(const char *name, char part[NAME_SIZE])
{
    snprintf(part, NAME_SIZE, "%s.part", name);
    return part;
}

int disk_begin_part(int dir, const char *name)
{
    char part[NAME_SIZE];

    unlinkat(dir, part_of(name, part), 0);
    return openat(dir, part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
}

bool disk_keep_part(int dir, const char *name, int fd)
{
    char part[NAME_SIZE];

    return fsync(fd) == 0 && disk_rename_new(dir, part_of(name, part), name) &&
           disk_sync_folder(dir);
}

bool disk_replace_by_part(int dir, const char *name, int fd)
{
    char part[NAME_SIZE];

    return fsync(fd) == 0 && renameat(dir, part_of(name, part), dir, name) == 0 &&
           disk_sync_folder(dir);
}

void disk_drop_part(int dir, const char *name)
{
    char part[NAME_SIZE];

    unlinkat(dir, part_of(name, part), 0);
}
