#include "rows.h"

#include <math.h>
#include <stdlib.h>

#include "dsp/eeg.h"
#include "dsp/thinning.h"
#include "flags.h"

/* A thinned block's times are within 0.05 ms of those of its samples. */
#define SAME_MS 0.5

/* A sample at the band's own rate, by its flags. */
struct known {
    double ms;
    unsigned flags;
};

struct rows {
    void (*emit)(void *user, const struct eeg_row *row);
    void *user;
    struct thinning thinning;
    struct flagging flagging;
    struct eeg_dsp *dsp;
    double blink_until_ms; /* the last blink's flags go so far, also to samples still to come */
    double begins_ms; /* of the stretch that the block under way begins; NAN: it continues one */
    uint64_t fresh;   /* the first row of that stretch, if it is there */
    /* Two rings, by the numbers of their first and of the next to come. */
    uint64_t known_first, known_next, row_first, row_next;
    struct known known[ROWS_MAX];
    struct eeg_row rows[ROWS_MAX];
};

/* ---- out */

/* Those of the samples that a row stands for: since the row before. */
static unsigned take_known(struct rows *rows, double until_ms)
{
    unsigned flags = 0;

    while (rows->known_first < rows->known_next) {
        const struct known *known = &rows->known[rows->known_first % ROWS_MAX];
        if (known->ms > until_ms + SAME_MS)
            break;
        flags |= known->flags;
        rows->known_first++;
    }
    return flags;
}

static void put_out(struct rows *rows)
{
    struct eeg_row *row = &rows->rows[rows->row_first++ % ROWS_MAX];

    row->flags = take_known(rows, row->ms);
    rows->emit(rows->user, row);
}

static void put_out_until(struct rows *rows, double ms)
{
    while (rows->row_first < rows->row_next && rows->rows[rows->row_first % ROWS_MAX].ms < ms)
        put_out(rows);
}

/* ---- in */

static void hold_row(struct rows *rows, const struct eeg_row *row)
{
    if (rows->row_next - rows->row_first == ROWS_MAX)
        put_out(rows);
    rows->rows[rows->row_next++ % ROWS_MAX] = *row;
}

static void take_rows(void *user, const struct sample_block *block)
{
    struct rows *rows = user;

    if (block->restart && block->first_ms >= rows->begins_ms)
        rows->fresh = rows->row_next;
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct eeg_row row = {.ms = block->first_ms + (double)i * block->step_ms,
                                    .as = block->samples.as,
                                    .sample = block->samples.eeg[i],
                                    .lost = i ? 0 : block->lost};
        hold_row(rows, &row);
    }
}

static void take_known_sample(struct rows *rows, double ms, unsigned flags)
{
    if (rows->known_next - rows->known_first == ROWS_MAX) {
        put_out_until(rows, rows->known[rows->known_first % ROWS_MAX].ms + SAME_MS);
        take_known(rows, rows->known[rows->known_first % ROWS_MAX].ms);
    }
    rows->known[rows->known_next++ % ROWS_MAX] = (struct known){ms, flags};
}

static void take_row_flags(struct rows *rows, const struct sample_block *block)
{
    flagging_begin(&rows->flagging, block);
    for (size_t i = 0; i < block->samples.count; i++) {
        const double ms = block->first_ms + (double)i * block->step_ms;
        const unsigned blink = ms < rows->blink_until_ms ? FLAG_BLINK : 0;
        take_known_sample(rows, ms, blink | flagging_take(&rows->flagging, &block->samples, i));
    }
}

static void mark(struct rows *rows, double from_ms, double to_ms, enum flag flag)
{
    for (uint64_t i = rows->known_first; i < rows->known_next; i++) {
        struct known *known = &rows->known[i % ROWS_MAX];
        if (known->ms >= from_ms && known->ms < to_ms)
            known->flags |= flag;
    }
}

static void on_artefacts(void *user, const struct eeg_features *features)
{
    struct rows *rows = user;

    if (features->artefacts & ARTEFACT_MUSCLE)
        mark(rows, features->from_ms, features->end_ms, FLAG_MUSCLE);
    for (size_t i = 0; i < features->blink_count; i++) {
        const double until_ms = features->blinks[i] + ROWS_BLINK_MS;
        mark(rows, features->blinks[i] - ROWS_BLINK_MS, until_ms, FLAG_BLINK);
        rows->blink_until_ms = fmax(rows->blink_until_ms, until_ms);
    }
}

/* What waits of the stretch before; UTC may have been stepped since. */
static void end_stretch(struct rows *rows)
{
    const uint64_t end = rows->fresh == UINT64_MAX ? rows->row_next : rows->fresh;

    while (rows->row_first < end)
        put_out(rows);
    rows->known_first = rows->known_next;
    rows->blink_until_ms = -INFINITY;
}

bool rows_push(struct rows *rows, const struct sample_block *block, double asked)
{
    const struct eeg_listener listener = {.user = rows, .artefacts = on_artefacts};
    const double end_ms = block->first_ms + (double)block->samples.count * block->step_ms;

    rows->begins_ms = block->restart ? block->first_ms : NAN;
    rows->fresh = UINT64_MAX;
    const bool thinned = thinning_push(&rows->thinning, block, asked);
    if (block->restart)
        end_stretch(rows);
    take_row_flags(rows, block);
    eeg_dsp_push(rows->dsp, block, &listener);
    put_out_until(rows, end_ms - ROWS_HELD_MS);
    return thinned;
}

/* ---- making and unmaking */

struct rows *rows_create(int mains_hz, void (*emit)(void *user, const struct eeg_row *row),
                         void *user)
{
    struct rows *rows = calloc(1, sizeof(*rows));

    if (!rows)
        return NULL;
    rows->emit = emit;
    rows->user = user;
    rows->blink_until_ms = -INFINITY;
    rows->thinning = (struct thinning){.user = rows, .emit = take_rows};
    rows->dsp = eeg_dsp_create(mains_hz);
    if (rows->dsp)
        return rows;
    rows_destroy(rows);
    return NULL;
}

void rows_finish(struct rows *rows)
{
    rows->begins_ms = NAN;
    thinning_finish(&rows->thinning);
    while (rows->row_first < rows->row_next)
        put_out(rows);
}

void rows_destroy(struct rows *rows)
{
    if (!rows)
        return;
    thinning_drop(&rows->thinning);
    eeg_dsp_destroy(rows->dsp);
    free(rows);
}
