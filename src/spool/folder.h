/* The names and files of a spool's folder, as they are found there. All of it blocks. */
#ifndef SPOOL_FOLDER_H
#define SPOOL_FOLDER_H

#include "index.h"

/* Whether a file or folder may have the name that somebody else chose. */
bool spool_folder_takes(const char *name);

/* A descriptor, −1 and errno. No link is followed. */
int spool_folder_open(int parent, const char *name);
/* A segment of the band, by the number of its first record; `bands` is DIR/bands. */
int spool_folder_segment(int bands, const char *band, uint64_t first, int flags);
/* 0, or −1 and errno. */
int spool_folder_remove(int bands, const char *band, uint64_t first);

/* All segments that are there, into the index. */
void spool_folder_list(int bands, struct spool_index *index);
/* Reads the shelf's last segment for the shelf's `end`; true: it is closed, nothing will be added.
 */
bool spool_folder_find_end(int bands, struct spool_shelf *shelf);

#endif
