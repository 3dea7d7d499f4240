/*
 * EEG at a half or a quarter of the band's rate, anti-aliased by a linear-phase FIR (liquid-dsp).
 * Pure.
 *
 * Outputs lie on every 2nd (4th) sample of the band's own timeline, gaps counted in, at the very
 * time of that input sample: the filter's delay is taken off. An output exists where its input
 * sample exists: up to 20 ms missing are bridged for the filter only, longer gaps end and restart
 * it with the edge value held, and what is missing is `lost`, at the output's rate. The band's
 * false zeros are bridged, too (dsp/mend.h).
 */
#ifndef DSP_DECIMATOR_H
#define DSP_DECIMATOR_H

#include "band/block.h"

struct decimator;

/* What makes the rate asked for (0: the band's own) of the band's: 1 (nothing to do), 2 or 4, never
 * more: a lower rate than a quarter is not to be had. */
int decimator_factor(int rate, double asked);

/* `factor` 2 or 4; for blocks of so many channels. */
struct decimator *decimator_create(int factor, size_t channels);
void decimator_destroy(struct decimator *decimator);

/*
 * Takes a block of SENSOR_EEG at the native rate; calls `emit` with none, one or two blocks at the
 * lower rate, or some more: where a gap makes it flush what came before, and where times that one
 * step can't tell to 0.05 ms begin another. rate and rate_measured are the output's.
 */
void decimator_push(struct decimator *decimator, const struct sample_block *block,
                    void (*emit)(void *user, const struct sample_block *block), void *user);

/* The stream ends: emits what is still inside. */
void decimator_flush(struct decimator *decimator,
                     void (*emit)(void *user, const struct sample_block *block), void *user);

#endif
