/*
 * A band of the spool: its batches from a record on, and what is computed of each. Blocks on the
 * disk as its reader does.
 */
#ifndef UPLINK_SOURCE_H
#define UPLINK_SOURCE_H

#include "message.h"
#include "reader.h"
#include "status.h"

struct source {
    const char *spool, *name;
    unsigned kinds; /* PUBLISH_BIT */
    struct reader *reader;
    uint64_t from;         /* the first record to carry: what is read before it is but the lead */
    struct teller *teller; /* NULL: nothing is computed */
    uint64_t leg;          /* that is being computed */
    int64_t written_s;     /* for as long as its lead is read */
};

/* Of the band `name` in the folder `spool`, both borrowed, for the kinds of message wanted
 * (PUBLISH_BIT). False: not now; it is to be tried again. */
bool source_open(struct source *source, const char *spool, const char *name, uint64_t from,
                 unsigned kinds, int mains_hz);
void source_close(struct source *source);

enum source_pulled {
    SOURCE_NOTHING, /* there is nothing now */
    SOURCE_LEAD,    /* a batch that only leads to those to carry: there may be more */
    SOURCE_BATCH,   /* *batch, its text the caller's */
};

/* `status` follows what is carried, not the lead. */
enum source_pulled source_pull(struct source *source, struct batch *batch, struct status *status);

/* What messages are to be made of, for message_make(): of the batch pulled last, borrowed until the
 * next pull. */
void source_texts(const struct source *source, const struct batch *batch,
                  const struct buffer *texts[PUBLISH_COUNT]);

/* The first record that was not pulled. */
uint64_t source_next(const struct source *source);

/* As reader_written_s(), but of what is carried, not of a lead to it. */
int64_t source_written_s(const struct source *source);

#endif
