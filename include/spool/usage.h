/* How a spool stands: its size, and what those who read it have still to have. */
#ifndef SPOOL_USAGE_H
#define SPOOL_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the readers so many are told one by one, the first by name; all count in what is unread. */
#define SPOOL_READERS_MAX 8
#define SPOOL_READER_SIZE 32

/* Whole segments count: one of which a record is unread is unread. */
struct spool_unread {
    uint64_t bytes;
    int64_t oldest_s; /* Unix time of the last write to the oldest of them; 0: there are none */
};

/* By its cursor. */
struct spool_reader {
    char name[SPOOL_READER_SIZE]; /* letters, digits, - _ . */
    bool is_readable; /* else its cursor can't be read, and it counts as having nothing */
    struct spool_unread unread;
};

/* How it stood at the last look. */
struct spool_usage {
    uint64_t bytes;
    bool is_read;               /* there is a cursor: somebody reads */
    struct spool_unread unread; /* what one reader at least has still to have */
    struct spool_reader readers[SPOOL_READERS_MAX];
    size_t reader_count;
    uint64_t lost_segments; /* that went before all had read them */
    uint64_t lost_records;  /* that never came to the disk */
    const char *problem;    /* why nothing can be written now; NULL: it can */
};

/* Seconds since the oldest of it was written; 0: there is none. Of Unix time. */
static inline int64_t spool_lag(const struct spool_unread *unread, int64_t now_s)
{
    return unread->oldest_s && now_s > unread->oldest_s ? now_s - unread->oldest_s : 0;
}

#endif
