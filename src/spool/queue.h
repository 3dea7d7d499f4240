/* What waits for the spool's disk: blocks of a segment's lines, in their order. One a flush, so
 * none is allocated a sample. */
#ifndef SPOOL_QUEUE_H
#define SPOOL_QUEUE_H

#include <stdint.h>

#include "record/buffer.h"

struct spool_block {
    struct spool_block *next;
    char band[32];
    uint64_t first; /* the segment's name */
    uint64_t end;   /* the number after its last record */
    struct buffer text;
};

struct spool_queue {
    struct spool_block *first, **end;
    size_t bytes;
};

/* NULL: no memory. */
struct spool_block *spool_block_create(const char *band, uint64_t first);
/* Frees the first of a list. */
void spool_block_pop(struct spool_block **list);

void spool_queue_add(struct spool_queue *queue, struct spool_block *block);
/* All of it, as a list; its bytes count until they are put back or were written. */
struct spool_block *spool_queue_take(struct spool_queue *queue);
/* What of the list taken is left goes before all else; the rest of it was written. */
void spool_queue_put_back(struct spool_queue *queue, struct spool_block **list);
size_t spool_queue_bytes(const struct spool_queue *queue);
void spool_queue_finish(struct spool_queue *queue);

#endif
