#include "batch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Lines whose time stands behind their name. */
static const char *const timed[] = {"#! link up ", "#! link down ", "#! stream "};

/* Whole seconds since the segment began; −1: the line tells none. */
static int64_t second_of(const char *line)
{
    if (isdigit((unsigned char)line[0]))
        return strtoll(line, NULL, 10);
    for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++) {
        const size_t len = strlen(timed[i]);
        if (strncmp(line, timed[i], len) == 0)
            return strtoll(line + len, NULL, 10);
    }
    return -1;
}

bool batch_has_head(const struct batch *batch)
{
    return batch->text.len > 1 && memcmp(batch->text.data, "# ", 2) == 0;
}

void batcher_begin(struct batcher *batcher)
{
    batcher->place = (struct segment_place){0};
    batcher->second = -1;
    batcher->batch.text.len = 0;
    batcher->batch.text.failed = false;
    batcher->batch.first = 0;
}

void batcher_finish(struct batcher *batcher)
{
    buffer_finish(&batcher->batch.text);
}

bool batcher_is_whole_before(const struct batcher *batcher, const char *line, size_t len)
{
    const int64_t second = second_of(line);

    if (!batcher->place.numbered || batcher->place.next == batcher->batch.first)
        return false;
    return (batcher->second >= 0 && second > batcher->second) ||
           batcher->batch.text.len + len > BATCH_BYTES_MAX;
}

void batcher_add(struct batcher *batcher, const char *line, size_t len)
{
    const bool numbered = batcher->place.numbered;

    if (segment_read(&batcher->place, line) && batcher->second < 0)
        batcher->second = second_of(line);
    if (!numbered && batcher->place.numbered)
        batcher->batch.first = batcher->place.next;
    buffer_add(&batcher->batch.text, line, len);
}

bool batcher_take(struct batcher *batcher, struct batch *batch)
{
    *batch = batcher->batch;
    batch->last = batcher->place.next - 1;
    batcher->batch = (struct batch){.first = batcher->place.next};
    batcher->second = -1;
    return batch->last >= batch->first;
}
