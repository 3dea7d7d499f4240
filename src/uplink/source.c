#include "source.h"

#include <stdio.h>

#include "lead.h"
#include "teller.h"

#define PATH_SIZE 4096
#define LEG_NONE  UINT64_MAX
#define COMPUTED  (PUBLISH_BIT(PUBLISH_SAMPLES) | PUBLISH_BIT(PUBLISH_PROCESSED))

static void put_folder(const struct source *source, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/bands/%s", source->spool, source->name);
}

bool source_open(struct source *source, const char *spool, const char *name, uint64_t from,
                 unsigned kinds, int mains_hz)
{
    const bool computed = kinds & COMPUTED;
    char path[PATH_SIZE];

    *source = (struct source){
        .spool = spool, .name = name, .kinds = kinds, .from = from, .leg = LEG_NONE};
    put_folder(source, path);
    source->reader = reader_open(path, from);
    if (computed)
        source->teller = teller_create(name, kinds, mains_hz);
    if (source->reader && (source->teller || !computed))
        return true;
    source_close(source);
    return false;
}

void source_close(struct source *source)
{
    reader_close(source->reader);
    teller_destroy(source->teller);
}

/* What is computed of this batch has to begin where its leg does: the batch comes again. */
static bool begins_leg(struct source *source, const struct batch *batch)
{
    char path[PATH_SIZE];

    if (source->leg != LEG_NONE &&
        (!batch_has_head(batch) || lead_leg(batch->first) == source->leg))
        return false;
    put_folder(source, path);
    const struct lead lead = lead_find(path, batch->first);
    source->leg = lead.leg;
    source->from = batch->first;
    source->written_s = reader_written_s(source->reader);
    reader_seek(source->reader, lead.begin);
    teller_begin(source->teller);
    return true;
}

enum source_pulled source_pull(struct source *source, struct batch *batch, struct status *status)
{
    if (!reader_pull(source->reader, batch))
        return SOURCE_NOTHING;
    bool heard = batch->last >= source->from;
    if (heard && source->teller && begins_leg(source, batch))
        heard = false;
    else if (source->teller)
        teller_take(source->teller, batch, heard);
    if (!heard) {
        buffer_finish(&batch->text);
        return SOURCE_LEAD;
    }
    status_take(status, batch);
    if (source->teller)
        status_hear(status, teller_vitals(source->teller));
    return SOURCE_BATCH;
}

void source_texts(const struct source *source, const struct batch *batch,
                  const struct buffer *texts[PUBLISH_COUNT])
{
    for (enum publication kind = 0; kind < PUBLISH_COUNT; kind++) {
        const bool computed = COMPUTED & PUBLISH_BIT(kind);
        texts[kind] = NULL;
        if (source->kinds & PUBLISH_BIT(kind))
            texts[kind] = computed ? teller_told(source->teller, kind) : &batch->text;
    }
}

uint64_t source_next(const struct source *source)
{
    const uint64_t read = reader_next(source->reader);

    return read > source->from ? read : source->from;
}

int64_t source_written_s(const struct source *source)
{
    /* A lead was written long ago, but it is not how the band is. */
    return reader_next(source->reader) > source->from ? reader_written_s(source->reader)
                                                      : source->written_s;
}
