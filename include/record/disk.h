/* What keeps a folder whole through crashes, full disks and odd file systems. Blocks. */
#ifndef RECORD_DISK_H
#define RECORD_DISK_H

#include <stdbool.h>

/* fsync of a folder: true, too, where the file system knows none for folders (CIFS, 9p, some of
 * FUSE): there the names are as safe as it makes them. False with errno set. */
bool disk_sync_folder(int dir);

/* Renames within the folder, never over what is there. False with errno set. */
bool disk_rename_new(int dir, const char *from, const char *to);

/*
 * A file made all or nothing: as `name`.part until it is whole. begin: a descriptor to read and
 * write, or −1 and errno; what an earlier crash left of it goes. keep: syncs it and gives it its
 * name, unless that is taken; false with errno set. replace: the same, in the place of what has the
 * name. drop: takes it away.
 */
int disk_begin_part(int dir, const char *name);
bool disk_keep_part(int dir, const char *name, int fd);
bool disk_replace_by_part(int dir, const char *name, int fd);
void disk_drop_part(int dir, const char *name);

#endif
