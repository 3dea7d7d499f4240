/*
 * The rows of eeg.csv: the samples at the rate asked for, each with its flags. Muscle and blinks
 * are known only later, so rows wait for ROWS_HELD_MS of the band's time, or until their stretch
 * ends. What comes out depends on nothing but the blocks: a recording that runs, a repair and an
 * export have the same rows. Pure; memory is taken once.
 */
#ifndef RECORD_ROWS_H
#define RECORD_ROWS_H

#include "band/block.h"
#include "csv.h"

/* A blink is told half a second at most after it has ended, and lasts 1.2 s at most (dsp/eeg.h);
 * 0.2 s before its peak are flagged, too. */
#define ROWS_HELD_MS 2500.0
/* 4 s at 500 Hz. At higher rates rows go out earlier, perhaps without those two flags. */
#define ROWS_MAX 2048
/* From its peak to either side: a blink lasts 0.1 to 0.4 s (docs/dsp.md). */
#define ROWS_BLINK_MS 200.0

struct rows;

/* `emit` gets each row in order. NULL: no memory (340 kB a recording). */
struct rows *rows_create(int mains_hz, void (*emit)(void *user, const struct eeg_row *row),
                         void *user);
/* NULL is fine. */
void rows_destroy(struct rows *rows);

/* A block of SENSOR_EEG; rows at `asked` Hz, 0: the band's own. False where memory runs out: they
 * are emitted at the band's own. */
bool rows_push(struct rows *rows, const struct sample_block *block, double asked);
/* The end: what waits goes out. */
void rows_finish(struct rows *rows);

#endif
