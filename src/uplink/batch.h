/*
 * A segment's lines cut into batches of a second. Pure.
 *
 * Where a batch ends is told by the lines alone: before the first whose time is in a later second,
 * or that would make it longer than BATCH_BYTES_MAX. So a batch that is sent again, even by another
 * run, is the same to the byte, and all batches of a segment one after the other are the segment.
 */
#ifndef UPLINK_BATCH_H
#define UPLINK_BATCH_H

#include "spool/segment.h"

#define BATCH_BYTES_MAX ((size_t)256 * 1024)

struct batch {
    uint64_t first, last; /* records, both included; of none first is last + 1 */
    struct buffer text;
};

/* Whether it is a segment's first: then it begins with that one's head, which is no record. */
bool batch_has_head(const struct batch *batch);

struct batcher {
    struct segment_place place;
    int64_t second; /* of the batch; −1: no line of it has told */
    struct batch batch;
};

/* A new segment begins. */
void batcher_begin(struct batcher *batcher);
void batcher_finish(struct batcher *batcher);

/* Whether the batch is whole without this line (with its newline): then it is to be taken. */
bool batcher_is_whole_before(const struct batcher *batcher, const char *line, size_t len);
void batcher_add(struct batcher *batcher, const char *line, size_t len);

/* Hands the batch over: its text is the caller's. False: it holds no record. */
bool batcher_take(struct batcher *batcher, struct batch *batch);

#endif
