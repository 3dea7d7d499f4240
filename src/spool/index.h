/*
 * Which segments the spool's folder holds, and which of them go when there are too many. Pure.
 *
 * Policy: a segment goes once it is older than the age, if all who read the spool have had it
 * (their cursors are beyond it). Where all are more than their size, or the disk is nearly full,
 * the oldest that were had go first, and then the oldest that were not: those are counted as lost.
 * The one that is being written stays, always.
 */
#ifndef SPOOL_INDEX_H
#define SPOOL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/usage.h"

#define SPOOL_NAME_SIZE 32

struct spool_segment {
    uint64_t first; /* number of its first record */
    uint64_t bytes;
    int64_t utc_s; /* of its last write */
};

struct spool_shelf {
    char name[SPOOL_NAME_SIZE];  /* the band's */
    struct spool_segment *items; /* the oldest first */
    size_t count, room;
    uint64_t end;  /* the number after the last one on the disk; 0: not known */
    uint64_t had;  /* all who read have had the records before this one */
    uint64_t most; /* one of them has had those before this one */
    uint64_t next; /* of the cursor that is being read */
};

struct spool_index {
    struct spool_shelf *shelves;
    size_t count, room;
    uint64_t bytes;
    bool is_read; /* somebody reads: there is a cursor */
    /* One of them can't be read; at the look before, too. */
    bool is_unreadable, was_unreadable;
    struct spool_reader readers[SPOOL_READERS_MAX]; /* by name */
    size_t reader_count;
};

void spool_index_finish(struct spool_index *index);
/* The band's shelf, made where there is none. NULL: no memory. Valid until the next call. */
struct spool_shelf *spool_index_shelf(struct spool_index *index, const char *name);
/* So much was written to the segment; it is added where it is not there. False: no memory. */
bool spool_index_wrote(struct spool_index *index, struct spool_shelf *shelf, uint64_t first,
                       uint64_t bytes, int64_t utc_s);

struct spool_victim {
    struct spool_shelf *shelf;
    uint64_t first;
    bool unread;
};

/* What goes for its age; false: nothing. Times as utc_s. */
bool spool_index_too_old(struct spool_index *index, int64_t before_s, struct spool_victim *victim);
/* What goes to make room; false: only what is being written is left. */
bool spool_index_oldest(struct spool_index *index, struct spool_victim *victim);
/* It is gone. */
void spool_index_drop(struct spool_index *index, struct spool_shelf *shelf);

/* Adds what a reader has still to have of a band, of which it had all before record `had`. */
void spool_index_add_unread(const struct spool_shelf *shelf, uint64_t had,
                            struct spool_unread *unread);
/* Of all that somebody has still to read. */
struct spool_unread spool_index_unread(const struct spool_index *index);
/* One more reader; of those beyond SPOOL_READERS_MAX the last by name go. */
void spool_index_add_reader(struct spool_index *index, const struct spool_reader *reader);

#endif
