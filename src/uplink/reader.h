/*
 * A band's folder in the spool, read as batches from a record on. Blocks on the disk for a read of
 * at most READER_BYTES at a time; it waits for nothing.
 */
#ifndef UPLINK_READER_H
#define UPLINK_READER_H

#include "batch.h"

#define READER_BYTES ((size_t)64 * 1024)

struct reader;

/* `folder` is the band's; the first batch is the one that holds record `next` or comes after it.
 * NULL: no memory. */
struct reader *reader_open(const char *folder, uint64_t next);
/* Begins anew, at another record. */
void reader_seek(struct reader *reader, uint64_t next);
void reader_close(struct reader *reader);

/* The next whole batch; its text is the caller's (buffer_finish). False: there is none now. */
bool reader_pull(struct reader *reader, struct batch *batch);

/* The first record that no batch was pulled of. */
uint64_t reader_next(const struct reader *reader);

/* When the segment that was read last was written to, Unix s; 0: none was read, or it is gone. */
int64_t reader_written_s(const struct reader *reader);

#endif
