/*
 * What a band sends as segments of a minute, each a capture that stands alone (docs/capture.md).
 * Pure: records with boot times in, text out.
 *
 * A segment begins as every capture does, then comes `#! record N`: of the lines after it the first
 * is the band's record N, the next N + 1, and so on. Numbers go on from segment to segment, and
 * none is ever given twice. It ends with `#! end`, which is no record: nothing will be added.
 */
#ifndef SPOOL_SEGMENT_H
#define SPOOL_SEGMENT_H

#include "record/buffer.h"
#include "record/preamble.h"

#define SEGMENT_US INT64_C(60000000)
/* Of an event's text: a line is at most CAPTURE_LINE_MAX. A longer one is left out. */
#define SEGMENT_EVENT_MAX (CAPTURE_LINE_MAX - 16)

struct spool_part {
    bool open;
    int64_t origin_us; /* boot time of its second 0 */
    uint64_t first, next;
};

/* `preamble` as the band is at its origin; `next` is the number of its first record. */
void segment_begin(struct spool_part *segment, uint64_t next, const struct preamble *preamble,
                   struct buffer *out);
/* PACKET, LINK_UP, LINK_DOWN, STREAM, MARKER; its times are boot times. One older than the segment
 * is given its second 0. */
void segment_add(struct spool_part *segment, const struct capture_record *record,
                 struct buffer *out);
/* One JSON object, which holds no line break: `#! event {…}`. */
void segment_add_event(struct spool_part *segment, const char *text, size_t len,
                       struct buffer *out);
void segment_end(struct spool_part *segment, struct buffer *out);
/* Its minute is over. */
bool segment_is_over(const struct spool_part *segment, int64_t boot_us);

/* Where a reader is. Zeroed before the first line. */
struct segment_place {
    bool numbered; /* the next line, if it is a record, is record `next` */
    bool ended;
    uint64_t next;
};

/* One whole line, its newline included; what is behind that is not looked at. True: it is a record,
 * of number next − 1 now. */
bool segment_read(struct segment_place *place, const char *line);

#endif
