#include "spool/segment.h"

#include <stdlib.h>
#include <string.h>

/* A line on its way out. */
struct segment_line {
    struct buffer *out;
    struct capture_record record; /* big */
};

static void take(void *user)
{
    struct segment_line *line = user;
    char *room = buffer_reserve(line->out, CAPTURE_LINE_MAX);

    if (room)
        line->out->len += capture_format(&line->record, room);
}

void segment_begin(struct spool_part *segment, uint64_t next, const struct preamble *preamble,
                   struct buffer *out)
{
    struct segment_line line = {.out = out};

    *segment = (struct spool_part){true, preamble->origin_us, next, next};
    buffer_add(out, preamble_title, strlen(preamble_title));
    preamble_make(preamble, &line.record, take, &line);
    buffer_print(out, "#! record %llu\n", (unsigned long long)next);
}

void segment_add(struct spool_part *segment, const struct capture_record *record,
                 struct buffer *out)
{
    struct segment_line line = {out, *record};
    struct capture_record *relative = &line.record;

    relative->at_us -= segment->origin_us;
    if (relative->at_us < 0)
        relative->at_us = 0;
    relative->packet.arrival_us = relative->at_us;
    relative->anchor.boot_us -= segment->origin_us;
    take(&line);
    segment->next++;
}

void segment_add_event(struct spool_part *segment, const char *text, size_t len, struct buffer *out)
{
    if (len > SEGMENT_EVENT_MAX)
        return;
    buffer_add(out, "#! event ", 9);
    buffer_add(out, text, len);
    buffer_add(out, "\n", 1);
    segment->next++;
}

void segment_end(struct spool_part *segment, struct buffer *out)
{
    buffer_add(out, "#! end\n", 7);
    segment->open = false;
}

bool segment_is_over(const struct spool_part *segment, int64_t boot_us)
{
    return segment->open && boot_us >= segment->origin_us + SEGMENT_US;
}

bool segment_read(struct segment_place *place, const char *line)
{
    static const char number[] = "#! record ", end[] = "#! end\n";

    if (strncmp(line, number, sizeof(number) - 1) == 0) {
        place->numbered = true;
        place->next = strtoull(line + sizeof(number) - 1, NULL, 10);
        return false;
    }
    if (strncmp(line, end, sizeof(end) - 1) == 0)
        place->ended = true;
    if (!place->numbered || place->ended)
        return false;
    place->next++;
    return true;
}
