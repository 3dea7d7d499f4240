#include "index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void spool_index_finish(struct spool_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        free(index->shelves[i].items);
    free(index->shelves);
    *index = (struct spool_index){0};
}

/* One more fits; false: no memory. */
static bool make_room(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 16;
    void *grown = realloc(*items, more * size);
    if (!grown)
        return false;
    *items = grown;
    *room = more;
    return true;
}

struct spool_shelf *spool_index_shelf(struct spool_index *index, const char *name)
{
    for (size_t i = 0; i < index->count; i++) {
        if (strcmp(index->shelves[i].name, name) == 0)
            return &index->shelves[i];
    }
    if (!make_room((void **)&index->shelves, index->count, &index->room, sizeof(*index->shelves)))
        return NULL;
    struct spool_shelf *shelf = &index->shelves[index->count++];
    *shelf = (struct spool_shelf){0};
    snprintf(shelf->name, sizeof(shelf->name), "%s", name);
    return shelf;
}

bool spool_index_wrote(struct spool_index *index, struct spool_shelf *shelf, uint64_t first,
                       uint64_t bytes, int64_t utc_s)
{
    if (shelf->count == 0 || shelf->items[shelf->count - 1].first != first) {
        if (!make_room((void **)&shelf->items, shelf->count, &shelf->room, sizeof(*shelf->items)))
            return false;
        shelf->items[shelf->count++] = (struct spool_segment){.first = first};
    }
    struct spool_segment *last = &shelf->items[shelf->count - 1];
    last->bytes += bytes;
    last->utc_s = utc_s;
    index->bytes += bytes;
    return true;
}

/* Of those that are not being written any more: all who read have had it. */
static bool was_had(const struct spool_index *index, const struct spool_shelf *shelf, size_t at)
{
    return !index->is_read || shelf->items[at + 1].first <= shelf->had;
}

static bool is_whole(const struct spool_shelf *shelf)
{
    return shelf->count > 1;
}

bool spool_index_too_old(struct spool_index *index, int64_t before_s, struct spool_victim *victim)
{
    for (size_t i = 0; i < index->count; i++) {
        struct spool_shelf *shelf = &index->shelves[i];
        if (is_whole(shelf) && shelf->items[0].utc_s < before_s && was_had(index, shelf, 0)) {
            *victim = (struct spool_victim){shelf, shelf->items[0].first, false};
            return true;
        }
    }
    return false;
}

static bool goes_before(const struct spool_victim *victim, const struct spool_shelf *shelf,
                        bool unread)
{
    return !victim->shelf || unread < victim->unread ||
           (unread == victim->unread && shelf->items[0].utc_s < victim->shelf->items[0].utc_s);
}

bool spool_index_oldest(struct spool_index *index, struct spool_victim *victim)
{
    *victim = (struct spool_victim){0};
    for (size_t i = 0; i < index->count; i++) {
        struct spool_shelf *shelf = &index->shelves[i];
        const bool unread = is_whole(shelf) && !was_had(index, shelf, 0);
        if (is_whole(shelf) && goes_before(victim, shelf, unread))
            *victim = (struct spool_victim){shelf, shelf->items[0].first, unread};
    }
    return victim->shelf;
}

void spool_index_drop(struct spool_index *index, struct spool_shelf *shelf)
{
    index->bytes -= shelf->items[0].bytes;
    shelf->count--;
    memmove(shelf->items, shelf->items + 1, shelf->count * sizeof(*shelf->items));
}

void spool_index_add_unread(const struct spool_shelf *shelf, uint64_t had,
                            struct spool_unread *unread)
{
    uint64_t end = shelf->end;

    for (size_t at = shelf->count; at-- > 0 && (end == 0 || end > had);) {
        const struct spool_segment *segment = &shelf->items[at];
        unread->bytes += segment->bytes;
        if (unread->oldest_s == 0 || segment->utc_s < unread->oldest_s)
            unread->oldest_s = segment->utc_s;
        end = segment->first;
    }
}

struct spool_unread spool_index_unread(const struct spool_index *index)
{
    struct spool_unread unread = {0};

    for (size_t i = 0; index->is_read && i < index->count; i++)
        spool_index_add_unread(&index->shelves[i], index->shelves[i].had, &unread);
    return unread;
}

void spool_index_add_reader(struct spool_index *index, const struct spool_reader *reader)
{
    size_t at = index->reader_count;

    while (at > 0 && strcmp(reader->name, index->readers[at - 1].name) < 0)
        at--;
    if (at == SPOOL_READERS_MAX)
        return;
    if (index->reader_count < SPOOL_READERS_MAX)
        index->reader_count++;
    memmove(&index->readers[at + 1], &index->readers[at],
            (index->reader_count - 1 - at) * sizeof(*reader));
    index->readers[at] = *reader;
}
