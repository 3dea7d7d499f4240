#include "queue.h"

#include <stdlib.h>

#include "record/session.h"

struct spool_block *spool_block_create(const char *band, uint64_t first)
{
    struct spool_block *block = calloc(1, sizeof(*block));

    if (!block)
        return NULL;
    session_copy_text(block->band, sizeof(block->band), band);
    block->first = first;
    return block;
}

void spool_block_pop(struct spool_block **list)
{
    struct spool_block *block = *list;

    *list = block->next;
    buffer_finish(&block->text);
    free(block);
}

/* It grew by doubling, with room for a longest line: many wait where the disk is slow. */
static void fit(struct buffer *text)
{
    char *data = text->len > 0 ? realloc(text->data, text->len) : NULL;

    if (!data)
        return;
    text->data = data;
    text->size = text->len;
}

void spool_queue_add(struct spool_queue *queue, struct spool_block *block)
{
    struct spool_block **end = queue->first ? queue->end : &queue->first;

    fit(&block->text);
    *end = block;
    queue->end = &block->next;
    queue->bytes += block->text.len;
}

struct spool_block *spool_queue_take(struct spool_queue *queue)
{
    struct spool_block *list = queue->first;

    queue->first = NULL;
    return list;
}

void spool_queue_put_back(struct spool_queue *queue, struct spool_block **list)
{
    struct spool_block **end = list;

    while (*end)
        end = &(*end)->next;
    *end = queue->first;
    if (!queue->first)
        queue->end = end;
    queue->first = *list;
    *list = NULL;
    queue->bytes = 0;
    for (const struct spool_block *block = queue->first; block; block = block->next)
        queue->bytes += block->text.len;
}

size_t spool_queue_bytes(const struct spool_queue *queue)
{
    return queue->bytes;
}

void spool_queue_finish(struct spool_queue *queue)
{
    while (queue->first)
        spool_block_pop(&queue->first);
    queue->bytes = 0;
}
